"""The header of a DICOM file: its transfer syntax is checked before its data set is parsed."""

from typing import BinaryIO

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filereader import read_dataset
from pydicom.tag import BaseTag, Tag
from pydicom.uid import (
    HTJ2K,
    JPEG2000,
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    HTJ2KLossless,
    HTJ2KLosslessRPCL,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)

from ctseg.slices.ct_slice import SliceError

# What is read, by transfer syntax, in the words of the table of formats.
TRANSFER_SYNTAXES: dict[UID, str] = {
    ImplicitVRLittleEndian: "implicit little endian",
    ExplicitVRLittleEndian: "explicit little endian",
    ExplicitVRBigEndian: "explicit big endian",
    RLELossless: "RLE",
    JPEGBaseline8Bit: "JPEG, 8 bit",
    JPEGExtended12Bit: "JPEG, 12 bit",
    JPEGLossless: "JPEG lossless",
    JPEGLosslessSV1: "JPEG lossless, first-order prediction",
    JPEGLSLossless: "JPEG-LS lossless",
    JPEGLSNearLossless: "JPEG-LS near-lossless",
    JPEG2000Lossless: "JPEG 2000 lossless",
    JPEG2000: "JPEG 2000",
    HTJ2KLossless: "High-Throughput JPEG 2000 lossless",
    HTJ2KLosslessRPCL: "High-Throughput JPEG 2000 lossless, RPCL",
    HTJ2K: "High-Throughput JPEG 2000",
}
_KEYWORDS = (
    "SOPClassUID",
    "Modality",
    "ImageType",
    "SeriesInstanceUID",
    "InstanceNumber",
    "NumberOfFrames",
    "Rows",
    "Columns",
    "SamplesPerPixel",
    "PlanarConfiguration",
    "PhotometricInterpretation",
    "BitsAllocated",
    "BitsStored",
    "HighBit",
    "PixelRepresentation",
    "PixelPaddingValue",
    "PixelPaddingRangeLimit",
    "RescaleSlope",
    "RescaleIntercept",
    "RescaleType",
    "WindowCenter",
    "WindowWidth",
    "PixelSpacing",
    "ImagerPixelSpacing",
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "SharedFunctionalGroupsSequence",
    "PerFrameFunctionalGroupsSequence",
    "ExtendedOffsetTable",
    "ExtendedOffsetTableLengths",
    "PixelData",
)
# Names of patients, dates and the like are not among them: they are passed over, never kept.
_TAGS: list[BaseTag | int] = [Tag(keyword) for keyword in _KEYWORDS]
_PIXEL_DATA = (0x7FE00008, 0x7FE00009, 0x7FE00010)


def read_header(file: BinaryIO) -> Dataset:
    """Read what is needed of a DICOM file except its pixels.

    Raises
    ------
    SliceError
        If the file is compressed in a way that is not on the list.
    """
    return _read(file, lambda tag, _vr, _length: tag in _PIXEL_DATA)


def read_whole(file: BinaryIO) -> Dataset:
    """Read what is needed of a DICOM file, pixels still encoded; raises as `read_header`."""
    return _read(file, None)


def _read(file: BinaryIO, stop_when: object) -> Dataset:
    file.seek(128)
    if file.read(4) != b"DICM":
        file.seek(0)
    meta = read_dataset(
        file, is_implicit_VR=False, is_little_endian=True, stop_when=lambda tag, _vr, _length: tag >> 16 != 2
    )
    syntax = UID(str(meta.get("TransferSyntaxUID") or ""))
    if not syntax:
        syntax = _guess_syntax(file)
    _check_syntax(syntax)
    dataset = read_dataset(
        file,
        is_implicit_VR=syntax == ImplicitVRLittleEndian,
        is_little_endian=syntax != ExplicitVRBigEndian,
        stop_when=stop_when,  # type: ignore[arg-type]
        specific_tags=_TAGS,
    )
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = syntax
    if not dataset.get("SOPClassUID") and "MediaStorageSOPClassUID" in meta:
        dataset.SOPClassUID = meta.MediaStorageSOPClassUID
    return dataset


def _check_syntax(syntax: UID) -> None:
    if syntax == DeflatedExplicitVRLittleEndian:
        raise SliceError(
            "This DICOM file is deflated as a whole, which is not read here because such files can blow up; "
            "export it uncompressed or as JPEG 2000."
        )
    if syntax not in TRANSFER_SYNTAXES:
        name = syntax.name if syntax.name != str(syntax) else "an unknown way"
        raise SliceError(
            f"The picture in this DICOM file is compressed as {name}, which is not read "
            "here; export it uncompressed."
        )


def _guess_syntax(file: BinaryIO) -> UID:
    """Encoding of a data set whose file does not name it, from its first element."""
    position = file.tell()
    start = file.read(6)
    file.seek(position)
    if not start[4:6].isalpha() or not start[4:6].isupper():
        return ImplicitVRLittleEndian
    little = int.from_bytes(start[:2], "little") < int.from_bytes(start[:2], "big")
    return ExplicitVRLittleEndian if little else ExplicitVRBigEndian

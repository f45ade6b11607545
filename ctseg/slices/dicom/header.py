"""The header of a DICOM file: its transfer syntax is checked before its data set is parsed."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from io import BytesIO
from os import urandom
from typing import BinaryIO

from pydicom import Dataset, FileMetaDataset
from pydicom.filereader import read_dataset
from pydicom.tag import BaseTag, Tag
from pydicom.uid import UID, ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from ctseg.slices.ct_slice import SliceError
from ctseg.slices.dicom.syntaxes import check_syntax
from ctseg.slices.dicom.values import text

_KEYWORDS = (
    "SOPClassUID",
    "Modality",
    "ImageType",
    "SOPInstanceUID",
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "FrameOfReferenceUID",
    "SeriesNumber",
    "SeriesDescription",
    "ProtocolName",
    "ScanOptions",
    "ContrastBolusAgent",
    "ImageComments",
    "InstanceNumber",
    "AcquisitionNumber",
    "AcquisitionTime",
    "AcquisitionDateTime",
    "ContentTime",
    "TemporalPositionIdentifier",
    "TriggerTime",
    "NominalPercentageOfCardiacPhase",
    "EchoNumbers",
    "KVP",
    "ConvolutionKernel",
    "FilterType",
    "SliceThickness",
    "SliceLocation",
    "DimensionIndexSequence",
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
    "ModalityLUTSequence",
    "WindowCenter",
    "WindowWidth",
    "PixelSpacing",
    "ImagerPixelSpacing",
    "NominalScannedPixelSpacing",
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "SharedFunctionalGroupsSequence",
    "PerFrameFunctionalGroupsSequence",
    "ExtendedOffsetTable",
    "ExtendedOffsetTableLengths",
    "PixelData",
)
# Names of patients, dates and the like are not among them: they are passed over, or become digests at once,
# and are never kept. Times of acquisition and descriptions tell phases of contrast apart and go no further.
_TAGS: list[BaseTag | int] = [Tag(keyword) for keyword in _KEYWORDS]
# What tells patients apart, if an anonymiser gave their series one name.
_PATIENT = ("PatientID", "PatientBirthDate", "PatientName")
_PIXEL_DATA = (0x7FE00008, 0x7FE00009, 0x7FE00010)
_NO_LETTER = re.compile(r"[\W_]+")
_KEY = urandom(16)
ITEM = b"\xfe\xff\x00\xe0"
"""How each fragment of encapsulated pixels begins (PS3.5 A.4)."""
_END = b"\xfe\xff\xdd\xe0\x00\x00\x00\x00"
UNDEFINED_LENGTH = 0xFFFFFFFF


@dataclass(frozen=True)
class PixelElement:
    """What the head of the pixel data element says: length in bytes, None if encapsulated, and its type."""

    length: int | None
    vr: str


def read_header(file: BinaryIO) -> tuple[Dataset, PixelElement | None, tuple[str | None, ...]]:
    """Read what is needed of a DICOM file except its pixels.

    Returns
    -------
    header : Dataset, whose ``file_meta`` names the transfer syntax
    pixels : PixelElement, or None where the file has none
    patient : digests of the patient's number, birth date and name, None for each that the file does not tell;
        they are keyed with a number of this process alone, so that they mean nothing outside it

    Raises
    ------
    SliceError
        If the file is compressed in a way that is not on the list.
    """
    found: list[PixelElement] = []

    def at_pixels(tag: BaseTag, vr: str | None, length: int) -> bool:
        if tag in _PIXEL_DATA and tag == _PIXEL_DATA[-1]:
            found.append(PixelElement(None if length == UNDEFINED_LENGTH else length, vr or "OW"))
        return tag in _PIXEL_DATA

    header = _read(file, at_pixels, [*_TAGS, *map(Tag, _PATIENT)])
    patient = tuple(_digest(text(header, keyword) or "") for keyword in _PATIENT)
    for keyword in _PATIENT:
        header.pop(Tag(keyword), None)
    return header, found[0] if found else None, patient


def _digest(told: str) -> str | None:
    """Digest of letters and digits alone: names are written with and without signs and capitals."""
    plain = _NO_LETTER.sub(" ", told).strip().casefold()
    return blake2b(plain.encode(), key=_KEY, digest_size=8).hexdigest() if plain else None


def read_whole(file: BinaryIO) -> Dataset:
    """Read what is needed of a DICOM file, pixels still encoded; raises as `read_header`."""
    dataset = _read(file, None)
    if "PixelData" not in dataset and (closed := _closed(file)) is not None:
        dataset = _read(closed, None)
    return dataset


def _closed(file: BinaryIO) -> BinaryIO | None:
    """The file with the end that its sequence of fragments lacks (PS3.5 A.4); None if there are no pixels.

    Raises
    ------
    SliceError
        If the last fragment is not whole.
    """
    _read(file, lambda tag, _vr, _length: tag in _PIXEL_DATA)
    pixels = file.read()
    at = next((head for head in (12, 8) if pixels[head : head + 4] == ITEM), 0)
    while pixels[at : at + 4] == ITEM and at + 8 <= len(pixels):
        at += 8 + int.from_bytes(pixels[at + 4 : at + 8], "little")
    if not pixels:
        return None
    if at != len(pixels):
        raise SliceError("This DICOM file ends within its pixels; export or download it again.")
    file.seek(0)
    return BytesIO(file.read() + _END)


def read_elements(file: BinaryIO, keywords: Sequence[str]) -> Dataset:
    """Read these elements of any DICOM object, sequences whole; raises as `read_header`."""
    return _read(file, None, [Tag(keyword) for keyword in keywords])


def _read(file: BinaryIO, stop_when: object, tags: Sequence[BaseTag | int] = _TAGS) -> Dataset:
    file.seek(128)
    if file.read(4) != b"DICM":
        file.seek(0)
    meta = read_dataset(
        file, is_implicit_VR=False, is_little_endian=True, stop_when=lambda tag, _vr, _length: tag >> 16 != 2
    )
    syntax = UID(str(meta.get("TransferSyntaxUID") or "").strip())
    if not syntax:
        syntax = _guess_syntax(file)
    check_syntax(syntax)
    dataset = read_dataset(
        file,
        is_implicit_VR=syntax == ImplicitVRLittleEndian,
        is_little_endian=syntax != ExplicitVRBigEndian,
        stop_when=stop_when,  # type: ignore[arg-type]
        specific_tags=list(tags),
    )
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = syntax
    if not dataset.get("SOPClassUID") and "MediaStorageSOPClassUID" in meta:
        dataset.SOPClassUID = meta.MediaStorageSOPClassUID
    return dataset


def _guess_syntax(file: BinaryIO) -> UID:
    """Encoding of a data set whose file does not name it, from its first element."""
    position = file.tell()
    start = file.read(6)
    file.seek(position)
    if not start[4:6].isalpha() or not start[4:6].isupper():
        return ImplicitVRLittleEndian
    little = int.from_bytes(start[:2], "little") < int.from_bytes(start[:2], "big")
    return ExplicitVRLittleEndian if little else ExplicitVRBigEndian

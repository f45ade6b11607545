"""Compressed frames: which codec a stream is for, what precision it has, and its samples as they come out."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.encaps import encapsulate, generate_frames
from pydicom.pixels import get_decoder
from pydicom.pixels.utils import get_j2k_parameters
from pydicom.uid import (
    UID,
    JPEG2000TransferSyntaxes,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSTransferSyntaxes,
    JPEGTransferSyntaxes,
    RLELossless,
)

from ctseg.slices.ct_slice import SliceError
from ctseg.slices.dicom.cells import CONTRADICTION
from ctseg.slices.dicom.syntaxes import NATIVE, jpeg_frame, syntax_of_stream
from ctseg.slices.dicom.values import whole

_CLASSIC_JPEG = (JPEGBaseline8Bit, JPEGExtended12Bit, JPEGLossless, JPEGLosslessSV1)
_RLE = (RLELossless,)
_LOSSY_JPEG = (0xC0, 0xC1)
_JPEG_LS = 0xF7


def decoded_frames(
    dataset: Dataset, frames: int, wanted: Sequence[int]
) -> Iterator[tuple[NDArray[np.generic], int, bool]]:
    """Decode the frames ``wanted`` of ``frames``.

    Yields
    ------
    cells : ndarray of integers, shape (H, W), with every bit that the stream holds
    precision : bits of a sample in the stream
    lossy : whether the stream says that it was compressed with loss

    Raises
    ------
    SliceError
        If a frame is missing, or no stream that is read here.
    """
    encoded = _frames(dataset, frames)
    for index in wanted:
        if index >= len(encoded):
            raise SliceError(
                "This DICOM file is damaged: frames are missing or differ in size; export it again."
            )
        yield _decoded(encoded[index], dataset)


def _frames(dataset: Dataset, frames: int) -> list[bytes]:
    offsets = None
    if dataset.get("ExtendedOffsetTable") and dataset.get("ExtendedOffsetTableLengths"):
        offsets = (dataset.ExtendedOffsetTable, dataset.ExtendedOffsetTableLengths)
    return list(generate_frames(dataset.PixelData, number_of_frames=frames, extended_offsets=offsets))


def _decoded(stream: bytes, dataset: Dataset) -> tuple[NDArray[np.generic], int, bool]:
    allocated = whole(dataset, "BitsAllocated") or 16
    rows, columns = whole(dataset, "Rows") or 0, whole(dataset, "Columns") or 0
    syntax = dataset.file_meta.TransferSyntaxUID
    found = syntax_of_stream(stream)
    if found is None and len(stream) - rows * columns * allocated // 8 in (0, 1) and syntax not in _RLE:
        # Pixels as they are, in a wrapping made for compressed ones (PS3.5 A.4.11).
        cells = np.frombuffer(stream, f"<u{allocated // 8}", rows * columns).reshape(rows, columns)
        return cells, allocated, False
    if found is not None and (syntax in NATIVE or not _agree(syntax, found)):  # the stream knows better
        syntax = found
    if syntax in NATIVE:
        raise SliceError(CONTRADICTION)
    precision, lossy = _about(stream, syntax, allocated)
    if syntax == JPEGExtended12Bit and precision > 8:
        buffer = _gdcm_buffer(stream, rows, columns, precision)
        return np.frombuffer(buffer, "<u2").reshape(rows, columns), precision, lossy
    cells = _samples(stream, syntax, _options(stream, syntax, rows, columns, precision))
    stored = whole(dataset, "BitsStored") or precision
    if syntax in _CLASSIC_JPEG and precision < stored:
        # Such streams know no sign: fewer bits than are stored hold numbers from zero on.
        return cells.astype(np.uint16 if stored <= 16 else np.uint32), stored, lossy
    return cells, precision, lossy


def _samples(stream: bytes, syntax: UID, options: dict[str, Any]) -> NDArray[np.generic]:
    """Samples of a stream by pydicom's decoders; JPEG 2000 by OpenJPEG itself where that can.

    pydicom would take GDCM first, which decodes the same, hands it over as text and takes up to four times as
    long.
    """
    decoder, wrapped = get_decoder(syntax), encapsulate([stream])
    if syntax in JPEG2000TransferSyntaxes:
        with suppress(Exception):  # what it cannot decode the others may
            return decoder.as_array(wrapped, index=0, raw=True, decoding_plugin="pylibjpeg", **options)[0]
    return decoder.as_array(wrapped, index=0, raw=True, **options)[0]


def _agree(syntax: UID, found: UID) -> bool:
    """Whether a stream of the syntax ``found`` may be what ``syntax`` names: decoders are shared so far."""
    families = (JPEG2000TransferSyntaxes, _CLASSIC_JPEG, JPEGLSTransferSyntaxes)
    return any(syntax in family and found in family for family in families)


def _options(stream: bytes, syntax: UID, rows: int, columns: int, precision: int) -> dict[str, Any]:
    """What pydicom's decoders ask of a header, told by the stream: its cells as they are, its own sign."""
    signed = syntax in JPEG2000TransferSyntaxes and bool(get_j2k_parameters(stream).get("is_signed"))
    return {
        "rows": rows,
        "columns": columns,
        "number_of_frames": 1,
        "samples_per_pixel": 1,
        "photometric_interpretation": "MONOCHROME2",
        "bits_allocated": 8 if precision <= 8 else 16 if precision <= 16 else 32,
        "bits_stored": precision,
        "pixel_representation": int(signed),
        "pixel_keyword": "PixelData",
        "pixel_vr": "OB",
        "correct_unused_bits": False,
    }


def _about(stream: bytes, syntax: UID, allocated: int) -> tuple[int, bool]:
    """Bits of a sample in a stream, and whether it was compressed with loss."""
    if syntax in JPEG2000TransferSyntaxes:
        facts = get_j2k_parameters(stream)
        return int(facts.get("precision", allocated)), _is_irreversible(stream)
    if syntax in JPEGTransferSyntaxes or stream.startswith(b"\xff\xd8"):
        marker, precision = jpeg_frame(stream)
        if marker == _JPEG_LS:
            return precision, _nears(stream)
        return precision or allocated, marker in _LOSSY_JPEG
    return allocated, False


def _is_irreversible(stream: bytes) -> bool:
    """Whether a JPEG 2000 stream uses the 9/7 wavelet: transformation 0 at the end of COD's parameters."""
    at = stream.find(b"\xff\x52")
    return at >= 0 and at + 14 <= len(stream) and stream[at + 13] == 0


def _nears(stream: bytes) -> bool:
    """Whether a JPEG-LS stream allows errors: NEAR in the head of its scan."""
    at = stream.find(b"\xff\xda")
    components = stream[at + 4] if 0 <= at < len(stream) - 4 else 0
    place = at + 5 + 2 * components
    return bool(components) and place < len(stream) and stream[place] > 0


def _gdcm_buffer(encoded: bytes, rows: int, columns: int, bits: int) -> bytes:
    """JPEG of 12 bits straight through GDCM, which pydicom does not let it decode."""
    import gdcm  # type: ignore[import-untyped]  # a SWIG wrapper

    fragment = gdcm.Fragment()
    fragment.SetByteStringValue(encoded)
    fragments = gdcm.SequenceOfFragments.New()
    fragments.AddFragment(fragment)
    element = gdcm.DataElement(gdcm.Tag(0x7FE0, 0x0010))
    element.SetValue(fragments.__ref__())
    image = gdcm.Image()
    image.SetNumberOfDimensions(2)
    image.SetDimensions((columns, rows, 1))
    image.SetDataElement(element)
    grey = gdcm.PhotometricInterpretation(gdcm.PhotometricInterpretation.MONOCHROME2)
    image.SetPhotometricInterpretation(grey)
    image.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.JPEGExtendedProcess2_4))
    image.SetPixelFormat(gdcm.PixelFormat(1, 16, bits, bits - 1, 0))
    # GDCM hands its bytes over as text.
    return bytes(image.GetBuffer().encode("utf-8", "surrogateescape"))

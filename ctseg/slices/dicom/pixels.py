"""Stored values of DICOM frames, decoded and made HU."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.encaps import generate_frames
from pydicom.pixels import iter_pixels
from pydicom.uid import JPEGExtended12Bit

from ctseg.slices.ct_slice import SliceError
from ctseg.slices.dicom.frame import Frame

AIR_HU = -1024.0


def frame_count(dataset: Dataset) -> int:
    """NumberOfFrames, 1 where absent; damaged values are an error of their own kind."""
    return int(dataset.get("NumberOfFrames") or 1)


def bytes_a_pixel(dataset: Dataset) -> int:
    """Bytes that a stored value takes."""
    return max(1, int(dataset.get("BitsAllocated") or 16) // 8)


def stored_frames(dataset: Dataset) -> Iterator[NDArray[np.generic]]:
    """Yield the stored values of each frame, shape (H, W), before any rescaling."""
    if "PixelData" not in dataset:
        raise SliceError("This DICOM file holds no picture; choose a slice of the CT series.")
    syntax = dataset.file_meta.TransferSyntaxUID
    if syntax == JPEGExtended12Bit and int(dataset.BitsStored) > 8:
        yield from _frames_of_12_bit_jpeg(dataset)
    else:
        # Without explicit indices pydicom 3.0 fails on JPEG 2000 whose sign contradicts the header.
        yield from iter_pixels(dataset, raw=True, indices=range(frame_count(dataset)))


def to_hounsfield(stored: NDArray[np.generic], frame: Frame, dataset: Dataset) -> NDArray[np.float64]:
    """Rescale stored values; padding gets the lowest value outside it, or -1024 HU where all is padding.

    MONOCHROME1 says how to display, not what the numbers mean, so HU are not inverted for it.
    """
    rescaled = stored.astype(np.float64) * frame.slope + frame.intercept
    padding = _padding(stored, dataset)
    if padding is not None and padding.any():
        rescaled[padding] = rescaled[~padding].min() if not padding.all() else AIR_HU
    return rescaled


def _padding(stored: NDArray[np.generic], dataset: Dataset) -> NDArray[np.bool_] | None:
    value = _stored_number(dataset, "PixelPaddingValue")
    if value is None:
        return None
    limit = _stored_number(dataset, "PixelPaddingRangeLimit")
    lowest, highest = sorted((value, value if limit is None else limit))
    values: Any = stored
    return np.asarray((values >= lowest) & (values <= highest))


def _stored_number(dataset: Dataset, keyword: str) -> int | None:
    try:
        value = int(dataset.get(keyword))  # absent is a TypeError like any other
    except (TypeError, ValueError):
        return None
    # Files with a wrong or ambiguous type give a negative padding as a large positive number.
    if int(dataset.get("PixelRepresentation") or 0) == 1 and value > 32767:
        value -= 65536
    return value


def _frames_of_12_bit_jpeg(dataset: Dataset) -> Iterator[NDArray[np.generic]]:
    """JPEG of 12 bits straight through GDCM, which pydicom does not let it decode."""
    rows, columns = int(dataset.Rows), int(dataset.Columns)
    for encoded in generate_frames(dataset.PixelData, number_of_frames=frame_count(dataset)):
        buffer = _gdcm_buffer(encoded, rows, columns, int(dataset.BitsStored))
        yield np.frombuffer(buffer, "<u2").reshape(rows, columns)


def _gdcm_buffer(encoded: bytes, rows: int, columns: int, bits: int) -> bytes:
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

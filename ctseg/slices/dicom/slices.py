"""Files of a series and the frames in them, each with what places it and what tells it from its like."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import BinaryIO

from pydicom import Dataset
from pydicom.datadict import keyword_for_tag

from ctseg.slices.ct_slice import SliceError
from ctseg.slices.dicom.cells import CONTRADICTION
from ctseg.slices.dicom.elements import Elements
from ctseg.slices.dicom.frame import FrameFacts, frame_facts
from ctseg.slices.dicom.header import PixelElement, read_header
from ctseg.slices.dicom.kinds import check_is_ct, is_ct_class
from ctseg.slices.dicom.values import present, text, whole
from ctseg.slices.limits import check_stack

Opener = Callable[[], AbstractContextManager[BinaryIO]]

# Elements whose values tell sets of slices apart, by the keyword in notes; those of frames come first.
SETS = {
    "AcquisitionNumber": ("FrameAcquisitionNumber", "AcquisitionNumber"),
    "TemporalPositionIdentifier": ("TemporalPositionIndex", "TemporalPositionIdentifier"),
    "NominalPercentageOfCardiacPhase": ("NominalPercentageOfCardiacPhase",),
    "EchoNumbers": ("EchoNumbers",),
    "KVP": ("KVP",),
    "ConvolutionKernel": ("ConvolutionKernel",),
    "FilterType": ("FilterType",),
    "ImageType": ("FrameType", "ImageType"),
    "SliceThickness": ("SliceThickness",),
    "SeriesNumber": ("SeriesNumber",),
    "AcquisitionTime": ("AcquisitionTime",),
    "AcquisitionDateTime": ("AcquisitionDateTime",),
    "ContentTime": ("ContentTime",),
    "SeriesDescription": ("SeriesDescription",),
    "ProtocolName": ("ProtocolName",),
    "ScanOptions": ("ScanOptions",),
    "ContrastBolusAgent": ("ContrastBolusAgent",),
    "ImageComments": ("ImageComments",),
}
# In the order in which images of one place were taken.
_TIMES = ("TriggerTime", "AcquisitionDateTime", "AcquisitionTime", "ContentTime")
# Dimensions of an enhanced file that say where a frame lies; all others tell sets apart.
_SPATIAL = ("ImagePositionPatient", "InStackPositionNumber", "StackID", "SliceLocation")


@dataclass(frozen=True, eq=False)
class DicomImage:
    """One file of a series: how to open it again, its header, number of frames and digests of its patient."""

    opener: Opener
    header: Dataset
    frames: int
    patient: tuple[str | None, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class DicomSlice:
    """One frame.

    Attributes
    ----------
    series : what all slices of one stack share by name: series (its number where it has no name), size and
        stack
    within : names of what series are parts of: digests of the patient, the study and the frame of reference
    hounsfield : whether its rescaled numbers are HU
    sets : values of `SETS` and of the dimensions of an enhanced file, None where absent
    taken : sorts slices of one place by the time they were taken, as far as that is told
    """

    image: DicomImage
    index: int
    frame: FrameFacts
    series: tuple[object, ...]
    within: tuple[str | None, ...]
    hounsfield: bool
    sets: dict[str, float | str | None]
    taken: tuple[tuple[bool, float | str], ...]
    number: int | None
    location_mm: float | None
    in_stack: int | None


def read_image(opener: Opener) -> list[DicomSlice]:
    """Read the header of one file.

    Raises
    ------
    SliceError
        If it is no CT image, or too large.
    """
    with opener() as file:
        header, pixels, patient = read_header(file)
    check_is_ct(header)
    frames, notes = _frames(header, pixels)
    check_stack(frames, whole(header, "Rows") or 0, whole(header, "Columns") or 0, max(1, _bits(header) // 8))
    image = DicomImage(opener, header, frames, patient, notes)
    return [_slice(image, index) for index in range(frames)]


def _bits(header: Dataset) -> int:
    return whole(header, "BitsAllocated") or 16


def _frames(header: Dataset, pixels: PixelElement | None) -> tuple[int, tuple[str, ...]]:
    """Number of frames: as told, or as many as the uncompressed pixels hold."""
    declared = whole(header, "NumberOfFrames")
    if declared is None and present(header, "NumberOfFrames"):
        raise SliceError(CONTRADICTION)
    declared = declared or 1
    frame = (whole(header, "Rows") or 0) * (whole(header, "Columns") or 0) * (_bits(header) // 8)
    contradicts = _bits(header) % 8 != 0 or (whole(header, "BitsStored") or 1) > _bits(header)
    if pixels is None or pixels.length is None or frame == 0 or contradicts:
        return declared, ()
    held = pixels.length // frame
    if held <= declared or pixels.length - held * frame > 1:
        return declared, ()
    return held, (
        f"The header tells of {declared} frame{'s' * (declared > 1)} "
        f"but the pixels are {held}; all are shown.",
    )


def _slice(image: DicomImage, index: int) -> DicomSlice:
    header = image.header
    elements = Elements(header, index, image.frames)
    frame = frame_facts(elements)
    return DicomSlice(
        image=image,
        index=index,
        frame=frame,
        series=(
            text(header, "SeriesInstanceUID") or whole(header, "SeriesNumber"),
            whole(header, "Rows"),
            whole(header, "Columns"),
            elements.text("StackID"),
        ),
        within=(*image.patient, text(header, "StudyInstanceUID"), text(header, "FrameOfReferenceUID")),
        hounsfield=is_ct_class(header) and frame.says_hounsfield,
        sets=_sets(elements) | _dimensions(header, elements),
        taken=tuple(_sortable(elements, keyword) for keyword in _TIMES),
        number=_number(image, index),
        location_mm=_float(elements, "SliceLocation"),
        in_stack=_in_stack(elements),
    )


def _number(image: DicomImage, index: int) -> int | None:
    """InstanceNumber; frames of one file follow each other."""
    number = whole(image.header, "InstanceNumber")
    if image.frames == 1:
        return number
    return (number or 0) * 65536 + index


def _in_stack(elements: Elements) -> int | None:
    number = _float(elements, "InStackPositionNumber")
    return None if number is None else int(number)


def _float(elements: Elements, keyword: str) -> float | None:
    found = elements.numbers(keyword, 1)
    return None if found is None else float(found[0])


def _sets(elements: Elements) -> dict[str, float | str | None]:
    return {name: _value(elements, keywords) for name, keywords in SETS.items()}


def _value(elements: Elements, keywords: Sequence[str]) -> float | str | None:
    for keyword in keywords:
        stated = elements.text(keyword)
        if stated is not None:
            number = _float(elements, keyword) if "\\" not in stated else None
            return stated if number is None else round(number, 3)
    return None


def _sortable(elements: Elements, keyword: str) -> tuple[bool, float | str]:
    """A value that sorts beside others of its keyword: numbers as numbers, times of day as text."""
    if keyword == "TriggerTime":
        number = _float(elements, keyword)
        return number is None, 0.0 if number is None else number
    stated = elements.text(keyword)
    return stated is None, stated or ""


def _dimensions(header: Dataset, elements: Elements) -> dict[str, float | str | None]:
    """Index of a frame along each dimension of its file that is none of space (PS3.3 C.7.6.17)."""
    items = header.get("DimensionIndexSequence") or []
    values = elements.numbers("DimensionIndexValues", len(items)) if items else None
    if values is None:
        return {}
    found: dict[str, float | str | None] = {}
    for place, (item, value) in enumerate(zip(items, values.tolist(), strict=True)):
        pointer = item.get("DimensionIndexPointer")
        keyword = keyword_for_tag(pointer) if pointer is not None else ""
        if keyword not in _SPATIAL:
            found[keyword or f"dimension {place + 1}"] = value
    return found

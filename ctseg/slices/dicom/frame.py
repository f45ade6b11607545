"""What a DICOM data set says of one frame: where it lies, and how its numbers become HU."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from ctseg.slices.ct_slice import Window

# DICOM counts x to the patient's left and y to the back, NIfTI to the right and to the front.
_TO_RAS = np.array([-1.0, -1.0, 1.0])
_GROUPS = {
    "PixelSpacing": "PixelMeasuresSequence",
    "ImagePositionPatient": "PlanePositionSequence",
    "ImageOrientationPatient": "PlaneOrientationSequence",
    "RescaleSlope": "PixelValueTransformationSequence",
    "RescaleIntercept": "PixelValueTransformationSequence",
    "RescaleType": "PixelValueTransformationSequence",
    "WindowCenter": "FrameVOILUTSequence",
    "WindowWidth": "FrameVOILUTSequence",
}
# US, unspecified, is what some scanners write although their numbers are HU.
_HOUNSFIELD_TYPES = ("", "HU", "US")
_LONGEST_SPACING_MM = 1000.0


@dataclass(frozen=True)
class Frame:
    """Facts of one frame: spacing and position in mm in DICOM's own axes, rescale as the file has it."""

    slope: float
    intercept: float
    says_hounsfield: bool
    spacing_mm: tuple[float, float] | None
    position: NDArray[np.float64] | None
    orientation: NDArray[np.float64] | None
    window: Window | None

    @property
    def normal(self) -> NDArray[np.float64] | None:
        """Unit vector across the slice, in DICOM's axes."""
        return None if self.orientation is None else np.cross(self.orientation[:3], self.orientation[3:])

    @property
    def height_mm(self) -> float | None:
        """Position along the normal."""
        if self.position is None or self.normal is None:
            return None
        return float(self.position @ self.normal)

    def affine(self, distance_mm: float) -> NDArray[np.float64] | None:
        """Map voxel (row, column, 0) to RAS+ mm; ``distance_mm`` to the next slice fills the third axis."""
        if (
            self.position is None
            or self.orientation is None
            or self.normal is None
            or self.spacing_mm is None
        ):
            return None
        affine = np.eye(4)
        affine[:3, 0] = self.orientation[3:] * self.spacing_mm[0]
        affine[:3, 1] = self.orientation[:3] * self.spacing_mm[1]
        affine[:3, 2] = self.normal * distance_mm
        affine[:3, 3] = self.position
        affine[:3] *= _TO_RAS[:, np.newaxis]
        return affine


def frame_facts(dataset: Dataset, frame: int) -> Frame:
    """Facts of frame ``frame``, from its own functional groups, the shared ones, or the data set itself."""
    slope = _numbers(_look_up(dataset, frame, "RescaleSlope"), 1)
    intercept = _numbers(_look_up(dataset, frame, "RescaleIntercept"), 1)
    kind = str(_look_up(dataset, frame, "RescaleType") or "").strip().upper()
    usable = slope is not None and intercept is not None and slope[0] != 0
    return Frame(
        slope=float(slope[0]) if usable and slope is not None else 1.0,
        intercept=float(intercept[0]) if usable and intercept is not None else 0.0,
        says_hounsfield=usable and kind in _HOUNSFIELD_TYPES,
        spacing_mm=_spacing(_look_up(dataset, frame, "PixelSpacing") or dataset.get("ImagerPixelSpacing")),
        position=_numbers(_look_up(dataset, frame, "ImagePositionPatient"), 3),
        orientation=_orientation(_numbers(_look_up(dataset, frame, "ImageOrientationPatient"), 6)),
        window=_window(_look_up(dataset, frame, "WindowWidth"), _look_up(dataset, frame, "WindowCenter")),
    )


def _look_up(dataset: Dataset, frame: int, keyword: str) -> Any:
    per_frame = dataset.get("PerFrameFunctionalGroupsSequence") or []
    shared = dataset.get("SharedFunctionalGroupsSequence") or []
    for groups in (*per_frame[frame : frame + 1], *shared[:1]):
        for item in (groups.get(_GROUPS[keyword]) or [])[:1]:
            if item.get(keyword) is not None:
                return item.get(keyword)
    return dataset.get(keyword)


def _numbers(value: Any, count: int) -> NDArray[np.float64] | None:
    """The first ``count`` numbers of a value, or None where the file holds something else."""
    try:
        numbers = np.atleast_1d(np.array(value, np.float64))[:count]
    except (TypeError, ValueError):
        return None
    return numbers if numbers.shape == (count,) and np.isfinite(numbers).all() else None


def _spacing(value: Any) -> tuple[float, float] | None:
    numbers = _numbers(value, 2)
    if numbers is None or not np.all((numbers > 0) & (numbers < _LONGEST_SPACING_MM)):
        return None
    return float(numbers[0]), float(numbers[1])


def _orientation(cosines: NDArray[np.float64] | None) -> NDArray[np.float64] | None:
    if cosines is None:
        return None
    row, column = cosines[:3], cosines[3:]
    square = abs(row @ column) < 0.01 and abs(row @ row - 1) < 0.01 and abs(column @ column - 1) < 0.01
    return cosines if square else None


def _window(width: Any, level: Any) -> Window | None:
    widths, levels = _numbers(width, 1), _numbers(level, 1)
    if widths is None or levels is None or widths[0] <= 0:
        return None
    return Window(float(widths[0]), float(levels[0]))

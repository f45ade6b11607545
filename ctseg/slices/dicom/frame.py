"""What a DICOM data set says of one frame: where it lies, and how its numbers become HU."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ctseg.slices.ct_slice import Window
from ctseg.slices.dicom.elements import Elements

# DICOM counts x to the patient's left and y to the back, NIfTI to the right and to the front.
_TO_RAS = np.array([-1.0, -1.0, 1.0])
# US, unspecified, is what some scanners write although their numbers are HU.
# HU_MOD are those of virtual monoenergetic images.
_HOUNSFIELD_TYPES = ("", "HU", "US", "HU_MOD", "HOUNSFIELD", "HOUNSFIELD UNIT", "HOUNSFIELD UNITS")
# What else numbers of spectral CT can be: PS3.3 C.11.1.1.2.
_OTHER_TYPES = ("OD", "MGML", "Z_EFF", "ED", "EDW", "PCT")
_MAX_SPACING_MM = 1000.0
# Distances at the detector, or before the image was resampled: never the size of a pixel in the patient.
_OTHER_SPACINGS = ("ImagerPixelSpacing", "NominalScannedPixelSpacing")


@dataclass(frozen=True)
class FrameFacts:
    """Facts of one frame: spacing and position in mm in DICOM's own axes, rescale as the file has it.

    ``says_other`` is True where its numbers are called another quantity than HU, such as a concentration.
    ``notes`` holds one sentence for each fact that the file tells in a way that cannot be believed.
    """

    slope: float
    intercept: float
    says_hounsfield: bool
    says_other: bool
    spacing_mm: tuple[float, float] | None
    position: NDArray[np.float64] | None
    orientation: NDArray[np.float64] | None
    window: Window | None
    notes: tuple[str, ...] = ()

    @property
    def normal(self) -> NDArray[np.float64] | None:
        """Unit vector across the slice, in DICOM's axes."""
        return None if self.orientation is None else np.cross(self.orientation[:3], self.orientation[3:])

    def affine(self, step: NDArray[np.float64]) -> NDArray[np.float64] | None:
        """Map voxel (row, column, 0) to RAS+ mm; ``step``, in DICOM's axes, leads to the next slice."""
        if self.position is None or self.orientation is None or self.spacing_mm is None:
            return None
        affine = np.eye(4)
        affine[:3, 0] = self.orientation[3:] * self.spacing_mm[0]
        affine[:3, 1] = self.orientation[:3] * self.spacing_mm[1]
        affine[:3, 2] = step
        affine[:3, 3] = self.position
        affine[:3] *= _TO_RAS[:, np.newaxis]
        return affine


def frame_facts(facts: Elements) -> FrameFacts:
    """What the elements of one frame say of it."""
    slope, intercept = facts.numbers("RescaleSlope", 1), facts.numbers("RescaleIntercept", 1)
    kind = (facts.text("RescaleType") or "").upper()
    usable = slope is not None and intercept is not None and slope[0] != 0
    return FrameFacts(
        slope=float(slope[0]) if usable and slope is not None else 1.0,
        intercept=float(intercept[0]) if usable and intercept is not None else 0.0,
        says_hounsfield=usable and kind in _HOUNSFIELD_TYPES,
        says_other=kind in _OTHER_TYPES or (not usable and facts.has("ModalityLUTSequence")),
        spacing_mm=_spacing(facts),
        position=facts.numbers("ImagePositionPatient", 3),
        orientation=_orientation(facts),
        window=_window(facts),
        notes=_notes(facts, usable),
    )


def _spacing(facts: Elements) -> tuple[float, float] | None:
    found = facts.numbers("PixelSpacing", 2)
    if found is None or not np.all((found > 0) & (found < _MAX_SPACING_MM)):
        return None
    return float(found[0]), float(found[1])


def _orientation(facts: Elements) -> NDArray[np.float64] | None:
    cosines = facts.numbers("ImageOrientationPatient", 6)
    if cosines is None:
        return None
    row, column = cosines[:3], cosines[3:]
    square = abs(row @ column) < 0.01 and abs(row @ row - 1) < 0.01 and abs(column @ column - 1) < 0.01
    return cosines if square else None


def _window(facts: Elements) -> Window | None:
    widths, levels = facts.numbers("WindowWidth", 1), facts.numbers("WindowCenter", 1)
    if widths is None or levels is None or widths[0] <= 0:
        return None
    return Window(float(widths[0]), float(levels[0]))


def _notes(facts: Elements, rescales: bool) -> tuple[str, ...]:
    """One sentence for each fact that is told, but not in a way that has one meaning."""
    has = facts.has
    notes = []
    if has("PixelSpacing") and _spacing(facts) is None:
        notes.append("PixelSpacing is not two distances, so the size of the pixels is not known.")
    elif not has("PixelSpacing"):
        notes += [
            f"The size of the pixels is not known: {keyword} is no distance in the patient."
            for keyword in _OTHER_SPACINGS
            if has(keyword)
        ][:1]
    if has("ImagePositionPatient") and facts.numbers("ImagePositionPatient", 3) is None:
        notes.append("ImagePositionPatient is not three numbers, so the place of the slice is not known.")
    if has("ImageOrientationPatient") and _orientation(facts) is None:
        notes.append(
            "ImageOrientationPatient is not two perpendicular directions, so the place of the slice is not "
            "known."
        )
    if (has("RescaleSlope") or has("RescaleIntercept")) and not rescales:
        notes.append(
            "RescaleSlope and RescaleIntercept are not two numbers that lead to Hounsfield units, "
            "so they were not used."
        )
    if has("ModalityLUTSequence") and not rescales:
        notes.append("A table (ModalityLUTSequence) says what the numbers mean; it is not applied here.")
    if has("WindowWidth") and has("WindowCenter") and _window(facts) is None:
        notes.append("WindowWidth and WindowCenter are no window, so the display window is not the file's.")
    return tuple(notes)

"""Small volumes with known structures, in TotalSegmentator's layout and as pairs of files."""

from pathlib import Path

import nibabel
import numpy as np

SHAPE = (24, 20, 4)
STEP_MM = 1.5
STRUCTURES = {"liver": (2, 10, 60), "kidney_left": (11, 15, 180), "kidney_right": (16, 19, -150)}
"""First and last voxel along the first axis, and HU."""


def voxels(patient: int) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """HU and masks, (I, J, K); the last slice shows nothing."""
    image = np.full(SHAPE, -900, np.int16)
    masks = {}
    for name, (first, last, hounsfield) in STRUCTURES.items():
        masks[name] = np.zeros(SHAPE, np.uint8)
        masks[name][first:last, 4 + patient : 12, :-1] = 1
        image[masks[name] > 0] = hounsfield
    return image, masks


def save(path: Path, values: np.ndarray, shift_mm: float = 0.0) -> None:
    """Write a NIfTI file of a known place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    affine = np.diag([STEP_MM, STEP_MM, 3.0, 1.0])
    affine[0, 3] = shift_mm
    nibabel.save(nibabel.Nifti1Image(values, affine), path)


def totalsegmentator(folder: Path, patients: int = 3, meta: str = "") -> Path:
    """``s0001/ct.nii.gz`` with ``s0001/segmentations/*.nii.gz``, and ``meta.csv`` if there is any."""
    for patient in range(1, patients + 1):
        image, masks = voxels(patient)
        save(folder / f"s{patient:04d}" / "ct.nii.gz", image)
        for name, mask in masks.items():
            save(folder / f"s{patient:04d}" / "segmentations" / f"{name}.nii.gz", mask)
    if meta:
        (folder / "meta.csv").write_text(meta)
    return folder


def pairs(folder: Path, patients: int = 3) -> Path:
    """``images/a1.nii.gz`` with ``labels/a1.nii.gz``, whose values are 10, 20, 30."""
    for patient in range(1, patients + 1):
        image, masks = voxels(patient)
        values = sum(
            10 * number * mask.astype(np.uint16) for number, mask in enumerate(masks.values(), start=1)
        )
        save(folder / "images" / f"a{patient}.nii.gz", image)
        save(folder / "labels" / f"a{patient}.nii.gz", values)
    return folder

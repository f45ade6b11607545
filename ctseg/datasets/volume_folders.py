"""Folders of volumes with true structures: TotalSegmentator's published layout, and pairs of files."""

from pathlib import Path

SEGMENTATIONS = "segmentations"
"""Beside a volume of TotalSegmentator's datasets (v1, doi 10.5281/zenodo.6802614, and v2): its masks."""
_SUFFIXES = (".nii.gz", ".nii")


def masks_beside(volume: Path) -> list[str]:
    """Return the names of the masks of a volume ``ct.nii.gz``, in order; none where there are none."""
    folder = volume.parent / SEGMENTATIONS
    if volume.name not in ("ct.nii.gz", "ct.nii") or not folder.is_dir():
        return []
    return sorted(path.name for path in folder.iterdir() if path.name.endswith(_SUFFIXES))


def structure_name(mask: str) -> str:
    """Return the structure that a mask's file is named after."""
    name = Path(mask).name
    for suffix in _SUFFIXES:
        name = name.removesuffix(suffix)
    return name

"""Label maps of whole slices to learn boundaries from: phantoms, an example CT volume, atlases.

The volumes lie in the folder that ``CTSEG_DATA`` names; the phantoms are drawn from seeds.
"""

import gzip
from pathlib import Path

import cv2
import nibabel as nib
import numpy as np
from numpy.typing import NDArray

from ctseg.datasets import DatasetError
from ctseg.datasets.folders import data_folder
from ctseg.datasets.phantom import phantom_slice
from ctseg.datasets.phantom.dataset import REGIONS, VAL_FIRST_SEED
from ctseg.slices.view import radiological_view
from ctseg.training.batches import SliceSet

NEVER_SHOWN = (10, 11, 12, 13, 14, 51, 79)
"""Values of the lungs' lobes, the heart and the spinal cord in the example volume's label map."""

EXAMPLE_SLICES = 42
"""Slices of the example volume that hold none of them."""

ATLASES = {"spl_abdominal_atlas_labels.nrrd": 1, "spl_head_neck_atlas_labels.nrrd": 4}
"""Files, and every how many slices one is taken, so that the neck does not outnumber the trunk."""

_ENLARGED = 3  # the example's voxels are 3 mm wide: larger than what is to be outlined
_BLOCK, _BLOCKS = 10, 5
_MIN_LABELLED = 0.05


def phantoms(count: int) -> SliceSet:
    """Draw slices of the phantom in HU (int16) with their label maps, from seeds 0 to ``count - 1``."""
    assert count < VAL_FIRST_SEED, "the seeds above belong to validation"
    slices = [phantom_slice(seed, REGIONS[seed % len(REGIONS)]) for seed in range(count)]
    return SliceSet(
        tuple(one.hounsfield for one in slices),  # type: ignore[misc]  # HU, not yet windowed
        tuple(one.label_map for one in slices),
    )


def example_slices() -> SliceSet:
    """Return the slices of TotalSegmentator's example in HU (int16) that show no lung, heart or spinal cord.

    They are enlarged threefold: grey levels by cubic interpolation, outlines by the largest of the labels'
    interpolated shares, so that they are smooth.

    Raises
    ------
    DatasetError
        If the files are missing, or other than the 42 slices expected are left.
    """
    folder = data_folder() / "samples" / "nifti"
    hounsfield = _axial(folder / "totalsegmentator_ct.nii.gz").astype(np.float32)
    label_maps = _axial(folder / "totalsegmentator_structures.nii.gz").astype(np.uint8)
    shown = [index for index, one in enumerate(label_maps) if not np.isin(one, NEVER_SHOWN).any()]
    if len(shown) != EXAMPLE_SLICES:
        raise DatasetError(
            f"{len(shown)} slices of TotalSegmentator's example show no lung, heart or spinal cord, and not "
            f"{EXAMPLE_SLICES}; get the same example."
        )
    return SliceSet(
        tuple(_enlarged(hounsfield[index]) for index in shown),  # type: ignore[misc]  # HU as above
        tuple(enlarged_label_map(label_maps[index], _ENLARGED) for index in shown),
    )


def atlas_label_maps() -> tuple[NDArray[np.uint8], ...]:
    """Return label maps of the two atlases: without every fifth block of ten slices, and without empty ones.

    Raises
    ------
    DatasetError
        If a file is missing or no NRRD file of this kind.
    """
    kept = []
    for name, every in ATLASES.items():
        volume = _axial_nrrd(data_folder() / "atlas" / name)
        values = np.unique(volume)
        numbered = np.searchsorted(values, volume).astype(np.uint8)
        for index in range(0, len(numbered), every):
            held_out = index // _BLOCK % _BLOCKS == _BLOCKS - 1
            if not held_out and (numbered[index] > 0).mean() >= _MIN_LABELLED:
                kept.append(np.ascontiguousarray(numbered[index]))
    return tuple(kept)


def enlarged_label_map(label_map: NDArray[np.uint8], times: int) -> NDArray[np.uint8]:
    """Enlarge a label map (H, W) with smooth outlines: each pixel takes the label with the largest share."""
    size = (label_map.shape[1] * times, label_map.shape[0] * times)
    values = np.unique(label_map)
    best = np.full(size[::-1], -1.0, np.float32)
    result = np.zeros(size[::-1], np.uint8)
    for value in values:
        share = cv2.resize((label_map == value).astype(np.float32), size, interpolation=cv2.INTER_LINEAR)
        result[share > best] = value
        best = np.maximum(best, share)
    return result


def _enlarged(hounsfield: NDArray[np.float32]) -> NDArray[np.int16]:
    size = (hounsfield.shape[1] * _ENLARGED, hounsfield.shape[0] * _ENLARGED)
    larger = cv2.resize(np.ascontiguousarray(hounsfield), size, interpolation=cv2.INTER_CUBIC)
    return np.clip(np.rint(larger), -1024, 3071).astype(np.int16)


def _axial(path: Path) -> NDArray[np.generic]:
    if not path.is_file():
        raise DatasetError(f"{path.name} is missing in {path.parent}; add it.")
    image = nib.load(path)
    return _upright(np.asarray(image.dataobj), image.affine)  # type: ignore[attr-defined]


def _axial_nrrd(path: Path) -> NDArray[np.generic]:
    """Read a gzipped NRRD file of little-endian int16 in LPS as axial slices (N, H, W)."""
    if not path.is_file():
        raise DatasetError(f"{path.name} is missing in {path.parent}; add it.")
    header, _, data = path.read_bytes().partition(b"\n\n")
    lines = [line for line in header.decode("ascii", "replace").splitlines() if ": " in line]
    facts = dict(line.split(": ", 1) for line in lines if not line.startswith("#"))
    wanted = {"type": "short", "endian": "little", "encoding": "gzip", "space": "left-posterior-superior"}
    if any(facts.get(key) != value for key, value in wanted.items()):
        raise DatasetError(f"{path.name} is not a gzipped NRRD file of int16 in LPS; get the atlas again.")
    shape = tuple(map(int, facts["sizes"].split()))
    directions = [
        [float(number) for number in one.strip("()").split(",")] for one in facts["space directions"].split()
    ]
    affine = np.eye(4)
    affine[:3, :3] = np.diag([-1.0, -1.0, 1.0]) @ np.array(directions).T  # from LPS to RAS
    return _upright(np.frombuffer(gzip.decompress(data), "<i2").reshape(shape, order="F"), affine)


def _upright(voxels: NDArray[np.generic], affine: NDArray[np.float64]) -> NDArray[np.generic]:
    """Return voxels (I, J, K) as axial slices (N, H, W), as radiologists look at them."""
    first, second, third = voxels.shape
    return radiological_view((first, second, third), affine).of(voxels)

"""The same structures at the same place lie on each other in any voxel order; other places are refused."""

import itertools
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813  its own habit
import tifffile
from numpy.typing import NDArray
from PIL import Image

from ctseg.labelmaps import LabelMapError
from ctseg.labelmaps.files import read_label_map, read_placed_label_map, write_nifti, write_png16
from ctseg.slices.decode import decode
from ctseg.slices.geometry import Geometry, GeometryError, across, upright
from ctseg.slices.laying import UNKNOWN_PLACE, lay_on

LABELS = np.zeros((7, 5), np.uint8)
LABELS[1:4, 1:3], LABELS[5, 2:] = 1, 2
# Columns to the left, rows to the back, as an axial CT slice lies; 0.7 x 0.8 mm.
AXIAL = np.array([[0, -0.7, 0, 31], [-0.8, 0, 0, 12], [0, 0, 3, -40], [0, 0, 0, 1.0]])
HERE = Geometry((7, 5), AXIAL, (0.8, 0.7))


def stored_as(order: tuple[int, ...], flips: tuple[bool, ...]) -> tuple[NDArray[Any], NDArray[Any]]:
    """The label map as voxels whose axes run in another order and direction, with the affine that says so."""
    voxels = LABELS[:, :, np.newaxis].transpose(order)
    back = np.zeros((4, 4))
    back[3, 3] = 1
    for axis, source in enumerate(order):
        back[source, axis] = -1 if flips[axis] else 1
        back[source, 3] = voxels.shape[axis] - 1 if flips[axis] else 0
    flipped = voxels[tuple(slice(None, None, -1) if flip else slice(None) for flip in flips)]
    return flipped, AXIAL @ back


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_any_voxel_order_lies_on_the_slice(order: tuple[int, ...], tmp_path: Path) -> None:
    for flips in itertools.product([False, True], repeat=3):
        nibabel.save(nibabel.Nifti1Image(*stored_as(order, flips)), tmp_path / "l.nii")
        placed = read_placed_label_map(tmp_path / "l.nii", on=HERE)
        assert np.array_equal(placed.label_map, LABELS)
        assert placed.note is None


@pytest.mark.parametrize(
    ("column", "row", "change", "message"),
    [
        (3, 0, 0.35, "another grid"),  # half a pixel
        (3, 1, 2.4, "another place"),
        (3, 2, 3.0, "another place"),  # the next slice
        (1, 0, -0.2, "another grid"),  # spacing
        (1, 1, 0.3, "another grid"),  # turned
    ],
)
def test_other_places_and_grids_are_refused(column: int, row: int, change: float, message: str) -> None:
    moved = AXIAL.copy()
    moved[row, column] += change
    with pytest.raises(GeometryError, match=message):
        lay_on(LABELS, Geometry((7, 5), moved), HERE)


def test_other_sizes_are_refused() -> None:
    with pytest.raises(GeometryError, match="5 x 6 pixels and the image 5 x 7"):
        lay_on(LABELS[:6], Geometry((6, 5), AXIAL), HERE)
    with pytest.raises(GeometryError, match="7 x 5 pixels and the image 5 x 7"):
        lay_on(LABELS.T, Geometry((5, 7)), Geometry((7, 5)))


def test_of_a_volume_the_slice_at_the_place_is_taken(tmp_path: Path) -> None:
    volume = np.zeros((5, 7, 4), np.uint8)
    volume[:, :, 2] = LABELS.T
    affine = AXIAL[:, [1, 0, 2, 3]].copy()
    affine[2, 3] -= 6.0
    nibabel.save(nibabel.Nifti1Image(volume, affine), tmp_path / "v.nii.gz")
    assert np.array_equal(read_placed_label_map(tmp_path / "v.nii.gz", on=HERE).label_map, LABELS)
    below = AXIAL.copy()
    below[2, 3] -= 9.0
    with pytest.raises(LabelMapError, match="None of the slices"):
        read_placed_label_map(tmp_path / "v.nii.gz", on=Geometry((7, 5), below))
    with pytest.raises(LabelMapError, match="5 x 7 x 4 voxels"):
        read_label_map(tmp_path / "v.nii.gz")


def test_a_png_on_a_nifti_says_that_the_place_is_unknown(tmp_path: Path) -> None:
    write_png16(tmp_path / "l.png", LABELS)
    placed = read_placed_label_map(tmp_path / "l.png", on=HERE)
    assert np.array_equal(placed.label_map, LABELS)
    assert placed.note == UNKNOWN_PLACE
    assert read_placed_label_map(tmp_path / "l.png", on=Geometry((7, 5))).note is None


def test_files_without_any_orientation_belong_together_by_their_voxels(tmp_path: Path) -> None:
    ct = np.full((5, 7, 3), -1000, np.int16)
    ct[1:3, 2:6, 1] = 40
    nibabel.save(nibabel.Nifti1Image(ct, None), tmp_path / "ct.nii")
    nibabel.save(nibabel.Nifti1Image((ct[:, :, 1:2] > 0).astype(np.uint8), None), tmp_path / "truth.nii")
    ct_slice = decode([tmp_path / "ct.nii"])[1]
    assert ct_slice.affine is None
    placed = read_placed_label_map(tmp_path / "truth.nii", on=ct_slice.geometry)
    assert np.array_equal(placed.label_map, ct_slice.pixels > 0)
    assert placed.note is None
    write_nifti(tmp_path / "out.nii.gz", placed.label_map, None, ct_slice.spacing_mm, ct_slice.grid)
    out = nibabel.load(tmp_path / "out.nii.gz")
    assert (int(out.header["qform_code"]), int(out.header["sform_code"])) == (0, 0)
    assert np.array_equal(np.asarray(out.dataobj), ct[:, :, 1:2] > 0)


@pytest.mark.parametrize("thin", [0, 1, 2])
def test_one_slice_along_any_axis_is_that_image(thin: int, tmp_path: Path) -> None:
    shape = [6, 9, 8]
    shape[thin] = 1
    voxels = (np.arange(np.prod(shape)).reshape(shape) - 1000).astype(np.int16)
    nibabel.save(nibabel.Nifti1Image(voxels, np.diag([1.0, 2, 3, 1])), tmp_path / "a.nii")
    stack = decode([tmp_path / "a.nii"])
    columns, rows = (axis for axis in range(3) if axis != thin)
    assert stack.pixels.shape == (1, shape[rows], shape[columns])
    # Right or anterior at the left, superior or anterior at the top: all three run against RAS+.
    assert np.array_equal(stack.pixels[0], voxels.squeeze(thin)[::-1, ::-1].T)
    nibabel.save(
        nibabel.Nifti1Image((voxels > -980).astype(np.uint8), np.diag([1.0, 2, 3, 1])), tmp_path / "l.nii"
    )
    placed = read_placed_label_map(tmp_path / "l.nii", on=stack[0].geometry)
    assert np.array_equal(placed.label_map, stack.pixels[0] > -980)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_one_tag_means_the_same_for_slice_and_label_map(orientation: int, tmp_path: Path) -> None:
    tag = [(274, "H", 1, orientation, True)]
    exif = Image.Exif()
    exif[274] = orientation
    for name, codec in (("plain", None), ("lzw", "tiff_lzw"), ("png", None)):
        shown, labels = tmp_path / f"{name}.p", tmp_path / f"{name}.l"
        for path, samples in ((shown, LABELS * 100), (labels, LABELS)):
            if name == "plain":
                tifffile.imwrite(path, samples, extratags=tag)
            elif name == "lzw":
                Image.fromarray(samples).save(path, "TIFF", compression=codec, exif=exif)
            else:
                Image.fromarray(samples).save(path, "PNG", exif=exif)
        assert np.array_equal(decode([shown]).pixels[0], 100 * read_label_map(labels))
        assert np.array_equal(read_label_map(labels), upright(LABELS, orientation))


def test_a_slice_of_a_sheared_volume_fits_quaternion_and_matrix(tmp_path: Path) -> None:
    sheared = AXIAL.copy()
    sheared[1, 2] = 0.9
    write_nifti(tmp_path / "l.nii", LABELS, affine=sheared)
    image = nibabel.load(tmp_path / "l.nii")
    assert np.allclose(image.get_qform(), image.get_sform(), atol=1e-6)
    seen = sitk.ReadImage(str(tmp_path / "l.nii"))
    for row, column in ((0, 0), (6, 0), (0, 4), (6, 4)):
        wanted = (sheared @ [row, column, 0, 1])[:3] * [-1, -1, 1]
        assert np.allclose(seen.TransformIndexToPhysicalPoint((column, row, 0)), wanted, atol=1e-4)
    assert np.allclose(across(sheared)[:3, 2], [0, 0, 3])


@pytest.mark.parametrize(
    "facts", [{}, {"affine": [[1]], "spacing_mm": None, "grid": None}, {"spacing_mm": 3}]
)
def test_a_place_that_cannot_be_is_refused(facts: dict[str, Any]) -> None:
    with pytest.raises(GeometryError, match="cannot be"):
        Geometry.from_facts((3, 4), facts)
    nowhere = [[float("nan")] * 4] * 4
    with pytest.raises(GeometryError, match="cannot be"):
        Geometry.from_facts((3, 4), {"affine": nowhere, "spacing_mm": None, "grid": None})

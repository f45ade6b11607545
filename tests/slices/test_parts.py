"""Segmentations that were saved without the background around them are laid on their whole image."""

import itertools
from pathlib import Path

import numpy as np
import pytest
from dicom_files import stored_values, write_ct

from ctseg.labelmaps.errors import LabelMapError
from ctseg.labelmaps.files.parts import on_whole
from ctseg.labelmaps.files.reading import read_placed_label_map
from ctseg.slices.decode import decode
from ctseg.slices.geometry import FROM_LPS, Geometry

SHAPE = (30, 40)
PLACE = np.array([[0, 0.7, 0, 12.5], [0.8, 0, 0, -33.0], [0, 0, 3, 7], [0, 0, 0, 1.0]])
WHOLE = np.zeros(SHAPE, np.int32)
WHOLE[6:20, 9:31] = np.arange(14 * 22).reshape(14, 22) % 5 + 1


def turned(labels: np.ndarray, first: tuple[int, int], axes: tuple[int, ...], flips: tuple[bool, bool]):
    """Labels whose first pixel is the image's pixel ``first``, in another order, and their place."""
    to_image = np.eye(4)
    to_image[:2, 3] = first
    labels = labels.transpose(axes)
    to_image = to_image @ np.eye(4)[:, [*axes, 2, 3]]
    for axis, flip in enumerate(flips):
        if flip:
            labels = np.flip(labels, axis)
            to_image[:, 3] += to_image[:, axis] * (labels.shape[axis] - 1)
            to_image[:, axis] *= -1
    shape = (labels.shape[0], labels.shape[1])
    return labels, Geometry(shape, PLACE @ to_image)


@pytest.mark.parametrize("rows", [(6, 20), (0, 30), (-4, 22), (3, 35)])
@pytest.mark.parametrize("columns", [(9, 31), (5, 44), (-2, 33)])
@pytest.mark.parametrize("axes", [(0, 1), (1, 0)])
def test_a_part_in_any_order_is_laid_where_it_was(
    rows: tuple[int, int], columns: tuple[int, int], axes: tuple[int, int]
) -> None:
    larger = np.pad(WHOLE, 10)
    part = larger[rows[0] + 10 : rows[1] + 10, columns[0] + 10 : columns[1] + 10]
    for flips in itertools.product((False, True), repeat=2):
        labels, own = turned(part, (rows[0], columns[0]), axes, (flips[0], flips[1]))
        found, place = on_whole(labels, own, Geometry(SHAPE, PLACE))
        assert np.array_equal(found, WHOLE)
        assert place.shape == SHAPE


def test_another_grid_another_slice_and_marks_outside_are_left_to_be_refused() -> None:
    image = Geometry(SHAPE, PLACE)
    part, own = WHOLE[5:25, 5:35], Geometry((20, 30), PLACE @ _moved(5, 5, 0))
    assert np.array_equal(on_whole(part, own, image)[0], WHOLE)
    shifted = (_moved(5.5, 5, 0), _moved(5, 5, 1), _moved(-8, 5, 0), _moved(99, 5, 0))
    for place in (*shifted, np.diag([1.1, 1, 1, 1.0])):
        wrong = Geometry((20, 30), PLACE @ place)
        assert on_whole(part, wrong, image)[1] is wrong
    assert on_whole(part, own, None)[1] is own
    assert on_whole(part, Geometry((20, 30)), image)[0] is part


def _moved(rows: float, columns: float, slices: float) -> np.ndarray:
    moved = np.eye(4)
    moved[:3, 3] = rows, columns, slices
    return moved


@pytest.mark.parametrize("of_slicer", [True, False])
def test_a_cropped_seg_nrrd_is_read_and_another_cropped_nrrd_refused(tmp_path: Path, of_slicer: bool) -> None:
    """As 3D Slicer writes one with "crop to minimum extent"."""
    write_ct(tmp_path / "ct.dcm", stored_values(*SHAPE), ImagePositionPatient=[-10, -20, 30])
    image = decode([tmp_path / "ct.dcm"])[0].geometry
    assert image.affine is not None
    to_lps = FROM_LPS @ image.affine
    part = WHOLE[6:20, 9:31]
    origin = to_lps @ [6, 9, 0, 1]
    lines = [
        "NRRD0004",
        "type: int",
        "dimension: 3",
        "sizes: 22 14 1",
        "space: left-posterior-superior",
        "space directions: " + " ".join(f"({x},{y},{z})" for x, y, z in to_lps[:3, [1, 0, 2]].T),
        f"space origin: ({origin[0]},{origin[1]},{origin[2]})",
        "kinds: domain domain domain",
        "endian: little",
        "encoding: raw",
        "Segmentation_ReferenceImageExtentOffset:=9 6 0" if of_slicer else "Comment:=none",
    ]
    header = "\n".join(lines) + "\n\n"
    (tmp_path / "a.seg.nrrd").write_bytes(header.encode() + part.astype("<i4").tobytes())
    if of_slicer:
        assert np.array_equal(read_placed_label_map(tmp_path / "a.seg.nrrd", on=image).label_map, WHOLE)
    else:
        with pytest.raises(LabelMapError, match="22 x 14 pixels and the image 40 x 30"):
            read_placed_label_map(tmp_path / "a.seg.nrrd", on=image)

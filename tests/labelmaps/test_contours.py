"""Structure sets whose contours were drawn through pixels' centres, as programs make them of label maps."""

import itertools

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from ctseg.labelmaps.errors import LabelMapError
from ctseg.labelmaps.files.contours import painted
from ctseg.slices.geometry import FROM_LPS, Geometry

SHAPE = (40, 50)
COS, SIN = np.cos(0.1), np.sin(0.1)
# Voxel (row, column, slice) to patient (left, posterior, superior), in mm.
UPRIGHT = np.array(
    [[0, 0.661468, 0, -158.135803], [0.661468, 0, 0, -179.035797], [0, 0, 5, -75.7], [0, 0, 0, 1]]
)
TURNED = np.array(
    [[-SIN * 0.7, COS * 0.7, 0, -91.33], [COS * 0.7, SIN * 0.7, 0, 17.91], [0, 0, 3.3, 12.1], [0, 0, 0, 1]]
)

FAR = UPRIGHT.copy()
FAR[2, 3] += 50


def contour(points: NDArray[np.float64], patient: NDArray[np.float64], decimals: int) -> Dataset:
    """A closed contour through (row, column) points."""
    padded = np.column_stack([points, np.zeros(len(points)), np.ones(len(points))])
    item = Dataset()
    item.ContourGeometricType = "CLOSED_PLANAR"
    item.ContourData = [f"{value:.{decimals}f}" for value in (patient @ padded.T).T[:, :3].ravel()]
    return item


def structure(number: int, contours: list[Dataset]) -> Dataset:
    roi = Dataset()
    roi.ReferencedROINumber, roi.ContourSequence = number, contours
    return roi


def read(rois: list[Dataset], patient: NDArray[np.float64]) -> NDArray[np.integer]:
    dataset = Dataset()
    dataset.ROIContourSequence = rois
    return painted(dataset, Geometry(SHAPE, np.linalg.inv(FROM_LPS) @ patient))[0]


def traced(mask: NDArray[np.bool_]) -> list[NDArray[np.float64]]:
    """Contours of a mask and of its holes, as (row, column)."""
    found, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    return [each[:, 0, ::-1].astype(float) for each in found]


@pytest.mark.parametrize("decimals", [2, 5])
@pytest.mark.parametrize("patient", [UPRIGHT, TURNED], ids=["upright", "turned"])
@pytest.mark.parametrize("seed", range(6))
def test_a_traced_mask_is_read_as_it_was(seed: int, patient: NDArray[np.float64], decimals: int) -> None:
    """With holes, single pixels, lines, and what is one pixel wide."""
    rng = np.random.default_rng(seed)
    mask = cv2.GaussianBlur(rng.normal(size=SHAPE), (0, 0), 0.5 + seed / 2) > 0
    found = read([structure(3, [contour(each, patient, decimals) for each in traced(mask)])], patient)
    assert np.array_equal(found == 3, mask)


def test_a_contour_between_centres_holds_the_pixels_inside() -> None:
    corners = np.array(list(itertools.product((9.5, 19.5), (4.5, 30.5))))[[0, 1, 3, 2]]
    found = read([structure(1, [contour(corners, UPRIGHT, 5)])], UPRIGHT)
    expected = np.zeros(SHAPE, bool)
    expected[10:20, 5:31] = True
    assert np.array_equal(found == 1, expected)


def test_edges_outside_the_slice_are_passed_over() -> None:
    corners = np.array([[-1e9, -1e9], [-1e9, 1e9], [12, 1e9], [12, -1e9]], float)
    found = read([structure(1, [contour(corners, UPRIGHT, 2)])], UPRIGHT)
    assert found[:12].all()
    assert not found[13:].any()


def test_numbers_from_0_are_shifted_on_every_slice_alike_and_said() -> None:
    square = np.array([[2.5, 2.5], [2.5, 8.5], [8.5, 8.5], [8.5, 2.5]])
    rois = [structure(0, [contour(square, FAR, 5)]), structure(1, [contour(square + 10, UPRIGHT, 5)])]
    dataset = Dataset()
    dataset.ROIContourSequence = rois
    labels, _, notes = painted(dataset, Geometry(SHAPE, np.linalg.inv(FROM_LPS) @ UPRIGHT))
    assert np.unique(labels).tolist() == [0, 2]
    assert any("from 0" in note for note in notes)
    del rois[0].ReferencedROINumber, rois[0].ContourSequence
    labels, _, notes = painted(dataset, Geometry(SHAPE, np.linalg.inv(FROM_LPS) @ UPRIGHT))
    assert (np.unique(labels).tolist(), notes) == ([0, 1], ())
    rois[0] = structure(-1, [contour(square, FAR, 5)])
    dataset.ROIContourSequence = rois
    with pytest.raises(LabelMapError, match="export it again"):
        painted(dataset, Geometry(SHAPE, np.linalg.inv(FROM_LPS) @ UPRIGHT))


@pytest.mark.parametrize(
    ("second", "told"),
    [((5, 5, 15, 15), True), ((4, 4, 6, 6), False), ((20, 20, 30, 30), False), ((0, 0, 35, 40), False)],
)
def test_contours_that_cross_are_said(second: tuple[int, ...], told: bool) -> None:
    boxes = [(2, 2, 10, 10), second]
    corners = [np.array([[a, b], [a, d], [c, d], [c, b]]) + 0.5 for a, b, c, d in boxes]
    dataset = Dataset()
    dataset.ROIContourSequence = [structure(1, [contour(each, UPRIGHT, 5) for each in corners])]
    _, _, notes = painted(dataset, Geometry(SHAPE, np.linalg.inv(FROM_LPS) @ UPRIGHT))
    assert any("cross" in note for note in notes) == told

"""The phantom's slices: what they hold, what can be left out, and what they are written as."""

from pathlib import Path

import numpy as np
import pydicom
import pytest

from ctseg.datasets.phantom import ORGANS, PhantomSlice, phantom_slice, write_dicom
from ctseg.datasets.phantom.anatomy.patient import random_patient
from ctseg.datasets.phantom.scene import LEVELS
from ctseg.slices.reading import read_slice


@pytest.fixture(scope="module")
def abdomen() -> PhantomSlice:
    return phantom_slice(7, "abdomen")


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("region", ["abdomen", "thorax"])
def test_a_slice_is_whole(region: str, seed: int) -> None:
    phantom = phantom_slice(seed, region)
    assert phantom.hounsfield.shape == phantom.label_map.shape == (512, 512)
    assert phantom.hounsfield.dtype == np.int16
    assert phantom.label_map.dtype == np.uint8
    assert phantom.hounsfield.min() >= -1024
    assert phantom.hounsfield.max() <= 3071
    assert set(np.unique(phantom.label_map)) - {0} == set(phantom.names)
    assert len(set(phantom.names.values())) == len(phantom.names) >= 6
    assert 0.4 < phantom.spacing_mm[0] < 1.2
    air = phantom.hounsfield[:5, :5]
    assert (air < -900).all()


def test_the_same_seed_gives_the_same_slice_and_another_seed_another(abdomen: PhantomSlice) -> None:
    again = phantom_slice(7, "abdomen")
    np.testing.assert_array_equal(again.hounsfield, abdomen.hounsfield)
    np.testing.assert_array_equal(again.label_map, abdomen.label_map)
    assert (again.names, again.window, again.spacing_mm) == (
        abdomen.names,
        abdomen.window,
        abdomen.spacing_mm,
    )
    other = phantom_slice(10, "abdomen")
    assert (other.label_map != abdomen.label_map).mean() > 0.05


def test_organs_have_their_hounsfield_units() -> None:
    phantom = phantom_slice(9, "thorax")
    values = {name: phantom.hounsfield[phantom.label_map == value] for value, name in phantom.names.items()}
    assert np.median(values["left lung"]) < -700
    assert np.median(values["right lung"]) < -700
    assert 20 < np.median(values["heart"]) < 260
    assert -20 < np.median(values["spinal canal"]) < 80


def test_left_and_right_are_where_a_radiologist_expects_them(abdomen: PhantomSlice) -> None:
    columns = {
        name: np.nonzero(abdomen.label_map == value)[1].mean() for value, name in abdomen.names.items()
    }
    assert columns["liver"] < columns["aorta"] < columns["left kidney"]
    assert columns["right kidney"] < columns["aorta"]
    rows = {name: np.nonzero(abdomen.label_map == value)[0].mean() for value, name in abdomen.names.items()}
    assert rows["aorta"] < rows["spinal canal"]


def test_what_is_left_out_is_gone_and_the_rest_keeps_its_labels(abdomen: PhantomSlice) -> None:
    without = phantom_slice(7, "abdomen", leave_out=["liver", "kidney"])
    gone = {name for name in abdomen.names.values() if "liver" in name or "kidney" in name}
    assert {"liver", "left kidney", "right kidney"} <= gone
    assert set(without.names.values()).isdisjoint(gone)
    both = [value for value, name in abdomen.names.items() if name not in gone]
    assert all(without.names[value] == abdomen.names[value] for value in both)
    liver = abdomen.label_map == next(value for value, name in abdomen.names.items() if name == "liver")
    assert np.median(without.hounsfield[liver]) < np.median(abdomen.hounsfield[liver]) - 60
    spleen = next(value for value, name in abdomen.names.items() if name == "spleen")
    np.testing.assert_array_equal(without.label_map == spleen, abdomen.label_map == spleen)


def test_leaving_lungs_out_takes_their_vessels_and_nodules_along() -> None:
    with_lungs = phantom_slice(4, "thorax")
    without = phantom_slice(4, "thorax", leave_out=["lung"])
    lungs = [value for value, name in with_lungs.names.items() if name in ("left lung", "right lung")]
    area = np.isin(with_lungs.label_map, lungs)
    assert (without.label_map[area] > 0).mean() < 0.02
    assert np.median(without.hounsfield[area]) > -200


@pytest.mark.thorough
def test_the_organs_that_can_be_left_out_are_those_that_get_labels() -> None:
    labelled = {
        layer.organ
        for levels in LEVELS.values()
        for level in levels
        for seed in range(6)
        for layer in level(random_patient(seed))
        if layer.label
    }
    assert labelled == set(ORGANS)


def test_unknown_regions_and_organs_are_named() -> None:
    with pytest.raises(ValueError, match="no region 'head'; choose one of abdomen, thorax"):
        phantom_slice(1, "head")
    with pytest.raises(ValueError, match="no organ 'brain' to leave out; choose from adrenal, "):
        phantom_slice(1, "abdomen", leave_out=["liver", "brain"])


def test_metal_throws_streaks_through_the_body() -> None:
    with_metal = phantom_slice(1_000_029, "abdomen")
    assert with_metal.hounsfield.max() > 1200
    row, column = np.unravel_index(with_metal.hounsfield.argmax(), (512, 512))
    near = with_metal.hounsfield[row - 30 : row + 31, column - 30 : column + 31].astype(float)
    liver = with_metal.label_map == next(v for v, name in with_metal.names.items() if name == "liver")
    far = liver.copy()
    far[row - 90 : row + 91, column - 90 : column + 91] = False
    assert near.std() > 2 * with_metal.hounsfield[far].std()


def test_dicom_reads_back_as_it_was(abdomen: PhantomSlice, tmp_path: Path) -> None:
    path = tmp_path / "phantom.dcm"
    write_dicom(abdomen, path)
    read = read_slice(path)
    assert read.intensity == "HU"
    np.testing.assert_array_equal(read.pixels, abdomen.hounsfield)
    assert read.spacing_mm == pytest.approx(abdomen.spacing_mm)
    assert read.window == abdomen.window


def test_dicom_is_the_same_each_time_and_names_nobody(abdomen: PhantomSlice, tmp_path: Path) -> None:
    write_dicom(abdomen, tmp_path / "a.dcm")
    write_dicom(abdomen, tmp_path / "b.dcm")
    write_dicom(phantom_slice(8, "abdomen"), tmp_path / "c.dcm")
    assert (tmp_path / "a.dcm").read_bytes() == (tmp_path / "b.dcm").read_bytes()
    header = pydicom.dcmread(tmp_path / "a.dcm", stop_before_pixels=True)
    other = pydicom.dcmread(tmp_path / "c.dcm", stop_before_pixels=True)
    assert header.SOPInstanceUID.is_valid
    assert header.SOPInstanceUID != other.SOPInstanceUID
    assert str(header.PatientName) == header.PatientID == "PHANTOM"
    assert not header.PatientBirthDate
    assert not header.StudyDate

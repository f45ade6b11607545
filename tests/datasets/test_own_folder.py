"""A folder of one's own slices and label maps."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydicom.data import get_testdata_file

from ctseg.datasets import DatasetError, open_split
from ctseg.slices import read_slice


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A DICOM slice and a picture of two patients."""
    for part in ("images", "labels"):
        (tmp_path / part).mkdir()
    shutil.copy(str(get_testdata_file("CT_small.dcm")), tmp_path / "images" / "head.dcm")
    Image.fromarray(np.full((40, 30), 90, np.uint8)).save(tmp_path / "images" / "b.png")
    head = np.zeros((128, 128), np.uint16)
    head[20:60, 20:60], head[60:90, 60:90] = 700, 3
    Image.fromarray(head).save(tmp_path / "labels" / "head.png")
    Image.fromarray(np.eye(40, 30, dtype=np.uint8)).save(tmp_path / "labels" / "b.png")
    (tmp_path / "index.csv").write_text(
        "image,patient,label\nhead.dcm,A,head.png\nb.png,B,\n", encoding="utf-8"
    )
    return tmp_path


@pytest.mark.thorough
def test_slices_and_label_maps_are_read_as_their_files_say(folder: Path) -> None:
    split = open_split(f"folder:{folder}")
    assert (split.images, split.patients) == (("head.dcm", "b.png"), ("A", "B"))
    assert split.slice(0).intensity == "HU"
    assert np.array_equal(split.slice(0).pixels, read_slice(folder / "images" / "head.dcm").pixels)
    label_map = split.label_map(0)
    assert label_map is not None
    assert label_map.dtype == np.uint8
    assert (label_map[30, 30], label_map[70, 70], label_map[0, 0]) == (2, 1, 0)
    assert split.slice(1).intensity == "8-bit"


@pytest.mark.parametrize(
    ("index", "sentence"),
    [
        (None, "index.csv is missing"),
        ("image,patient\n", "every line"),
        ("picture,patient\nb.png,B\n", "columns image and patient"),
        ("image,patient\nc.png,B\n", "images/c.png is missing"),
        ("image,patient\nhead.dcm,A\n", "labels/head.dcm is missing"),
        ("image,patient\nb.png,\n", "every line"),
    ],
)
def test_what_is_missing_is_named(folder: Path, index: str | None, sentence: str) -> None:
    (folder / "index.csv").unlink()
    if index is not None:
        (folder / "index.csv").write_text(index, encoding="utf-8")
    with pytest.raises(DatasetError, match=sentence):
        open_split(f"folder:{folder}")


@pytest.mark.parametrize(
    ("label_map", "sentence"),
    [
        (np.zeros((40, 31), np.uint8), "must be equal"),
        (np.arange(1200, dtype=np.uint16).reshape(40, 30), "more than 255"),
        (np.zeros((40, 30, 3), np.uint8), "cannot be used"),
    ],
)
def test_label_maps_that_do_not_fit_are_refused(folder: Path, label_map: np.ndarray, sentence: str) -> None:
    Image.fromarray(label_map).save(folder / "labels" / "b.png")
    with pytest.raises(DatasetError, match=sentence):
        open_split(f"folder:{folder}").label_map(1)

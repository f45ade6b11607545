"""The ZIP and its figure."""

import io
import json
import xml.etree.ElementTree as ET
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from PIL import Image
from small_slices import HEAD, stack_of

from ctseg.slices import read_named_upload
from ctseg.ui.compare.download import results_zip
from ctseg.ui.compare.handlers import PageError
from ctseg.ui.server.sessions import Finished, Session


def _session() -> Session:
    session = Session()
    label_map = np.zeros((24, 32), np.int32)
    label_map[4:20, 4:12] = 1
    label_map[4:20, 18:28] = 2
    session.keep(stack_of(), (label_map > 0)[np.newaxis].astype(np.int32), credit="Somebody <2023>")
    session.finished = {"watershed": Finished(label_map, 1.5)}
    return session


def test_zip_holds_maps_table_with_names_and_report_and_no_pixels() -> None:
    session = _session()
    names = {"watershed": {"1": "=1+1", "2": " ", "x": "no label"}, "other": 3}
    archive = zipfile.ZipFile(io.BytesIO(results_zip(session, {"names": names})))
    written = np.array(Image.open(io.BytesIO(archive.read("watershed/labels.png"))))
    assert np.array_equal(written, session.finished["watershed"].label_map)
    rows = archive.read("watershed/structures.csv").decode().splitlines()
    assert rows[1].startswith("1,'=1+1,128,32")
    assert rows[2].startswith("2,,160")
    report = json.loads(archive.read("report.json"))
    assert report["methods"][0]["seconds"] == 1.5
    assert report["methods"][0]["scores"]["foreground_dice"] == 1.0
    assert "not for diagnosis" in report["disclaimer"]
    kinds = {Path(name).suffix for name in archive.namelist()}
    assert kinds == {".png", ".gz", ".csv", ".json", ".txt", ".svg"}
    assert "Somebody <2023>" in archive.read("ATTRIBUTION.txt").decode()


def test_the_figure_has_the_chosen_panes_a_scale_bar_scores_and_the_credit() -> None:
    session = _session()
    asked = {"panes": ["slice", "truth", "no-such"], "window": {"width": 300, "level": 0}, "outlined": True}
    archive = zipfile.ZipFile(io.BytesIO(results_zip(session, asked)))
    figure = ET.fromstring(archive.read("figure.svg").decode())
    words = [text.text for text in figure.iter("{http://www.w3.org/2000/svg}text")]
    assert words[0] == "Slice"
    assert "Truth" in words
    assert "Watershed" not in words
    assert any(text and text.endswith(" mm") for text in words)
    assert "Somebody <2023>" in (words[-1] or "")
    all_panes = zipfile.ZipFile(io.BytesIO(results_zip(session, {"panes": ["watershed"]})))
    assert "best IoU" in all_panes.read("figure.svg").decode()
    image = Image.open(io.BytesIO(archive.read("figure.png")))
    assert image.width == 2 * 512 + 3 * 12


SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize(
    ("box", "ratio"),
    [([2, 3, 26, 15], 2.0), (None, 32 / 24), ([2, 3, 4, 5], 32 / 24), ([0, 0, 7e9, 12], 32 / 12)],
)
def test_the_figure_shows_what_of_the_slice_is_on_the_screen(box: Any, ratio: float) -> None:
    session = _session()
    session.credit = "Somebody and others, of a place whose name is long, " * 6 + "the last one."
    archive = zipfile.ZipFile(io.BytesIO(results_zip(session, {"panes": ["watershed"], "box": box})))
    figure = ET.fromstring(archive.read("figure.svg").decode())
    for image in figure.iter(f"{SVG}image"):
        assert int(image.get("width", 0)) / int(image.get("height", 0)) == pytest.approx(ratio, rel=0.01)
    said = [text for text in figure.iter(f"{SVG}text") if text.get("font-size") == "11"]
    assert session.credit in " ".join(text.text or "" for text in said)
    assert all(float(text.get("y", 0)) < int(figure.get("height", 0)) for text in said)
    assert max(len(text.text or "") for text in said) < int(figure.get("width", 0)) / 6


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"names": []},
        {"names": {"watershed": None}, "panes": 3},
        {"names": {"watershed": {"-1": "x", "1": ""}}, "window": {"width": "x", "level": None}},
        {"window": {"width": 0, "level": 1e9}, "opacity": "all", "panes": [None]},
        {"box": [0, 0, 1e999, "x"]},
        {"box": [9, 9, -9, -9]},
    ],
)
def test_zip_survives_whatever_is_asked(asked: Any) -> None:
    assert results_zip(_session(), asked)


def test_without_a_result_there_is_no_zip() -> None:
    with pytest.raises(PageError, match="no result"):
        results_zip(Session(), {})


@pytest.mark.parametrize(
    ("formats", "names"),
    [
        (None, ["labels.nii.gz"]),
        (["nifti"], ["labels.nii.gz"]),
        (["seg.nrrd"], ["labels.seg.nrrd"]),
        (["mha", "nifti"], ["labels.mha", "labels.nii.gz"]),
        (["dicom-seg", 7, "../x"], ["labels.seg.nrrd"]),
        ([7, "../x"], ["labels.nii.gz"]),
        ("nifti", ["labels.nii.gz"]),
    ],
)
def test_label_maps_come_in_the_formats_that_were_chosen(formats: Any, names: list[str]) -> None:
    archive = zipfile.ZipFile(io.BytesIO(results_zip(_session(), {"formats": formats})))
    voxels = [Path(name).name for name in archive.namelist() if Path(name).name.startswith("labels.")]
    assert sorted(voxels) == sorted([*names, "labels.png"])


def test_a_dicom_segmentation_alone_names_the_patient_of_an_upload(tmp_path: Path) -> None:
    path = tmp_path / "in" / "slice.dcm"
    path.parent.mkdir()
    path.write_bytes(HEAD.read_bytes())
    session = Session()
    session.keep(read_named_upload([path]))
    assert session.stack is not None
    label_map = np.zeros(session.stack.pixels.shape[1:], np.int32)
    label_map[40:80, 40:80] = 1
    session.finished = {"watershed": Finished(label_map, 1.5), "unet-tvmf": Finished(0 * label_map, 0.1)}
    archive = zipfile.ZipFile(io.BytesIO(results_zip(session, {"formats": ["dicom-seg"]})))
    assert "unet-tvmf/labels.seg.nrrd" in archive.namelist()  # nothing is marked there
    written = pydicom.dcmread(io.BytesIO(archive.read("watershed/labels.dcm")))
    source = pydicom.dcmread(HEAD)
    assert written.PatientName == source.PatientName
    referenced = written.ReferencedSeriesSequence[0].ReferencedInstanceSequence[0]
    assert referenced.ReferencedSOPInstanceUID == source.SOPInstanceUID
    for name in archive.namelist():
        if not name.endswith(".dcm"):
            assert str(source.PatientName).encode() not in archive.read(name), name
            assert source.SOPInstanceUID.encode() not in archive.read(name), name

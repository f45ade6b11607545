"""What a visitor takes away from the page without a server is what the app gives, made in the browser."""

import csv
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from test_static_page import PHANTOM, Page

from ctseg.export import MethodRun, report, structures
from ctseg.labelmaps import numbered
from ctseg.labelmaps.palette import PALETTE_SIZE, colours
from ctseg.methods import CARDS, load
from ctseg.metrics import json_ready, score
from ctseg.slices.windowing import SOFT_TISSUE, to_uint8
from ctseg.ui.compare.examples import EXAMPLES
from ctseg.ui.compare.results import clear_labels

pytestmark = [pytest.mark.browser, pytest.mark.thorough]
METHODS = ("watershed", "partition")
NAME = '=liver, "left"'


@pytest.fixture(scope="module")
def archive(browser: Any, address: str) -> Any:
    """The ZIP of two methods on a phantom, the first structure of the first with a name."""
    page = Page(browser, address)
    page.phantom(PHANTOM, *METHODS)
    page.page.get_by_role("button", name=CARDS["watershed"].title, exact=True).click()
    page.page.get_by_label("Name of structure 1", exact=True).fill(NAME)
    with page.page.expect_download() as waiting:
        page.page.click(".ct-download:has-text('Download all')")
    with zipfile.ZipFile(waiting.value.path()) as packed:
        assert packed.testzip() is None
        files = {name: packed.read(name) for name in packed.namelist()}
    page.close()
    return files


def image(content: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(content)))


def test_label_maps_are_those_of_the_app(archive: dict[str, bytes]) -> None:
    ct_slice = EXAMPLES[PHANTOM].open().stack[0]
    for method in METHODS:
        labels = image(archive[f"{method}/labels.png"])
        assert labels.dtype == np.uint16
        assert np.mean(labels == numbered(load(method).segment(ct_slice))) >= 0.999
        coloured = Image.open(io.BytesIO(archive[f"{method}/labels-coloured.png"]))
        if labels.max() < 256:
            assert np.array_equal(np.asarray(coloured), labels)
    inside = image(archive["partition/labels.png"]) > 0
    assert np.array_equal(image(archive["partition/confidence.png"]) > 0, inside)
    assert "watershed/confidence.png" not in archive


def test_tables_are_those_of_the_app(archive: dict[str, bytes]) -> None:
    ct_slice = EXAMPLES[PHANTOM].open().stack[0]
    for method in METHODS:
        labels = image(archive[f"{method}/labels.png"]).astype(np.int32)
        rows = list(csv.DictReader(io.StringIO(archive[f"{method}/structures.csv"].decode())))
        expected = structures(MethodRun(method, labels, 0.0), ct_slice)
        assert [name for name in rows[0] if name != "confidence"] == list(expected[0])
        for row, true in zip(rows, expected, strict=True):
            numbers = [name for name in true if name != "name"]
            assert [float(row[name]) for name in numbers] == pytest.approx([true[name] for name in numbers])
        confidences = [float(row["confidence"]) for row in rows if "confidence" in row]
        assert len(confidences) == (len(rows) if method == "partition" else 0)
        assert all(0 <= each <= 1 for each in confidences)
        assert rows[0]["name"] == (f"'{NAME}" if method == "watershed" else "")


def test_the_report_says_what_that_of_the_app_says(archive: dict[str, bytes]) -> None:
    opened = EXAMPLES[PHANTOM].open()
    ct_slice = opened.stack[0]
    told = json.loads(archive["report.json"])
    assert opened.truths is not None
    maps = {method: image(archive[f"{method}/labels.png"]).astype(np.int32) for method in METHODS}
    expected = report(ct_slice, [MethodRun(method, maps[method], 0.0) for method in METHODS])
    assert told.keys() == expected.keys()
    assert told["slice"].keys() == expected["slice"].keys()
    assert told["slice"]["domain"].keys() == expected["slice"]["domain"].keys()
    for part in ("height_px", "width_px", "intensity", "source"):
        assert told["slice"][part] == expected["slice"][part]
    assert set(told["versions"]) == {"ctseg", "onnxruntime-web"}
    by_name = {each["name"]: each for each in told["methods"]}
    for each in expected["methods"]:
        found = by_name[each["name"]]
        assert found.keys() == each.keys()
        same = ("title", "structures", "input_window_hu", "weights", "paper", "outside_domain")
        assert {key: found[key] for key in same} == {key: each[key] for key in same}
        true = json_ready(score(maps[each["name"]], numbered(opened.truths[0])))
        assert found["scores"] == pytest.approx({key: true[key] for key in found["scores"]}, abs=1e-6)


def test_pictures_show_the_structures_over_the_slice(archive: dict[str, bytes]) -> None:
    """Each structure in one colour of the palette, half of it and half of the slice; the rest as it is."""
    ct_slice = EXAMPLES[PHANTOM].open().stack[0]
    grey = to_uint8(ct_slice, ct_slice.window or SOFT_TISSUE).astype(float)
    palette = colours(PALETTE_SIZE).astype(float)
    for method in METHODS:
        labels = image(archive[f"{method}/labels.png"]).astype(int)
        shown = image(archive[f"{method}/overlay.png"]).astype(float)
        assert shown.shape == (*ct_slice.shape, 3)
        hidden = clear_labels(labels, ct_slice, CARDS[method].full_tiling)
        for label in np.unique(labels):
            level, rgb = grey[labels == label][:, np.newaxis], shown[labels == label]
            if label == 0 or label in hidden:
                assert np.abs(rgb - level).max() <= 1
            else:
                halves = np.abs((level + palette[:, np.newaxis]) / 2 - rgb).max(axis=(1, 2))
                assert halves.min() <= 1
    assert Image.open(io.BytesIO(archive["figure.png"])).width > 1000


def test_every_file_is_told_in_the_readme(archive: dict[str, bytes]) -> None:
    readme = archive["README.txt"].decode()
    assert all(Path(name).name in readme for name in archive if name != "README.txt")
    assert "not for diagnosis" in readme

"""The Compare page as a visitor drives it, in a real browser."""

import io
import re
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pydicom
import pytest
from app_server import AppServer
from compare_page import ComparePage
from conftest import DESK, PHONE
from numpy.typing import NDArray
from PIL import Image
from pydicom.data import get_testdata_file

import ctseg
from ctseg.labelmaps import match_labels

pytestmark = pytest.mark.browser


@pytest.fixture
def page(browser: Any, server: AppServer) -> Iterator[ComparePage]:
    """The page on a desk."""
    opened = ComparePage(browser, server.url, DESK)
    yield opened
    opened.close()


def _sample(name: str) -> Path:
    return Path(str(get_testdata_file(name, download=False)))


def _blocks(height: int, width: int, size: int) -> NDArray[np.uint8]:
    """Blocks of different greys: structures whose insides are far from their borders."""
    random = np.random.default_rng(7)
    greys = random.permutation(np.linspace(20, 240, -(-height // size) * -(-width // size))).astype(np.uint8)
    coarse = greys.reshape(-(-height // size), -(-width // size))
    return np.kron(coarse, np.ones((size, size), dtype=np.uint8))[:height, :width]


def _shown_labels(path: Path) -> NDArray[np.int32]:
    return match_labels([ctseg.segment(path, "watershed")])[0]


def test_example_is_compared_by_watershed_and_sam_side_by_side(page: ComparePage) -> None:
    page.example(4)
    page.compare("watershed", "multi-otsu", "sam-vit-t")
    for method in ("watershed", "multi-otsu", "sam-vit-t"):
        page.wait(method)
    assert "structures" in page.page.locator('.ct-panel[data-method="sam-vit-t"] .ct-time').inner_text()
    page.page.wait_for_function("document.querySelectorAll('#agreement .ytick').length === 3")
    assert page.page.locator(".ct-tabs button").count() == 3


def test_planned_methods_are_greyed_and_say_so(page: ComparePage) -> None:
    planned = page.page.locator("#methods label:has(input:disabled)")
    for text in planned.all_inner_texts():
        assert "not trained yet" in text
    assert page.page.get_by_label("Watershed").is_checked()
    assert "375 MB to fetch first" in page.page.locator("#methods").inner_text()


def test_purpose_and_privacy_stand_above_the_upload(page: ComparePage) -> None:
    upload = page.page.locator("#upload").bounding_box()
    for sentence in (
        "Separates structures; does not name them.",
        "Research only, not for diagnosis.",
        "at most 60 minutes",
        "burned into the picture",
        "make app",
    ):
        place = page.page.get_by_text(sentence).first.bounding_box()
        assert place["y"] + place["height"] <= upload["y"] + 1, sentence


def test_series_of_jpeg_2000_files_becomes_a_stack_with_a_slider(page: ComparePage, tmp_path: Path) -> None:
    files = []
    for number in range(3):
        dataset = pydicom.dcmread(_sample("693_J2KI.dcm"))
        dataset.InstanceNumber = number + 1
        dataset.SOPInstanceUID = f"1.2.3.{number}"
        dataset.ImagePositionPatient = [0, 0, 5 * number]
        files.append(tmp_path / f"slice{number}")
        dataset.save_as(files[-1])
    page.upload(*files)
    assert page.facts().startswith("HU")
    assert page.page.locator('.ct-panel[data-method="slice"] .ct-time').inner_text() == "2 of 3"
    slider = page.page.locator("#place input[type=range]")
    slider.focus()
    slider.press("ArrowRight")
    page.page.wait_for_selector('.ct-panel[data-method="slice"] .ct-time:text-is("3 of 3")')


def test_implicit_vr_dicom_shows_its_hounsfield_units(page: ComparePage, tmp_path: Path) -> None:
    dataset = pydicom.dcmread(_sample("CT_small.dcm"))
    dataset.file_meta.TransferSyntaxUID = pydicom.uid.ImplicitVRLittleEndian
    path = tmp_path / "implicit"
    dataset.save_as(path, implicit_vr=True, little_endian=True)
    page.upload(path)
    hounsfield = ctseg.read_slice(path).pixels[64, 64]
    page.click_source_pixel("slice", (64.5 / 128, 64.5 / 128))
    assert page.page.locator(".ct-readout").inner_text() == f"x 64, y 64 · {hounsfield:.0f} HU"


def test_sixteen_bit_png_and_nifti_are_shown(page: ComparePage, tmp_path: Path) -> None:
    import nibabel

    ramp = np.linspace(0, 65535, 96 * 80).reshape(96, 80).astype(np.uint16)
    Image.fromarray(ramp).save(tmp_path / "ramp.png")
    page.upload(tmp_path / "ramp.png")
    assert page.facts().startswith("8-bit, window unknown")
    assert "80 × 96 px" in page.facts()
    volume = np.random.default_rng(0).integers(-1000, 1000, (40, 50, 6)).astype(np.int16)
    nibabel.save(nibabel.Nifti1Image(volume, np.diag([2.0, 2.0, 5.0, 1.0])), tmp_path / "volume.nii.gz")
    page.upload(tmp_path / "volume.nii.gz")
    assert page.facts().startswith("HU")
    assert page.page.locator("#place").is_visible()


def test_broken_files_each_give_their_sentence_at_the_upload(page: ComparePage, tmp_path: Path) -> None:
    whole = _sample("693_J2KI.dcm").read_bytes()
    broken = {
        "empty.dcm": b"",
        "cut.dcm": whole[: len(whole) // 2],
        "program.png": b"MZ" + bytes(300),
        "words.nii": b"no volume at all",
        "cut.png": b"\x89PNG\r\n\x1a\n" + bytes(40),
    }
    page.example(2)
    sentences = []
    for name, content in broken.items():
        (tmp_path / name).write_bytes(content)
        sentence = page.upload_refused(tmp_path / name)
        assert sentence.endswith(".")
        assert "Traceback" not in sentence
        assert name not in sentence
        assert sentence.endswith(" The previous slice is still shown.")
        sentences.append(sentence)
    assert len(set(sentences)) >= 4, sentences
    assert page.page.locator('.ct-panel[data-method="slice"]').count() == 1


def test_upload_over_64_mb_is_refused_with_a_sentence(page: ComparePage, tmp_path: Path) -> None:
    path = tmp_path / "large.dcm"
    with path.open("wb") as file:
        file.truncate(66 * 1024**2)
    assert "64 MB" in page.upload_refused(path)
    page.noted.clear()  # the browser itself logs that the server refused


@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize(("height", "width", "size"), [(7, 513, 19), (2048, 1024, 128)])
def test_clicked_pixel_selects_its_structure(
    browser: Any,
    server: AppServer,
    tmp_path: Path,
    viewport: dict[str, int],
    height: int,
    width: int,
    size: int,
) -> None:
    path = tmp_path / "blocks.png"
    Image.fromarray(_blocks(height, width, size)).save(path)
    labels = _shown_labels(path)
    page = ComparePage(browser, server.url, viewport)
    page.upload(path)
    page.compare("watershed")
    page.wait("watershed")
    random = np.random.default_rng(3)
    for _ in range(6):
        row = int(random.integers(-(-height // size))) * size + min(size, height) // 2
        column = int(random.integers(width // size)) * size + size // 2
        page.click_source_pixel("watershed", ((column + 0.5) / width, (row + 0.5) / height))
        assert page.selected() == labels[row, column], (row, column)
        page.page.locator('[data-panel="watershed"]').press("Escape")
        assert page.selected() is None
    page.close()


def test_turned_and_flipped_view_selects_the_same_structure_and_gives_methods_the_same_slice(
    page: ComparePage, tmp_path: Path
) -> None:
    path = tmp_path / "blocks.png"
    Image.fromarray(_blocks(96, 160, 32)).save(path)
    labels = _shown_labels(path)
    page.upload(path)
    page.page.click('[data-turn="right"]')
    page.page.click('[data-turn="mirror"]')
    page.compare("watershed")
    page.wait("watershed")
    row, column = 16, 48  # clockwise: u = height - 1 - row, v = column; then mirrored: u = row
    page.click_source_pixel("watershed", ((row + 0.5) / 96, (column + 0.5) / 160))
    assert page.selected() == labels[row, column]
    assert labels[row, column] != labels[column, row]


def test_row_of_the_table_outlines_its_structure_and_keys_work(page: ComparePage) -> None:
    page.example(2)
    page.compare("watershed")
    page.wait("watershed")
    before = page.page.evaluate("document.querySelector('[data-panel=slice]').toDataURL()")
    page.page.mouse.move(2, 2)
    page.page.locator(".ct-table tbody tr").nth(2).locator("td").last.click()
    label = page.selected()
    area, mean = (
        page.page.locator(f'.ct-table tr[aria-selected="true"] [data-column="{column}"]').inner_text()
        for column in ("area_px", "mean")
    )
    assert page.picked() == f"Structure {label} · {area} px · {mean} HU · Watershed"
    assert page.page.evaluate("document.querySelector('[data-panel=slice]').toDataURL()") != before
    layer = page.page.locator('[data-panel="watershed"]')
    layer.press("Escape")
    assert page.selected() is None
    for key in ("ArrowRight", "ArrowDown", "Enter"):
        layer.press(key)
    assert page.selected() is not None


def test_windows_change_the_picture_only(page: ComparePage) -> None:
    page.example(2)
    picture = "document.querySelector('[data-method=slice] .ct-image').toDataURL()"
    page.page.wait_for_timeout(100)
    before = page.page.evaluate(picture)
    page.page.locator(".ct-windows label", has_text="Lung").click()
    page.page.wait_for_function(f"(before) => {picture} !== before", arg=before)
    assert page.page.locator(".ct-windows output").all_inner_texts() == ["1500", "-600"]


def test_eight_bit_slice_says_what_is_outside_a_methods_purpose(page: ComparePage, tmp_path: Path) -> None:
    Image.fromarray(_blocks(64, 64, 16)).save(tmp_path / "grey.png")
    page.upload(tmp_path / "grey.png")
    page.compare("broken", "watershed")
    page.wait("watershed")
    outside = "outside what the method was made for"
    assert outside in page.page.locator('.ct-panel[data-method="broken"]').inner_text()
    assert outside not in page.page.locator('.ct-panel[data-method="watershed"]').inner_text()


def test_method_that_fails_says_so_in_its_panel_and_the_others_run(page: ComparePage) -> None:
    page.example(2)
    page.compare("broken", "watershed")
    page.wait("watershed")
    page.wait("broken", "failed")
    assert "failed on this slice" in page.said_by("broken")
    assert "secret" not in page.page.locator("body").inner_text()


def test_nothing_loaded_or_chosen_is_said(page: ComparePage) -> None:
    page.page.click("#compare")
    page.page.wait_for_selector("#said .ct-notice:has-text('Nothing is loaded')")
    page.example(2)
    page.compare()
    page.page.wait_for_selector("#said .ct-notice:has-text('No method is chosen')")


def _cpu_seconds(server: AppServer, over: float) -> float:
    """CPU time the app spends in the next `over` seconds."""
    process = psutil.Process(server.process.pid)
    before = sum(process.cpu_times()[:2])
    time.sleep(over)
    return sum(process.cpu_times()[:2]) - before


@pytest.fixture(scope="module")
def idle(server: AppServer) -> float:
    """CPU seconds the app spends in a second when nobody asks for anything: its queue polls."""
    return _cpu_seconds(server, 1.0)


def test_cancel_leaves_the_cores_idle(browser: Any, server: AppServer, idle: float) -> None:
    page = ComparePage(browser, server.url, DESK)
    page.example(2)
    page.compare("endless", "watershed")
    page.wait("endless", "running")
    assert _cpu_seconds(server, 1.0) > idle + 0.1
    page.page.click("#cancel")
    time.sleep(1.0)
    assert _cpu_seconds(server, 1.0) < idle + 0.1
    for method in ("endless", "watershed"):
        page.wait(method, "cancelled")
        assert page.said_by(method) == "Cancelled."
    page.compare("watershed")
    page.wait("watershed")
    # Not `close`: the cut-off stream of a cancelled event may leave a note in the browser's console.
    page.leave()


def test_leaving_the_page_cancels(browser: Any, server: AppServer, idle: float) -> None:
    page = ComparePage(browser, server.url, DESK)
    page.example(2)
    page.compare("endless")
    page.wait("endless", "running")
    page.leave()
    time.sleep(2.0)
    assert _cpu_seconds(server, 1.0) < idle + 0.1


def test_second_visitor_waits_for_one_run_not_for_all(browser: Any, server: AppServer) -> None:
    first = ComparePage(browser, server.url, DESK)
    second = ComparePage(browser, server.url, DESK)
    first.example(2)
    second.example(2)
    first.compare("gated-a", "gated-b")
    first.wait("gated-a", "running")
    second.compare("watershed")
    second.wait("watershed", "waiting")
    assert second.said_by("watershed") == "Waiting: 1 other visitor is being served."
    (server.temp / "gated-a").touch()
    second.wait("watershed")
    first.wait("gated-b", "running")
    (server.temp / "gated-b").touch()
    first.wait("gated-b")
    first.close()
    second.close()


def test_download_holds_names_and_nothing_stays_on_the_server(
    page: ComparePage, server: AppServer, tmp_path: Path
) -> None:
    secret = tmp_path / "Doe^John.dcm"
    secret.write_bytes(_sample("CT_small.dcm").read_bytes())
    page.upload(secret)
    page.compare("watershed")
    page.wait("watershed")
    row = page.page.locator(".ct-table tbody tr").first
    label = row.get_attribute("data-label")
    row.locator("input").fill("=liver")
    with page.page.expect_download() as download:
        page.page.get_by_role("button", name="Download all").click()
    assert download.value.suggested_filename == "ctseg-results.zip"
    archive = zipfile.ZipFile(io.BytesIO(Path(download.value.path()).read_bytes()))
    names = set(archive.namelist())
    assert {"report.json", "watershed/labels.png", "watershed/labels.nii.gz"} <= names
    assert not any("Doe" in name for name in names)
    table = archive.read("watershed/structures.csv").decode()
    assert f"{label},'=liver," in table
    cut = tmp_path / "cut.dcm"
    cut.write_bytes(secret.read_bytes()[:5000])
    page.upload_refused(cut)
    time.sleep(0.5)
    for file in server.temp.rglob("*"):
        assert "Doe" not in file.name
        assert not file.is_file() or b"DICM" not in file.read_bytes(), file
    assert "Doe" not in server.log.read_text()


def test_true_label_map_gives_scores_and_shows_errors(page: ComparePage, tmp_path: Path) -> None:
    path = tmp_path / "blocks.png"
    Image.fromarray(_blocks(64, 96, 32)).save(path)
    Image.fromarray(np.ones((64, 96), dtype=np.uint16)).save(tmp_path / "truth.png")
    Image.fromarray(np.ones((9, 9), dtype=np.uint16)).save(tmp_path / "other.png")
    page.upload(path)
    page.compare("watershed")
    page.wait("watershed")
    page.page.get_by_text("Score against a true label map").click()
    chooser = page.page.locator("#truth input[type=file]")
    chooser.set_input_files(str(tmp_path / "other.png"))
    page.page.wait_for_selector(".ct-notice:has-text('9 x 9 pixels')")
    chooser.set_input_files(str(tmp_path / "truth.png"))
    page.page.wait_for_selector("#scores td:has-text('Watershed')")
    assert page.page.get_by_text("Scores against the known truth").is_visible()
    assert page.page.get_by_text("Show errors").is_visible()
    assert not page.page.get_by_label("Show errors").is_checked()


def test_example_with_known_truth_shows_its_scores_below_the_panels(page: ComparePage) -> None:
    page.example(1)
    assert page.page.get_by_text("8-bit picture: its window cannot be changed.").is_visible()
    page.compare("watershed")
    page.wait("watershed")
    page.page.wait_for_selector("#scores td:has-text('Watershed')")
    assert not page.page.locator("#truth").is_visible()
    header = page.page.locator('.ct-panel[data-method="watershed"] .ct-status').inner_text()
    assert re.fullmatch(
        r"\d+ regions, background included · [\d.]+ s · \d+ of \d+ true ones found", header
    ), header
    picture = "document.querySelector('[data-method=watershed] .ct-image').toDataURL()"
    before = page.page.evaluate(picture)
    page.page.get_by_label("Show errors").check()
    page.page.wait_for_function(f"(before) => {picture} !== before", arg=before)
    page.example(2)
    page.page.get_by_text("Display only: methods always get").wait_for(state="visible")
    assert not page.page.locator("#scores").is_visible()
    assert not page.page.get_by_text("Show errors").is_visible()


def test_row_of_a_clicked_structure_is_in_the_part_of_the_table_on_the_screen(page: ComparePage) -> None:
    page.example(1)
    page.compare("watershed")
    page.wait("watershed")
    for place in ((0.02, 0.02), (0.5, 0.5), (0.6, 0.3), (0.4, 0.7)):
        page.click_source_pixel("watershed", place)
        over = page.page.evaluate(
            """() => {
              const row = document.querySelector('.ct-structures tr[aria-selected="true"]');
              const table = row.closest('.ct-table');
              const [box, area] = [row.getBoundingClientRect(), table.getBoundingClientRect()];
              const head = table.querySelector('thead').getBoundingClientRect();
              return Math.max(head.bottom - box.top, box.bottom - area.bottom);
            }"""
        )
        assert over <= 1, place


def test_phone_has_no_sideways_scrolling_and_desk_shows_all_at_once(browser: Any, server: AppServer) -> None:
    phone = ComparePage(browser, server.url, PHONE)
    phone.example(4)
    phone.compare("watershed")
    phone.wait("watershed")
    assert phone.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    phone.page.evaluate("window.scrollTo(0, 0)")
    phone.example(1)
    phone.page.wait_for_function(
        "document.querySelector('.ct-panel').getBoundingClientRect().top < window.innerHeight / 2"
    )
    phone.close()
    desk = ComparePage(browser, server.url, DESK)
    desk.example(4)
    for part in ("#upload", "#examples", "#compare", '.ct-panel[data-method="slice"]'):
        box = desk.page.locator(part).bounding_box()
        assert box["y"] >= 0, part
        assert box["y"] + box["height"] <= DESK["height"], part
    desk.close()


def test_one_pixel_is_shown_and_segmented(page: ComparePage, tmp_path: Path) -> None:
    Image.fromarray(np.array([[130]], dtype=np.uint8)).save(tmp_path / "one.png")
    page.upload(tmp_path / "one.png")
    page.compare("watershed")
    page.wait("watershed")
    box = page.page.locator('[data-panel="watershed"]').bounding_box()
    assert box["width"] > 100

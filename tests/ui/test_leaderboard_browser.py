"""The Leaderboard and Methods pages as a visitor uses them, in a real browser."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from app_server import AppServer
from board_results import fill
from compare_page import READY_MS
from conftest import DESK, PHONE, clean_page
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

METHODS = "#methods-table [role=gridcell]"
CHART = "#means-ari .scatterlayer .trace"


@pytest.fixture(scope="module")
def boards(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppServer]:
    """The app with made-up results."""
    results = tmp_path_factory.mktemp("results")
    fill(results)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(os.environ, "CTSEG_LEADERBOARD", str(results))
        running = AppServer(tmp_path_factory.mktemp("app"))
    yield running
    running.stop()


@pytest.fixture
def page(browser: Any, boards: AppServer) -> Iterator[Any]:
    """A page that asks for nothing foreign and whose scripts do not fail."""
    with clean_page(browser, boards.url, READY_MS) as opened:
        yield opened


def _cell(page: Any, table: str, row: int, column: int) -> Any:
    return page.locator(f"#{table} [data-row='{row}'][data-col='{column}']")


def test_a_visitor_comes_from_compare_and_reads_the_table(page: Any, boards: AppServer) -> None:
    page.goto(boards.url)
    page.click("nav >> text=Leaderboard")
    page.wait_for_selector(METHODS)
    expect(_cell(page, "methods-table", 0, 0)).to_have_text("1")
    expect(_cell(page, "methods-table", 0, 1)).to_have_text("Good")
    page.wait_for_selector(CHART)
    page.hover("#methods-table th[title='fg_ari']")
    page.click("#methods-table th[title='fg_ari'] .cell-menu-button")
    page.click("text=Sort descending")
    page.wait_for_function(
        "document.querySelector(\"#methods-table [role=gridcell][data-col='1']\")"
        ".innerText.includes('Better')"
    )
    page.wait_for_selector("#differences a[href^='/?board=phantom-val&image=']")
    with page.expect_download() as download:
        page.click("#downloads [data-kind=csv]")
    assert download.value.suggested_filename == "phantom-val.csv"
    assert Path(download.value.path()).read_text(encoding="utf-8").startswith("rank,tier,entry,")


def test_a_board_of_few_patients_shows_counts_and_no_pictures(page: Any, boards: AppServer) -> None:
    page.goto(f"{boards.url}/leaderboard?board=phantom-val")
    page.wait_for_selector(CHART)
    page.click("#board label:has-text('CT abdomen, validation')")
    page.wait_for_selector("#bd-answers-box :text('5 patients, which is too few')")
    page.wait_for_selector("#methods-table th[title='Rank 1 is better']")
    page.wait_for_selector("#differences :text('may not be redistributed')")
    expect(page.locator("#differences a")).to_have_count(0)
    page.click("#board label:has-text('CT thorax')")
    page.wait_for_selector(".bd-empty :text('No results yet')")
    expect(page.locator("#methods-table")).to_be_hidden()
    expect(page.locator("#of-rows")).to_be_hidden()
    page.click("#board label:has-text('Phantom')")
    page.wait_for_selector(CHART)
    page.wait_for_selector("#differences a[href^='/?board=phantom-val&image=']")


def test_sliders_and_presets_move_every_index(page: Any, boards: AppServer) -> None:
    page.goto(f"{boards.url}/leaderboard")
    page.wait_for_selector("[data-index=ari] output:text('1.000')")
    labels = page.locator(".bd-labels")
    before = labels.get_attribute("src")
    page.click("button:text('Fill the picture')")
    page.wait_for_function("document.querySelector('[data-index=ari] output').innerText < '0.1'")
    expect(page.locator("[data-index=fg_ari] output")).to_have_text("1.000")
    expect(labels).not_to_have_attribute("src", before)
    number = page.locator("#bd-fill input[type=number]")
    expect(number).to_have_value("100")  # a preset that comes later would undo what is typed
    number.fill("0")
    page.keyboard.press("Tab")
    page.wait_for_selector("[data-index=ari] output:text('1.000')")


def test_nothing_is_wider_than_a_phone(page: Any, boards: AppServer) -> None:
    page.set_viewport_size(PHONE)
    for path, ready in (("leaderboard", CHART), ("methods", ".md-card")):
        page.goto(f"{boards.url}/{path}")
        page.wait_for_selector(ready)
        page.wait_for_function("(width) => document.documentElement.scrollWidth <= width", arg=PHONE["width"])
    # The window hides what hangs over; the cards must not hang over.
    page.wait_for_function(
        "(width) => Math.max(...[...document.querySelectorAll('.md-card :is(dd, li, .bd-scroll)')]"
        ".map((part) => part.getBoundingClientRect().right)) <= width",
        arg=PHONE["width"],
    )


@pytest.mark.parametrize("viewport", [DESK, PHONE])
def test_heads_stand_over_their_columns_and_methods_stay_in_sight(
    page: Any, boards: AppServer, viewport: dict[str, int]
) -> None:
    page.set_viewport_size(viewport)
    page.goto(f"{boards.url}/leaderboard")
    page.wait_for_selector(METHODS)
    left = "(name) => document.querySelector(name).getBoundingClientRect().left"
    for column in (2, 4, 6):
        head, cell = f"#methods-table th[data-heading='{column}']", f"{METHODS}[data-col='{column}']"
        page.wait_for_function(f"([head, cell]) => ({left})(head) === ({left})(cell)", arg=[head, cell])
    before = page.evaluate(left, f"{METHODS}[data-col='1']")
    page.evaluate("document.querySelector('#methods-table .virtual-table-viewport').scrollLeft = 300")
    page.wait_for_function(f"({left})(\"{METHODS}[data-col='2']\") < 100")
    assert page.evaluate(left, f"{METHODS}[data-col='1']") == before


def test_programs_read_a_board(boards: AppServer) -> None:
    from gradio_client import Client

    rows = Client(boards.url, verbose=False).predict("ct-fewshot-val", api_name="/board")
    assert [row["entry"] for row in rows][:3] == ["good", "better", "weak"]
    assert rows[0]["rank"] == 1

"""The Leaderboard and Methods pages as a visitor uses them, in a real browser."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from app_server import AppServer
from board_results import fill
from browser_pages import DESK, PHONE, clean_page
from compare_page import READY_MS
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

ROWS = "#board-table .bd-row"
METHODS = "#board-table tbody[data-role=method] .bd-name"


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


def _open(page: Any, url: str, query: str = "?board=phantom-val") -> None:
    """Open a board and wait until its charts have come, after which nothing changes by itself."""
    page.goto(f"{url}/leaderboard{query}")
    page.wait_for_selector("#spread .bd-s-dot")


@pytest.mark.thorough
def test_a_visitor_comes_from_compare_and_reads_ct_abdomen(page: Any, boards: AppServer) -> None:
    page.goto(boards.url)
    page.wait_for_selector("#compare")
    # The page is whole then, and replaces its links no more.
    page.wait_for_selector("gradio-app .ct-panel[data-state=done]")
    page.click("nav >> text=Leaderboard")
    expect(page.locator(METHODS)).to_have_text(["Good", "Better", "Weak"])
    expect(page.locator("#board input:checked")).to_have_value("ct-fewshot-val")
    expect(page.locator("#board-table thead th:visible")).to_have_text(
        ["Rank", "Method", "ari", "fg_ari", "Best IoU", "Seconds"]
    )
    # Five patients: a dot for each in the cells, and no intervals.
    expect(page.locator(ROWS).first.locator(".bd-c-ari .bd-m-dot")).to_have_count(5)
    page.wait_for_selector("#bd-answers-box :text('5 patients, which is too few')")
    page.wait_for_selector("#differences :text('may not be redistributed')")
    expect(page.locator("#differences a")).to_have_count(0)


def test_a_link_that_was_followed_wins_however_long_its_page_takes(page: Any, boards: AppServer) -> None:
    held: list[Any] = []
    page.route("**/leaderboard", lambda route: held.append(route))
    page.goto(boards.url)
    page.wait_for_selector("#compare")
    page.wait_for_selector("gradio-app .ct-panel[data-state=done]")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if request.is_navigation_request() else None)
    page.click("nav >> text=Leaderboard", no_wait_after=True)
    # The framework looks for its server two seconds after its stream has ended, and would reload its page.
    page.wait_for_timeout(5000)
    held[0].continue_()
    page.wait_for_selector(METHODS)
    assert asked == [f"{boards.url}/leaderboard"]


@pytest.mark.thorough
def test_a_click_on_a_head_sorts_each_group_and_the_address_says_so(page: Any, boards: AppServer) -> None:
    _open(page, boards.url)
    page.click("#board-table th[data-key=fg_ari] button")
    expect(page.locator(METHODS)).to_have_text(["Better", "Good", "Weak"])
    expect(page.locator("#board-table th[data-key=fg_ari]")).to_have_attribute("aria-sort", "descending")
    roles = "rows => rows.map(row => row.closest('tbody').dataset.role)"
    groups = ["method"] * 3 + ["full tiling"] * 2 + ["oracle"] * 2
    assert page.locator(ROWS).evaluate_all(roles) == groups
    page.click("#board-table th[data-key=fg_ari] button")
    expect(page.locator(METHODS)).to_have_text(["Weak", "Good", "Better"])
    page.wait_for_url("**/leaderboard?board=phantom-val&score=fg_ari")
    page.click("#board-table th[data-key=rank] button")
    expect(page.locator(METHODS)).to_have_text(["Good", "Better", "Weak"])
    # The same address opens sorted.
    _open(page, boards.url, "?board=phantom-val&score=fg_ari&method=better")
    expect(page.locator(METHODS)).to_have_text(["Better", "Good", "Weak"])
    expect(page.locator("#board-table [data-card=better]")).to_be_visible()
    expect(page.locator("#score input:checked")).to_have_value("fg_ari")


@pytest.mark.thorough
def test_a_name_opens_its_card_and_search_finds_names_of_the_command_line(
    page: Any, boards: AppServer
) -> None:
    _open(page, boards.url)
    page.fill("#board-table input[type=search]", "watersh")
    expect(page.locator("#board-table .bd-row:visible")).to_have_count(1)
    page.click("#board-table .bd-row:visible .bd-name")
    card = page.locator("#board-table [data-card=watershed]")
    expect(card).to_be_visible()
    expect(card.locator("a[href='/methods#watershed']")).to_have_count(1)
    page.wait_for_url("**/leaderboard?board=phantom-val&method=watershed")
    page.click("#board-table .bd-row:visible .bd-name")
    expect(card).to_be_hidden()
    page.fill("#board-table input[type=search]", "nothing of this name")
    expect(page.locator("#board-table .bd-none")).to_be_visible()


@pytest.mark.thorough
def test_more_columns_and_downloads(page: Any, boards: AppServer) -> None:
    _open(page, boards.url)
    expect(page.locator("#board-table th[data-key=saw]")).to_be_hidden()
    page.click("#board-table [data-more]")
    expect(page.locator("#board-table th[data-key=saw]")).to_be_visible()
    with page.expect_download() as download:
        page.click("#board-table [data-kind=csv]")
    assert download.value.suggested_filename == "phantom-val.csv"
    assert Path(download.value.path()).read_text(encoding="utf-8").startswith("rank,tier,entry,")


@pytest.mark.thorough
def test_another_board_changes_the_page_and_the_address(page: Any, boards: AppServer) -> None:
    _open(page, boards.url)
    page.wait_for_selector("#differences a[href^='/?board=phantom-val&image=']")
    expect(page.locator(ROWS).first.locator(".bd-c-ari .bd-m-line")).to_have_count(1)
    page.click("#board label:has-text('CT thorax')")
    page.wait_for_selector(".bd-empty :text('No results yet')")
    page.wait_for_url("**/leaderboard?board=ct-fewshot-zeroshot")
    expect(page.locator("#of-images")).to_be_hidden()
    expect(page.locator("#charts figure")).to_have_count(0)
    page.click("#board label:has-text('Phantom (open')")
    expect(page.locator(METHODS)).to_have_text(["Good", "Better", "Weak"])
    page.wait_for_selector("#differences a[href^='/?board=phantom-val&image=']")


@pytest.mark.thorough
@pytest.mark.parametrize("viewport", [DESK, PHONE])
def test_labels_of_points_do_not_cover_each_other(
    page: Any, boards: AppServer, viewport: dict[str, int]
) -> None:
    page.set_viewport_size(viewport)
    _open(page, boards.url)
    page.wait_for_function(
        """() => [...document.querySelectorAll('.pl-area')].every((area) => {
          const boxes = [...area.querySelectorAll('.pl-label')].map((label) => label.getBoundingClientRect());
          return boxes.length && boxes.every((a, i) => boxes.every((b, k) => i === k ||
            a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top));
        })"""
    )


@pytest.mark.thorough
def test_sliders_and_presets_move_every_index(page: Any, boards: AppServer) -> None:
    page.goto(f"{boards.url}/leaderboard")
    page.click("#explain button")
    page.wait_for_selector("[data-index=ari] output:text('1.000')")
    labels = page.locator(".bd-labels")
    before = labels.get_attribute("src")
    page.click("button:text('Fill the image')")
    page.wait_for_function("document.querySelector('[data-index=ari] output').innerText < '0.1'")
    expect(page.locator("[data-index=fg_ari] output")).to_have_text("1.000")
    expect(labels).not_to_have_attribute("src", before)
    number = page.locator("#bd-fill input[type=number]")
    expect(number).to_have_value("100")  # a preset that comes later would undo what is typed
    number.fill("0")
    page.keyboard.press("Tab")
    page.wait_for_selector("[data-index=ari] output:text('1.000')")


@pytest.mark.thorough
def test_a_phone_shows_rank_name_and_both_indices(page: Any, boards: AppServer) -> None:
    page.set_viewport_size(PHONE)
    _open(page, boards.url)
    expect(page.locator("#board-table thead th:visible")).to_have_text(["Rank", "Method", "ari", "fg_ari"])
    fits = "element => element.scrollWidth <= element.clientWidth"
    assert page.locator("#board-table .bd-frame").evaluate(fits)
    for path, ready in (("leaderboard", "#spread .bd-s-dot"), ("methods", ".md-card")):
        page.goto(f"{boards.url}/{path}")
        page.wait_for_selector(ready)
        page.wait_for_function("(width) => document.documentElement.scrollWidth <= width", arg=PHONE["width"])
    # The window hides what hangs over; the cards must not hang over.
    page.wait_for_function(
        "(width) => Math.max(...[...document.querySelectorAll('.md-card dd, .md-card li')]"
        ".map((part) => part.getBoundingClientRect().right)) <= width",
        arg=PHONE["width"],
    )


def test_programs_read_a_board(boards: AppServer) -> None:
    from gradio_client import Client

    rows = Client(boards.url, verbose=False).predict("ct-fewshot-val", api_name="/board")
    assert [row["entry"] for row in rows][:3] == ["good", "better", "weak"]
    assert rows[0]["rank"] == 1

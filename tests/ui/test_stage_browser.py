"""The stage's tools, driven in a real browser: tree tools in the toolbar, two fingers, a link with a cut."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from app_server import AppServer
from browser_pages import DESK, PHONE
from compare_page import PICTURE, ComparePage
from PIL import Image
from playwright.sync_api import expect

from ctseg.datasets.phantom import phantom_slice
from ctseg.datasets.phantom.dataset import ct_slice
from ctseg.methods import CARDS
from ctseg.slices.windowing import SOFT_TISSUE, to_uint8

pytestmark = [pytest.mark.browser, pytest.mark.thorough]

STAGE = "window.ctsegStage.compare.stage"
ASKED = "/?example=0&slice=19&methods=sobel-tree&cut=sobel-tree:7"
SMALL = {"width": 1280, "height": 900}


@pytest.fixture(scope="module")
def tree(browser: Any, server: AppServer) -> Iterator[ComparePage]:
    """A page that a link with a cut opened: seven structures of a method with a merge tree."""
    opened = ComparePage(browser, server.url + ASKED, SMALL)
    opened.wait("sobel-tree")
    yield opened
    opened.close()


def _says(page: ComparePage, count: int) -> None:
    expect(page.panel("sobel-tree").locator(".ct-status")).to_contain_text(re.compile(rf"^{count} regions?"))


def test_a_link_with_a_cut_reopens_at_that_cut(tree: ComparePage) -> None:
    _says(tree, 7)
    tree.page.get_by_role("button", name="Copy link").click()
    expect(tree.page).to_have_url(re.compile("cut=sobel-tree(:|%3A)7"))
    expect(tree.panel("slice").locator(".ct-time")).to_have_text("19 of 41")


def test_two_clicks_merge_and_one_splits_without_a_keyboard(tree: ComparePage) -> None:
    tree.page.get_by_role("button", name="Merge", exact=False).click()
    expect(tree.page.locator(".ct-picked")).to_contain_text("Click the two structures to merge")
    for place in _two_places(tree):
        tree.click_source_pixel("sobel-tree", place)
    _says(tree, 6)
    tree.page.get_by_role("button", name="Undo").click()
    _says(tree, 7)
    tree.page.locator('[data-panel="sobel-tree"]').press("Escape")
    tree.page.get_by_role("button", name="Split", exact=False).click()
    tree.click_source_pixel("sobel-tree", _two_places(tree)[0])
    _says(tree, 8)
    tree.page.get_by_role("button", name="Undo").click()
    _says(tree, 7)


def test_the_hint_goes_with_the_mode_and_what_was_done_or_refused_stands_in_its_place(
    tree: ComparePage,
) -> None:
    said = tree.page.locator(".ct-picked")
    merge = tree.page.get_by_role("button", name="Merge", exact=False)
    for end in (lambda: tree.page.keyboard.press("Escape"), merge.click):
        merge.click()
        expect(said).to_have_text("Click the two structures to merge; press Escape to cancel.")
        end()
        expect(said).to_have_text("")
        expect(merge).to_have_attribute("aria-pressed", "false")
    places = _two_places(tree)
    first, second = (_label_at(tree, place) for place in places)
    merge.click()
    tree.click_source_pixel("sobel-tree", places[0])
    expect(said).to_contain_text(f"merge with {first}")
    tree.page.evaluate(f"{STAGE}.labelAt = () => 0")
    tree.click_source_pixel("sobel-tree", places[1])
    tree.page.evaluate(f"delete {STAGE}.labelAt")
    expect(said).to_have_text("That is background; click a structure.")
    tree.click_source_pixel("sobel-tree", places[1])
    expect(said).to_have_text(f"Merged {first} and {second}.")
    tree.page.get_by_role("button", name="Undo").click()
    _says(tree, 7)
    tree.page.get_by_role("button", name="Undo").click()
    expect(tree.page.get_by_role("button", name="Undo")).to_be_disabled()
    tree.page.get_by_role("button", name="Split", exact=False).click()
    tree.page.evaluate(f"{STAGE}.trees.hooks.edit({STAGE}.trees.active, 'undo')")
    expect(said).to_have_text("There is nothing to undo.")
    expect(tree.page.get_by_role("button", name="Split", exact=False)).to_have_attribute(
        "aria-pressed", "false"
    )
    tree.noted.clear()  # the browser itself logs that the server refused
    tree.page.get_by_role("button", name="Redo").click()
    _says(tree, 7)


def _label_at(page: ComparePage, place: tuple[float, float]) -> int:
    return int(
        page.page.evaluate(
            f"([x, y]) => {{ const {{ width, height }} = {STAGE}.view.slice;"
            f' const pane = {STAGE}.panes.get("sobel-tree");'
            f" return {STAGE}.labelAt(pane, [Math.floor(x * width), Math.floor(y * height)]); }}",
            list(place),
        )
    )


def _two_places(page: ComparePage) -> list[tuple[float, float]]:
    """Middles of two runs of pixels of different structures, as parts of width and height."""
    places: list[tuple[float, float]] = page.page.evaluate(
        f"""() => {{
          const {{ labels }} = {STAGE}.panes.get("sobel-tree").result;
          const {{ width, height }} = {STAGE}.view.slice;
          const [y, found] = [Math.floor(height / 2), new Map()];
          let [from, best] = [0, new Map()];
          for (let x = 1; x <= width; x++) {{
            const label = labels[y * width + from];
            if (x < width && labels[y * width + x] === label) continue;
            if (label && x - from > (best.get(label)?.[1] ?? 8)) best.set(label, [(from + x) / 2, x - from]);
            from = x;
          }}
          return [...best.values()].slice(0, 2).map(([x]) => [x / width, (y + 0.5) / height]);
        }}"""
    )
    assert len(places) == 2
    return places


def test_slider_and_keys_cut_and_the_tools_lie_on_no_image(tree: ComparePage) -> None:
    slider = tree.page.get_by_label("Coarse to fine, Sobel volume tree")
    slider.focus()
    slider.press("Home")
    _says(tree, 1)
    tree.page.locator('[data-panel="sobel-tree"]').press("]")
    _says(tree, 2)
    for key in ["ArrowRight"] * 5 + ["ArrowLeft"] * 3:
        slider.press(key)
    _says(tree, 4)
    expect(tree.page.locator(".ct-count")).to_have_text("4 regions")
    over = tree.page.evaluate(
        """() => {
          const grid = document.querySelector(".ct-grid").getBoundingClientRect();
          return [...document.querySelectorAll(".ct-toolbar :is(button, input, select)")]
            .filter((each) => each.checkVisibility())
            .filter((each) => each.getBoundingClientRect().bottom > grid.top).length;
        }"""
    )
    assert over == 0


def test_every_pane_keeps_its_words_in_one_line_each(tree: ComparePage) -> None:
    heights = tree.page.locator(".ct-title, .ct-status").evaluate_all(
        "all => all.map(one => one.offsetHeight)"
    )
    assert max(heights) < 30, heights


def test_no_title_is_cut_on_a_desk_and_the_whole_one_is_there_to_point_at(
    browser: Any, server: AppServer
) -> None:
    page = ComparePage(browser, server.url, DESK)
    titles = page.page.locator(".ct-grid .ct-title")
    expect(titles).to_have_count(7)
    assert titles.evaluate_all("all => all.every((each) => each.scrollWidth <= each.clientWidth)")
    short = page.panel("sam-vit-t").locator(".ct-title")
    expect(short).to_have_text(CARDS["sam-vit-t"].short)
    expect(short).to_have_attribute("title", CARDS["sam-vit-t"].title)
    page.page.set_viewport_size({"width": 1920, "height": 1080})
    expect(short).to_have_text(CARDS["sam-vit-t"].title)
    page.close()


def test_where_one_pane_has_room_it_is_our_own(browser: Any, server: AppServer) -> None:
    page = ComparePage(browser, server.url, PHONE)
    expect(page.page.locator(".ct-grid .ct-panel")).to_have_attribute("data-method", "partition")
    page.page.click('[data-film="unet-tvmf"]')
    expect(page.page.locator(".ct-grid .ct-panel")).to_have_attribute("data-method", "unet-tvmf")
    page.close()


def test_two_fingers_zoom_the_panes_and_not_the_page(browser: Any, server: AppServer) -> None:
    context = browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(server.url)
    expect(page.locator("gradio-app .ct-stage")).to_be_visible()
    pane = page.locator('.ct-grid .ct-panel[data-state="done"] .ct-image')
    pane.scroll_into_view_if_needed()
    pane.click(trial=True)  # waits until it stands still
    box = pane.bounding_box()
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    touch = context.new_cdp_session(page)
    for along in ((1, 0), (0, 1)):
        page.evaluate(f"{STAGE}.home()")
        for kind, apart in (("touchStart", 20), ("touchMove", 32), ("touchMove", 60), ("touchEnd", None)):
            points = [
                {"x": middle[0] + side * apart * along[0], "y": middle[1] + side * apart * along[1], "id": k}
                for k, side in enumerate((-1, 1))
                if apart
            ]
            touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        page.wait_for_function(f"{STAGE}.view.zoom > 2")
        assert page.evaluate("window.visualViewport.scale") == 1
    context.close()


def test_what_grows_below_leaves_the_panes_of_a_link_in_the_window(browser: Any, server: AppServer) -> None:
    page = ComparePage(browser, f"{server.url}/?example=0&methods=watershed,sobel-tree", PHONE)
    expect(page.page.locator("#agreement tbody tr")).to_have_count(2)
    page.page.wait_for_function("document.querySelector('.ct-grid').getBoundingClientRect().top > -5")
    page.close()


def test_what_opens_below_and_the_height_of_the_window_take_nothing_from_the_layout(
    browser: Any, server: AppServer
) -> None:
    page = ComparePage(browser, f"{server.url}/?example=3&methods=watershed,sobel-tree,multi-otsu", SMALL)
    page.wait("multi-otsu")
    expect(page.panel("truth").locator(".ct-title")).to_be_visible()
    keys = page.page.locator(".ct-keys summary")
    for high, layout in ((900, "grid"), (330, "one"), (900, "grid")):
        page.page.set_viewport_size({"width": 1280, "height": high})
        page.page.wait_for_function(f"{STAGE}.layout.arrangement === '{layout}'")
        for _ in ("open", "close"):
            before = page.page.evaluate(f"{STAGE}.layout.room()[1]")
            keys.click()
            page.drawn()
            # A line of words that comes or goes beside them is no more than that.
            assert abs(page.page.evaluate(f"{STAGE}.layout.room()[1]") - before) < 30
            assert page.page.evaluate(f"{STAGE}.layout.arrangement") == layout
    page.page.locator(".ct-toolbar").get_by_text("Grid").click()  # which it is already
    page.page.set_viewport_size({"width": 1280, "height": 330})
    page.drawn()
    assert page.page.evaluate(f"{STAGE}.layout.arrangement") == "grid"
    page.close()


def test_a_caption_has_three_lines_at_most_and_its_state_is_not_cut_off(
    browser: Any, server: AppServer
) -> None:
    page = ComparePage(
        browser, f"{server.url}/?example=3&methods=watershed,sobel-tree,multi-otsu,unet-tvmf", SMALL
    )
    page.wait("unet-tvmf")
    page.wait("multi-otsu")
    for method in ("watershed", "sobel-tree", "multi-otsu", "unet-tvmf"):
        expect(page.panel(method).locator(".ct-found")).to_contain_text("found")
    page.drawn()
    heights, cut = page.page.evaluate(
        """() => [[...document.querySelectorAll(".ct-grid figcaption")].map((each) => each.offsetHeight),
          [...document.querySelectorAll(".ct-grid :is(.ct-status, .ct-outside)")]
            .filter((each) => each.scrollWidth > each.clientWidth).map((each) => each.textContent)]"""
    )
    assert max(heights) <= 66, heights
    assert cut == []
    page.page.evaluate("void Promise.reject(new DOMException('left', 'AbortError'))")
    page.drawn()
    page.close()


def test_panes_fit_each_window(browser: Any, server: AppServer) -> None:
    page = ComparePage(browser, server.url, DESK)
    for width, height in ((1280, 900), (2560, 1440)):
        page.page.set_viewport_size({"width": width, "height": height})
        page.page.wait_for_function(
            "document.querySelector('.ct-grid').getBoundingClientRect().bottom <= innerHeight"
        )
    page.close()


def test_a_slice_on_its_side_is_said_and_one_click_segments_it_upright(
    browser: Any, server: AppServer, tmp_path: Path
) -> None:
    upright = to_uint8(ct_slice(phantom_slice(13, "abdomen")), SOFT_TISSUE)
    Image.fromarray(np.rot90(upright)).save(tmp_path / "lying.png")
    page = ComparePage(browser, server.url, DESK)
    page.choose("unet-tvmf")
    page.upload(tmp_path / "lying.png")
    asked = page.page.locator(".ct-asked")
    expect(asked).to_contain_text("seems to lie on its side")
    asked.get_by_role("button").click()
    page.wait("unet-tvmf")
    expect(asked).to_have_text("Methods get the slice as shown.")
    expect(page.panel("unet-tvmf").locator(".ct-outside")).to_be_hidden()
    page.close()


def test_the_figure_is_told_what_of_the_slice_is_on_the_screen(tree: ComparePage) -> None:
    boxes = tree.page.evaluate(
        f"""async () => {{
          const stage = {STAGE};
          const boxes = [];
          for (const zoom of [1, 4]) {{
            stage.home();
            stage.zoomAt(stage.panes.get("slice"), null, zoom);
            await new Promise((next) => requestAnimationFrame(() => requestAnimationFrame(next)));
            boxes.push(stage.panes.get("slice").visible());
          }}
          stage.home();
          return boxes;
        }}"""
    )
    assert boxes[0] == [0, 0, 512, 512]
    left, top, right, bottom = boxes[1]
    assert 0 < left < 256 < right < 512
    assert 0 < top < 256 < bottom < 512


@pytest.mark.parametrize("query", ["example=99&methods=no-such", "board=no-such&image=0.png"])
def test_a_link_to_nothing_says_so_beside_the_finished_first_result(
    browser: Any, server: AppServer, query: str
) -> None:
    page = ComparePage(browser, f"{server.url}/?{query}", DESK)
    expect(page.page.locator("#notice")).to_contain_text(re.compile("no such example|names no board"))
    page.wait("unet-tvmf")
    expect(page.page.locator(".ct-opening")).to_contain_text("Computed beforehand")
    expect(page.page.locator("#methods input:checked").first).to_be_attached()
    page.noted.clear()  # the browser itself logs that the server refused
    page.close()


def test_what_is_moved_while_panning_is_what_a_whole_drawing_shows(tree: ComparePage) -> None:
    different = tree.page.evaluate(
        f"""async () => {{
          const stage = {STAGE};
          const pane = stage.panes.get("sobel-tree");
          stage.zoomAt(pane, null, 2.3);
          const shown = () => {{
            pane.draw(stage.view);
            const {{ width, height }} = pane.canvas;
            return ({PICTURE})(pane.place).getContext("2d").getImageData(0, 0, width, height).data;
          }};
          const counts = [];
          for (const [dx, dy] of [[13, 0], [0, -9], [-31.4, 22.7], [-90, -70], [-90, 60], [150, 20]]) {{
            stage.pan(pane, dx, dy);
            await new Promise((next) => requestAnimationFrame(() => requestAnimationFrame(next)));
            const moved = shown();
            pane.backing.facts = [];
            const whole = shown();
            counts.push(moved.filter((each, k) => Math.abs(each - whole[k]) > 2).length);
          }}
          stage.home();
          return counts;
        }}"""
    )
    # At edges of structures single pixels may be rounded the other way; a seam would be a line of hundreds.
    assert max(different) < 200, different

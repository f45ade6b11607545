"""A step from coarse to fine is seen at once, however far the server is, and is what the server then says."""

from collections.abc import Iterator
from typing import Any

import pytest
from app_server import AppServer
from compare_page import ComparePage
from playwright.sync_api import Route, expect

pytestmark = [pytest.mark.browser, pytest.mark.thorough]

ASKED = "/?example=0&slice=19&methods=partition,partition-all"
EDITS = "window.ctsegStage.compare.edits"
PANES = "window.ctsegStage.compare.stage.panes"
SHOWN = """() => {
  const { result, hues, cuts } = window.ctsegStage.compare.stage.panes.get("partition-all");
  const { labels, ahead, tree, clear } = result;
  const { structures } = tree;
  return { labels: [...labels], hues: [...hues], clear, structures, ahead: !!ahead, knows: !!cuts };
}"""


@pytest.fixture
def page(browser: Any, server: AppServer) -> Iterator[ComparePage]:
    """A page on which a method divided the whole body, whose pointer came near the slider."""
    opened = ComparePage(browser, server.url + ASKED, {"width": 1280, "height": 900})
    opened.wait("partition-all")
    opened.wait("partition")
    opened.page.get_by_role("slider", name="Coarse to fine").hover()
    opened.page.wait_for_function(f'{PANES}.get("partition").cuts')
    opened.page.get_by_label("Pane that the tree tools act on").select_option("partition-all")
    opened.page.wait_for_function(f"({SHOWN})().knows")
    yield opened
    opened.close()


def _cut(page: ComparePage, count: int) -> dict[str, Any]:
    """Ask for a cut and return what the pane holds when the call is over, before anything can answer."""
    asked = """(count) => {
      const { edits, stage } = window.ctsegStage.compare;
      edits.cut(stage.panes.get("partition-all"), count);
    }"""
    return page.page.evaluate(f"(count) => {{ ({asked})(count); return ({SHOWN})(); }}", count)


def _answered(page: ComparePage) -> dict[str, Any]:
    page.page.wait_for_function(f"!({SHOWN})().ahead && !window.ctsegStage.compare.edits.busy")
    return page.page.evaluate(SHOWN)


def test_what_is_shown_at_once_is_what_the_server_answers(page: ComparePage) -> None:
    for count in (12, 13, 90, 3, 40):
        shown = _cut(page, count)
        assert shown["ahead"]
        assert shown["structures"] == count
        answered = _answered(page)
        for name in ("structures", "labels", "hues", "clear"):
            assert answered[name] == shown[name], name
    expect(page.panel("partition-all").locator(".ct-status")).to_contain_text("40 regions")


def test_an_answer_that_is_late_does_not_take_back_a_newer_step(page: ComparePage) -> None:
    held: list[Route] = []
    page.page.route("**/compare/edit", lambda route: route.continue_() if held else held.append(route))
    for count in (12, 25, 50):
        assert _cut(page, count)["structures"] == count
    assert len(held) == 1  # the newest waits
    held[0].continue_()
    assert _answered(page)["structures"] == 50


def test_what_the_server_refuses_is_taken_back_and_said(page: ComparePage) -> None:
    before = page.page.evaluate(SHOWN)
    sentence = "This page was closed; reload it."
    page.page.route("**/compare/edit", lambda route: route.fulfill(status=409, json={"sentence": sentence}))
    assert _cut(page, 12)["structures"] == 12
    assert _answered(page) == before
    expect(page.page.locator(".ct-picked")).to_have_text(sentence)
    assert all("409" in said for said in page.noted)
    page.noted.clear()


def _slowly(page: ComparePage) -> None:
    """Let every answer to an edit take its time, so that what is shown runs ahead of the server."""

    page.page.evaluate(
        """() => {
          const soon = window.fetch;
          window.fetch = async (address, ...rest) => {
            if (String(address).endsWith("/compare/edit")) await new Promise((go) => setTimeout(go, 250));
            return soon(address, ...rest);
          };
        }"""
    )


def _counts(page: ComparePage) -> list[int]:
    page.page.wait_for_function(f"!{EDITS}.busy")
    return page.page.evaluate(
        f'["partition", "partition-all"].map((name) => {PANES}.get(name).result.tree.structures)'
    )


def test_an_edit_is_made_to_the_cut_that_is_shown(page: ComparePage) -> None:
    _slowly(page)
    page.page.evaluate(
        f"""() => {{
          const pane = {PANES}.get("partition-all");
          for (const count of [6, 3]) {EDITS}.cut(pane, count);
          window.ctsegStage.compare.stage.view.picked = {{ "partition-all": [1, 3] }};
          {EDITS}.edit(pane, "merge");
        }}"""
    )
    assert _counts(page)[1] == 2
    expect(page.page.locator(".ct-picked")).to_have_text("Merged 1 and 3.")


def test_an_edit_of_a_cut_that_was_refused_is_not_made(page: ComparePage) -> None:
    before = _counts(page)
    page.page.route("**/compare/edit", lambda route: route.fulfill(status=409, json={"sentence": "No."}))
    page.page.evaluate(
        f"""() => {{
          const pane = {PANES}.get("partition-all");
          {EDITS}.cut(pane, 6);
          window.ctsegStage.compare.stage.view.picked = {{ "partition-all": [1, 3] }};
          {EDITS}.edit(pane, "merge");
        }}"""
    )
    assert _counts(page) == before
    assert len(page.noted) == 1  # the merge was never asked for
    page.noted.clear()


def test_every_pane_comes_to_its_own_last_step(page: ComparePage) -> None:
    _slowly(page)
    page.page.evaluate(
        f"""() => {{
          for (const [name, count] of [["partition", 8], ["partition", 4], ["partition-all", 20]]) {{
            {EDITS}.cut({PANES}.get(name), count);
          }}
        }}"""
    )
    assert _counts(page) == [4, 20]


def test_what_is_chosen_in_a_cut_shown_ahead_stays_chosen(page: ComparePage) -> None:
    _slowly(page)
    _cut(page, 7)
    page.page.evaluate('window.ctsegStage.compare.stage.picking.select("partition-all", 7)')
    assert _answered(page)["structures"] == 7
    assert page.page.evaluate("window.ctsegStage.compare.stage.view.selected?.label") == 7

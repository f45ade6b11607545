"""The page without a server judges as the app does whether a slice is of the kind that methods know."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from test_static_page import PHANTOM, Page

from ctseg.methods import CARDS
from ctseg.methods.base.domain import domain_note, domain_of
from ctseg.slices import CTSlice
from ctseg.slices.orientation import Turn, lie_of
from ctseg.static_site.facts import METHODS
from ctseg.ui.compare.examples import EXAMPLES

pytestmark = [pytest.mark.browser, pytest.mark.thorough]

JUDGED = """async ({ pixels, intensity, ...slice }) => {
  const { domainNote, domainOf } = await import("./engine/domain.js");
  const { FACTS } = await import("./facts.js");
  const domain = domainOf({ ...slice, intensity, pixels: Float32Array.from(pixels) });
  const names = Object.keys(FACTS.methods);
  return { ...domain, notes: Object.fromEntries(names.map((name) => [name, domainNote(name, domain)])) };
}"""


def examples() -> list[CTSlice]:
    shown = []
    for example in EXAMPLES:
        opened = example.open()
        shown.append(opened.stack[opened.stack.middle if opened.start is None else opened.start])
    return shown


@pytest.fixture(scope="module")
def page(browser: Any, address: str) -> Any:
    opened = Page(browser, address)
    yield opened
    opened.close()


def judged(page: Page, ct_slice: CTSlice) -> dict[str, Any]:
    asked = {
        "pixels": ct_slice.pixels.ravel().tolist(),
        "height": ct_slice.shape[0],
        "width": ct_slice.shape[1],
        "intensity": ct_slice.intensity,
        "lie": lie_of(ct_slice.affine),
    }
    answer: dict[str, Any] = page.page.evaluate(JUDGED, asked)
    return answer


def agree(page: Page, ct_slice: CTSlice) -> None:
    found, expected = judged(page, ct_slice), domain_of(ct_slice)
    assert (found["lie"], found["region"]) == (expected.lie, expected.region)
    assert found["score"] == pytest.approx(expected.score, abs=2e-4)
    assert found["outside"] == expected.outside
    assert found["notes"] == {name: domain_note(CARDS[name], expected) for name in METHODS}


@pytest.mark.parametrize("index", range(len(EXAMPLES)), ids=lambda index: EXAMPLES[index].name)
def test_examples_are_judged_as_in_the_app(page: Page, index: int) -> None:
    agree(page, examples()[index])


@pytest.mark.parametrize("turn", [(0, 1, -1, 0), (-1, 0, 0, -1), (0, -1, 1, 0)])
def test_turned_slices_are_judged_as_in_the_app(page: Page, turn: tuple[int, ...]) -> None:
    """Their file says nothing of how they lie, so grey levels are asked."""
    agree(page, Turn(*turn).applied_to_slice(examples()[PHANTOM]))


def test_a_part_of_a_slice_and_noise_are_judged_as_in_the_app(page: Page) -> None:
    whole = replace(examples()[PHANTOM], affine=None)
    agree(page, replace(whole, pixels=np.ascontiguousarray(whole.pixels[100:371, 60:499])))
    noise = np.random.default_rng(3).integers(0, 256, (97, 61)).astype(np.uint8)
    agree(page, CTSlice(noise, "8-bit", None, "noise"))


def test_the_page_says_what_a_method_does_not_know(page: Page) -> None:
    thorax = next(k for k, example in enumerate(EXAMPLES) if example.name == "Thorax, 8-bit")
    page.phantom(thorax, "unet-tvmf")
    note = domain_note(CARDS["unet-tvmf"], domain_of(examples()[thorax]))
    assert note
    first = note.split(". ")[0]
    page.page.wait_for_selector(f'[data-method="unet-tvmf"] .ct-outside:has-text("{first}")')

"""The check that a slice is of the kind that the trained methods know."""

from dataclasses import replace

import numpy as np
import pytest

from ctseg.datasets.examples import ABDOMEN
from ctseg.datasets.phantom import phantom_slice
from ctseg.datasets.phantom.dataset import ct_slice as drawn
from ctseg.methods import CARDS
from ctseg.methods.base.domain import LIES, domain_note, domain_of
from ctseg.slices import CTSlice
from ctseg.slices.windowing import SOFT_TISSUE, to_uint8

UNET = CARDS["unet-tvmf"]


def _grey(ct_slice: CTSlice) -> CTSlice:
    """The same as an 8-bit file in the usual window, of which no place is known."""
    return CTSlice(to_uint8(ct_slice, SOFT_TISSUE), "8-bit", None, "PNG")


@pytest.fixture(scope="module")
def abdomen() -> CTSlice:
    """A real abdomen, upright."""
    return ABDOMEN.stack()[ABDOMEN.start]


@pytest.fixture(scope="module")
def thorax() -> CTSlice:
    """A drawn thorax, upright."""
    return drawn(phantom_slice(2, "thorax"))


def test_an_abdomen_is_no_reason_to_warn_in_hu_or_in_8_bit(abdomen: CTSlice) -> None:
    for ct_slice in (abdomen, _grey(abdomen)):
        domain = domain_of(ct_slice)
        assert (domain.lie, domain.region, domain.outside) == ("upright", "abdomen", False)
        assert domain_note(UNET, domain) == ""


def test_a_thorax_is_called_one_for_methods_that_know_organs_only(thorax: CTSlice) -> None:
    domain = domain_of(_grey(thorax))
    assert (domain.region, domain.outside) == ("thorax", True)
    assert domain_note(UNET, domain).startswith(
        "This looks like a thorax. This method knows 13 abdominal organs"
    )
    assert domain_note(CARDS["watershed"], domain) == ""


@pytest.mark.parametrize("quarters", [1, 3])
def test_an_abdomen_on_its_side_is_seen_and_the_turn_named(abdomen: CTSlice, quarters: int) -> None:
    grey = _grey(abdomen)
    domain = domain_of(replace(grey, pixels=np.rot90(grey.pixels, quarters).copy()))
    assert (domain.lie, domain.outside) == (LIES[quarters], True)
    assert "puts it upright" in domain_note(UNET, domain)


def test_a_coronal_slice_is_called_that_where_the_file_says_so(abdomen: CTSlice) -> None:
    affine = np.array([[0, -1, 0, 0], [0, 0, 1, 0], [-1, 0, 0, 0], [0, 0, 0, 1]], float)
    domain = domain_of(replace(abdomen, affine=affine))
    assert domain.lie == "coronal"
    assert domain_note(UNET, domain).startswith("This slice is coronal, not axial.")


@pytest.mark.parametrize("shape", [(1, 1), (1, 700), (2, 3), (600, 40)])
def test_any_size_and_value_gets_an_answer(shape: tuple[int, int]) -> None:
    for value in (0, 255):
        domain = domain_of(CTSlice(np.full(shape, value, np.uint8), "8-bit", None, "PNG"))
        assert 0 <= domain.score <= 1
    domain = domain_of(CTSlice(np.full(shape, np.nan, np.float32), "HU", None, "test"))
    assert 0 <= domain.score <= 1

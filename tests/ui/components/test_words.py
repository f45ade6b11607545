"""Numbers and words that several pages write the same way."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctseg.ui.components.words import counted, decimals, in_few_letters


@pytest.mark.parametrize(
    ("number", "words"), [(None, "unknown"), (0, "0"), (999, "999"), (93_735_472, "93.7 M")]
)
def test_parameters_in_few_letters(number: int | None, words: str) -> None:
    assert in_few_letters(number) == words


@given(st.floats(-1, 1), st.integers(1, 6))
def test_what_rounds_to_zero_has_no_minus_sign(value: float, digits: int) -> None:
    text = decimals(value, digits)
    assert float(text) == pytest.approx(value, abs=0.51 * 10**-digits)
    assert not (text.startswith("-") and float(text) == 0)


def test_counted_and_missing() -> None:
    assert (counted(1, "patient"), counted(0, "slice")) == ("1 patient", "0 slices")
    assert decimals(None) == "–"

"""The catalogue knows every score, and words for each."""

from dataclasses import fields

import numpy as np
import pytest

from ctseg.metrics import CATALOGUE, COMPARED, TABLED, Scores, mean_scores, score
from ctseg.metrics.catalogue import MAY_BE_MISSING, NOTHING, tabled


def test_every_score_is_in_the_catalogue_once() -> None:
    assert set(CATALOGUE) == {field.name for field in fields(Scores)}
    titles = [info.title for info in CATALOGUE.values()]
    assert len(set(titles)) == len(titles)


@pytest.mark.parametrize("key", list(CATALOGUE))
def test_every_score_is_explained_in_whole_sentences(key: str) -> None:
    info = CATALOGUE[key]
    assert info.explanation[0].isupper() or info.explanation.startswith(info.title)
    assert info.explanation.endswith(".")
    assert info.asks


def test_only_scores_that_may_be_missing_are_missing() -> None:
    nothing = score(np.zeros((4, 4), int), np.zeros((4, 4), int))
    missing = {field.name for field in fields(Scores) if np.isnan(getattr(nothing, field.name))}
    assert missing == set(MAY_BE_MISSING)
    assert {key for key in mean_scores([nothing]) if key.endswith("_left_out")} == {
        f"{key}_left_out" for key in MAY_BE_MISSING
    }


def test_compared_scores_reach_one_when_all_is_right() -> None:
    true = np.kron(np.array([[0, 1], [2, 3]]), np.ones((8, 8), int))
    perfect = score(true, true)
    assert {getattr(perfect, key) for key in COMPARED} == {1.0}
    assert set(COMPARED) < set(TABLED)


def test_values_read_as_a_person_writes_them() -> None:
    assert CATALOGUE["ari"].text(0.12345) == "0.123"
    assert CATALOGUE["ari"].text(0.12345, digits=2) == "0.12"
    assert CATALOGUE["structures_found"].text(7.25, digits=4) == "7.2"
    assert CATALOGUE["ari"].text(None) == NOTHING
    assert CATALOGUE["split"].heading == "Split (bits)"
    best = [CATALOGUE[key].best for key in ("ari", "split", "ri")]
    assert (best[0] is max, best[1] is min, best[2] is None) == (True, True, True)


def test_what_an_older_result_lacks_is_none() -> None:
    assert tabled({"ari": 0.5}) == {key: 0.5 if key == "ari" else None for key in TABLED}

"""The explanation with sliders: what each change does to the label map, and that its claims hold."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from ctseg.labelmaps import connected_regions
from ctseg.metrics import ari, score
from ctseg.ui.leaderboard import explain
from ctseg.ui.leaderboard.perturbation import Changes, PerturbedLabelMap


def _truth() -> np.ndarray:
    """Three structures, two of which touch."""
    label_map = np.zeros((60, 80), np.uint8)
    label_map[10:30, 10:30], label_map[10:30, 30:40], label_map[40:50, 50:70] = 9, 4, 200
    return label_map


def test_nothing_changed_is_the_truth() -> None:
    assert ari(PerturbedLabelMap(_truth()).changed(Changes()), _truth()) == 1


def test_all_merged_is_the_connected_regions_of_the_mask() -> None:
    merged = PerturbedLabelMap(_truth()).changed(Changes(merged=1))
    assert ari(merged, connected_regions(_truth() != 0)) == 1


def test_pieces_are_equal_and_within_their_structure() -> None:
    cut = PerturbedLabelMap(_truth()).changed(Changes(pieces=4))
    sizes = np.bincount(cut.ravel())[1:]
    assert sorted(sizes.tolist()) == [50] * 8 + [100] * 4
    assert score(cut, _truth()).merge == 0


def test_a_structure_smaller_than_its_pieces_stays_whole() -> None:
    tiny = np.zeros((5, 5), np.uint8)
    tiny[2, 2] = 1
    assert PerturbedLabelMap(tiny).changed(Changes(pieces=6)).max() == 1


@pytest.mark.parametrize("px", [1, 5])
def test_growing_gives_the_nearest_structure_and_shrinking_takes_the_rim(px: int) -> None:
    truth = PerturbedLabelMap(_truth())
    grown, shrunk = truth.changed(Changes(grown_px=px)), truth.changed(Changes(grown_px=-px))
    assert grown[20, 10 - px] == grown[20, 10]
    assert grown[20, 10 - px - 1] == 0
    assert shrunk[20, 10 + px] == truth.true[20, 10]
    assert shrunk[20, 10 + px - 1] == 0
    # Where two structures touch there is no rim.
    assert shrunk[20, 29] == truth.true[20, 29]


def test_filled_leaves_no_background_and_keeps_structures() -> None:
    filled = PerturbedLabelMap(_truth()).changed(Changes(filled=1))
    assert filled.min() > 0
    assert score(filled, _truth()).fg_ari == 1


def test_an_image_without_structures_stays_empty() -> None:
    empty = PerturbedLabelMap(np.zeros((9, 9), np.uint8))
    for changes in (Changes(merged=1), Changes(pieces=3), Changes(filled=1), Changes(grown_px=-2)):
        assert empty.changed(changes).max() == 0


def test_the_claims_beside_the_sliders_hold_on_the_phantom_shown() -> None:
    def bars(changes: Changes) -> dict[str, float]:
        return {each["key"]: each["value"] for each in explain.message(changes)["scores"]["bars"]}

    truth, merged, filled = bars(Changes()), bars(Changes(merged=1)), bars(Changes(filled=1))
    assert set(truth.values()) == {1.0}
    assert merged["ari"] > 0.95
    assert merged["fg_ari"] < 0.9
    assert filled["fg_ari"] == 1
    assert filled["ari"] < 0.1


def test_the_first_message_brings_the_slice_and_later_ones_only_what_moved() -> None:
    assert explain.first_message()["grey"].startswith("data:image/jpeg;base64,")
    later = explain.on_sliders(50, 2, -3, 10)
    assert "grey" not in later
    assert len(later["labels"]) < 40_000


def test_the_label_image_is_transparent_where_there_is_no_structure() -> None:
    data = explain.labels_png(_truth()).partition(",")[2]
    image = np.array(Image.open(io.BytesIO(base64.b64decode(data))).convert("RGBA"))
    assert (image[..., 3] > 0).tolist() == (_truth() > 0).tolist()


def test_presets_stand_within_the_sliders() -> None:
    for _, changes in explain.PRESETS:
        assert explain.on_sliders(*explain.slider_places(changes))["labels"]

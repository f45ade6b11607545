"""Scores against scikit-learn's, by hand, and under what must not change them."""

import json
import math
from dataclasses import asdict, fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.metrics import adjusted_rand_score, mutual_info_score, rand_score

from ctseg.metrics import METRIC_VERSION, Scores, ari, json_ready, mean_scores, score

Pair = tuple[NDArray[np.integer], NDArray[np.integer]]


@st.composite
def pairs(draw: st.DrawFn) -> Pair:
    """Two label maps of one shape with 1 to 5 labels each, related or not."""
    height, width = draw(st.integers(1, 12)), draw(st.integers(1, 12))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    true = rng.integers(0, draw(st.integers(1, 5)), (height, width))
    other = rng.integers(0, draw(st.integers(1, 5)), (height, width))
    share = draw(st.sampled_from([0.0, 0.3, 1.0]))
    return np.where(rng.random((height, width)) < share, true, other).astype(np.uint8), true


def discs(shift: int, radius: int = 20) -> Pair:
    """One disc, and the same disc moved ``shift`` columns to the right."""
    rows, columns = np.mgrid[:100, :160]
    at = [
        ((rows - 50) ** 2 + (columns - 50 - move) ** 2 <= radius**2).astype(np.uint8) for move in (shift, 0)
    ]
    return at[0], at[1]


@pytest.mark.thorough
@settings(deadline=None)
@given(pairs())
def test_rand_indices_equal_scikit_learn(pair: Pair) -> None:
    predicted, true = pair
    scores = score(predicted, true)
    flat = true.ravel(), predicted.ravel()
    assert scores.ri == pytest.approx(rand_score(*flat), abs=1e-12)
    assert scores.ari == pytest.approx(adjusted_rand_score(*flat), abs=1e-12)
    assert ari(predicted, true) == scores.ari
    inside = true != 0
    if inside.any():
        expected = adjusted_rand_score(true[inside], predicted[inside])
        assert scores.fg_ari == pytest.approx(expected, abs=1e-12)
    else:
        assert math.isnan(scores.fg_ari)
    assert scores.ri_all_background == pytest.approx(rand_score(true.ravel(), np.zeros(true.size)), abs=1e-12)


@settings(deadline=None)
@given(pairs())
def test_halves_of_the_variation_of_information_are_entropies_less_shared_information(pair: Pair) -> None:
    predicted, true = pair
    scores = score(predicted, true)
    shared = mutual_info_score(true.ravel(), predicted.ravel()) / math.log(2)
    assert scores.split == pytest.approx(_entropy_bits(predicted) - shared, abs=1e-9)
    assert scores.merge == pytest.approx(_entropy_bits(true) - shared, abs=1e-9)
    assert scores.split >= 0
    assert scores.merge >= 0


def _entropy_bits(label_map: NDArray[np.integer]) -> float:
    shares = np.unique(label_map, return_counts=True)[1] / label_map.size
    return float(-(shares * np.log2(shares)).sum())


@settings(deadline=None)
@given(pairs())
def test_structures_equal_a_plain_count_of_masks(pair: Pair) -> None:
    predicted, true = pair
    iou = {
        (p, t): np.sum((predicted == p) & (true == t)) / np.sum((predicted == p) | (true == t))
        for p in np.unique(predicted[predicted > 0]).tolist()
        for t in np.unique(true[true > 0]).tolist()
    }
    true_labels, predicted_labels = np.unique(true[true > 0]), np.unique(predicted[predicted > 0])
    best = [max((iou[p, t] for p in predicted_labels.tolist()), default=0.0) for t in true_labels.tolist()]
    matched = [value for value in iou.values() if value > 0.5]
    scores = score(predicted, true)
    assert scores.best_iou == pytest.approx(np.mean(best) if best else math.nan, nan_ok=True)
    half = (len(true_labels) + len(predicted_labels)) / 2
    assert scores.panoptic_quality == pytest.approx(sum(matched) / half if half else math.nan, nan_ok=True)
    assert (scores.structures_true, scores.structures_predicted) == (len(true_labels), len(predicted_labels))
    assert scores.structures_found == len(matched)
    both, either = np.sum((predicted > 0) & (true > 0)), np.sum(predicted > 0) + np.sum(true > 0)
    assert scores.foreground_dice == pytest.approx(2 * both / either if either else 1.0)


@settings(deadline=None)
@given(pairs())
def test_the_order_of_the_maps_does_not_matter_to_ari_and_swaps_split_and_merge(pair: Pair) -> None:
    predicted, true = pair
    there, back = score(predicted, true), score(true, predicted)
    assert (there.ari, there.ri) == (back.ari, back.ri)
    assert (there.split, there.merge) == pytest.approx((back.merge, back.split), abs=1e-12)
    assert there.panoptic_quality == pytest.approx(back.panoptic_quality, nan_ok=True)


@settings(deadline=None)
@given(pairs(), st.integers(0, 2**32))
def test_new_numbers_for_the_structures_change_nothing(pair: Pair, seed: int) -> None:
    predicted, true = pair
    numbers = (
        np.random.default_rng(seed).choice(np.arange(1, 60_000), (2, 5), replace=False).astype(np.uint16)
    )
    renumbered = [np.append(np.uint16(0), row)[each] for row, each in zip(numbers, pair, strict=True)]
    assert json_ready(score(*renumbered)) == pytest.approx(json_ready(score(predicted, true)))


def test_six_pixels_by_hand() -> None:
    true = np.array([[1, 1, 1], [2, 2, 0]])
    predicted = np.array([[5, 5, 6], [6, 6, 0]])
    scores = score(predicted, true)
    # Pairs together in both: {a, b}, {e, f}; in the truth 3 + 1, in the prediction 1 + 3; 15 pairs in all.
    assert scores.ri == pytest.approx((2 + 9) / 15)
    assert scores.ari == pytest.approx((2 - 16 / 15) / (4 - 16 / 15))
    # Of the five foreground pixels: 10 pairs, the same pairs together.
    assert scores.fg_ari == pytest.approx((2 - 16 / 10) / (4 - 16 / 10))
    # Given true label 1, the prediction is 5 twice and 6 once.
    assert scores.split == pytest.approx(3 / 6 * (2 / 3 * math.log2(3 / 2) + 1 / 3 * math.log2(3)))
    assert scores.split == pytest.approx(scores.merge)
    assert scores.best_iou == pytest.approx(2 / 3)
    assert scores.panoptic_quality == pytest.approx(2 / 3)
    assert scores.ri_all_background == pytest.approx(4 / 15)
    assert (scores.structures_found, scores.structures_true, scores.structures_predicted) == (2, 2, 2)
    assert scores.foreground_dice == 1.0


@pytest.mark.parametrize(("shift", "matched"), [(0, True), (5, True), (10, True), (25, False), (50, False)])
def test_a_disc_moved_by_a_known_way(shift: int, matched: bool) -> None:
    radius = 20
    predicted, true = discs(shift, radius)
    half = min(shift / 2 / radius, 1.0)
    lens = 2 * radius**2 * (math.acos(half) - half * math.sqrt(1 - half**2))
    iou = lens / (2 * math.pi * radius**2 - lens)
    scores = score(predicted, true)
    # Pixels approximate the circle to about one in a hundred.
    assert scores.best_iou == pytest.approx(iou, abs=0.02)
    assert scores.panoptic_quality == pytest.approx(scores.best_iou if matched else 0.0)
    assert scores.structures_found == int(matched)
    assert scores.foreground_dice == pytest.approx(2 * iou / (1 + iou), abs=0.02)


def test_an_iou_of_exactly_one_half_is_no_match() -> None:
    scores = score(np.array([[1, 1]]), np.array([[1, 0]]))
    assert (scores.best_iou, scores.panoptic_quality, scores.structures_found) == (0.5, 0.0, 0)


def test_sizes_divide_at_a_thousand_pixels() -> None:
    true = np.zeros((100, 100), np.uint8)
    true[:25, :40], true[30:57, :37], true[70:73, :3] = 1, 2, 3
    predicted = np.zeros_like(true)
    predicted[:25, :40] = 1
    predicted[30:57, :36] = 2
    predicted[60:100, 50:100] = 3
    predicted[90:92, :5] = 4
    scores = score(predicted, true)
    assert int((true == 1).sum()) == 1000
    assert int((true == 2).sum()) == 999
    assert scores.best_iou_large == 1.0
    assert scores.best_iou_small == pytest.approx((36 / 37 + 0) / 2)
    # The false alarm of 2000 px counts with the large ones, the one of 10 px with the small ones.
    assert scores.panoptic_quality_large == pytest.approx(1.0 / 1.5)
    assert scores.panoptic_quality_small == pytest.approx(36 / 37 / (1 + 0.5 + 0.5))


@pytest.mark.parametrize(
    ("predicted", "true", "expected_ari", "expected_fg_ari"),
    [
        ("000000", "000000", 1.0, math.nan),
        ("111111", "000000", 1.0, math.nan),
        ("012345", "000000", 0.0, math.nan),
        ("111111", "111111", 1.0, 1.0),
        ("012345", "543210", 1.0, 1.0),
        ("007700", "001100", 1.0, 1.0),
        ("000000", "001100", 0.0, 1.0),
        ("000700", "001100", None, 0.0),
        ("008700", "001100", None, 0.0),
        ("1", "0", 1.0, math.nan),
    ],
)
def test_degenerate_maps(
    predicted: str, true: str, expected_ari: float | None, expected_fg_ari: float
) -> None:
    scores = score(*(np.array([[int(label) for label in each]]) for each in (predicted, true)))
    assert scores.fg_ari == pytest.approx(expected_fg_ari, nan_ok=True)
    if expected_ari is not None:
        assert scores.ari == expected_ari


def test_maps_without_structures_have_no_overlap_scores() -> None:
    empty, one = np.zeros((3, 3), int), np.eye(3, dtype=int)
    neither = score(empty, empty)
    assert math.isnan(neither.best_iou)
    assert math.isnan(neither.panoptic_quality)
    assert neither.foreground_dice == 1.0
    false_alarm, miss = score(one, empty), score(empty, one)
    assert math.isnan(false_alarm.best_iou)
    assert (miss.best_iou, false_alarm.panoptic_quality, miss.panoptic_quality) == (0.0, 0.0, 0.0)
    assert (false_alarm.foreground_dice, miss.foreground_dice) == (0.0, 0.0)


@pytest.mark.parametrize("dtype", [np.uint8, np.int64])
def test_nothing_overflows_at_the_largest_size(dtype: type[np.integer]) -> None:
    true = np.zeros((4096, 4096), dtype)
    true[:2048] = 1
    predicted = np.zeros_like(true)
    predicted[:, :2048] = 2
    scores = score(predicted, true)
    pixels = 4096 * 4096
    # Two independent halves: n²/4 of the ordered pairs agree, less the pixels' pairs with themselves.
    together = pixels**2 // 4 - pixels
    apart = pixels**2 // 4
    assert scores.ri == pytest.approx((together + apart) / (pixels * (pixels - 1)), rel=1e-12)
    exact = 2 * (together * apart - (pixels**2 // 4) ** 2)
    below = 2 * (pixels**2 // 2 - pixels) * (pixels**2 // 2)
    assert scores.ari == pytest.approx(exact / below, rel=1e-9)
    assert score(true, true).ari == 1.0
    assert scores.split == pytest.approx(1.0)
    assert scores.best_iou == pytest.approx(1 / 3)


def test_a_tiling_of_single_pixels_does_not_overflow() -> None:
    every = np.arange(2048 * 2048, dtype=np.int32).reshape(2048, 2048)
    scores = score(every // 2, every // 4)
    # 2 of 2, and of 4, together: a third of the true pairs, all of the predicted ones.
    assert scores.ari == pytest.approx(2 * (1 / 3) / (1 + 1 / 3), rel=1e-5)
    assert (scores.split, scores.merge) == pytest.approx((1.0, 0.0))


@settings(deadline=None)
@given(pairs())
def test_scores_go_through_json(pair: Pair) -> None:
    scores = score(*pair)
    assert json.loads(json.dumps(json_ready(scores), allow_nan=False)) == json_ready(scores)
    assert set(json_ready(scores)) == set(asdict(scores)) == {field.name for field in fields(Scores)}
    assert {type(value) for value in asdict(scores).values()} <= {float, int}


def test_means_are_unweighted_and_leave_out_what_a_slice_lacks() -> None:
    empty, two = np.zeros((4, 4), int), np.repeat([[0, 1, 2, 2]], 4, axis=0)
    each = [score(empty, empty), score(two, two), score(empty, two)]
    means = mean_scores(each)
    assert means["ari"] == pytest.approx((1 + 1 + 0) / 3)
    assert means["fg_ari"] == pytest.approx((1 + 0) / 2)
    assert (means["slices"], means["fg_ari_left_out"], means["best_iou_large_left_out"]) == (3, 1, 3)
    assert math.isnan(means["best_iou_large"])
    assert means["structures_true"] == pytest.approx(4 / 3)
    with pytest.raises(ValueError, match="no scores"):
        mean_scores([])


def test_the_metric_version_is_one() -> None:
    assert METRIC_VERSION == 1

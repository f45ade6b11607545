"""Scores that are known for the few-shot data: what a perfect mask reaches without separating structures."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ctseg.labelmaps import connected_regions
from ctseg.metrics import mean_scores, score


@pytest.mark.data
@pytest.mark.parametrize(
    ("split", "expected"),
    [
        ("val", {"ari": 0.992, "fg_ari": 0.742, "best_iou": 0.774}),
        ("train", {"fg_ari": 0.660}),
        ("zeroshot_val", {"fg_ari": 0.865, "best_iou": 0.839}),
    ],
)
def test_true_masks_with_connected_regions(ct_fewshot: Path, split: str, expected: dict[str, float]) -> None:
    scores = []
    for path in (ct_fewshot / split / "labels").glob("*.png"):
        true = np.asarray(Image.open(path))
        scores.append(score(connected_regions(true != 0), true))
    means = mean_scores(scores)
    assert {name: means[name] for name in expected} == pytest.approx(expected, abs=0.001)


@pytest.mark.data
def test_one_label_and_one_region(ct_fewshot: Path) -> None:
    true_maps = [np.asarray(Image.open(path)) for path in (ct_fewshot / "val" / "labels").glob("*.png")]
    one_label = mean_scores([score(np.ones_like(true), true) for true in true_maps])
    one_region = mean_scores([score(true != 0, true) for true in true_maps])
    assert (one_label["ari"], one_label["fg_ari"]) == pytest.approx((0.0, 0.048), abs=0.001)
    assert (one_region["ari"], one_region["fg_ari"]) == pytest.approx((0.979, 0.048), abs=0.001)

"""Run as a process: submits made-up label maps to a store again and again, until it is killed.

Arguments: the store's folder, the first number, and how many. Each number has its own label maps; what came
of each is printed as a line.
"""

import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ctseg.leaderboard.results.result import Result, predictions_sha256
from ctseg.leaderboard.submissions.local_store import StoreError, Submissions
from ctseg.metrics import mean_scores, score
from ctseg.metrics.scores import json_ready

BOARD = "phantom-val"
IMAGES = 6


def made_up(number: int, images: int = IMAGES, **changes: Any) -> tuple[Result, NDArray[np.uint8]]:
    """Return a scored submission of small label maps, (N, 64, 64), another for every number."""
    rng = np.random.default_rng(number)
    label_maps = np.zeros((images, 64, 64), np.uint8)
    label_maps[:, 4:30, 4:30] = 1
    label_maps[:, 34:60, 10 + rng.integers(20) : 60] = 2
    label_maps[0].flat[-1 - number % 64] = 3
    label_maps[1, 63, 63 - number // 64 % 64] = 3
    true = np.where(label_maps == 3, 0, label_maps)
    scores = [score(each, truth) for each, truth in zip(label_maps, true, strict=True)]
    known: dict[str, Any] = {
        "board": BOARD,
        "entry": f"entry-{number}",
        "title": f"Entry {number}",
        "family": "supervised",
        "link": "",
        "origin": "submitted",
        "role": "method",
        "saw": (),
        "parameters": None,
        "metric_version": 1,
        "dataset_fingerprint": "ab" * 32,
        "code_version": "0",
        "predictions_sha256": predictions_sha256(BOARD, label_maps),
        "date": "2026-01-02T03:04:05+00:00",
        "images": tuple(f"{each}.png" for each in range(images)),
        "patients": tuple(f"P{each}" for each in range(images)),
        "scores": tuple(json_ready(each) for each in scores),
        "means": {key: None if np.isnan(value) else value for key, value in mean_scores(scores).items()},
    }
    return Result(**known | changes), label_maps


if __name__ == "__main__":
    store = Submissions(Path(sys.argv[1]), 1 << 30)
    print("ready", flush=True)
    for number in range(int(sys.argv[2]), int(sys.argv[2]) + int(sys.argv[3])):
        try:
            print("new" if store.accept(*made_up(number), "a@example.org").new else "known", flush=True)
        except StoreError as error:
            print(error, flush=True)

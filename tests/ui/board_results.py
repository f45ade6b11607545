"""Made-up results for the tests of the Leaderboard and Methods pages."""

import hashlib
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from ctseg.leaderboard.results.look_log import Look, add_look
from ctseg.leaderboard.results.result import Result
from ctseg.leaderboard.results.store import save
from ctseg.metrics import Scores

HOSTILE = "<img src=x onerror=alert(1)>"


def make(
    entry: str,
    ari: float,
    fg_ari: float,
    board: str = "phantom-val",
    role: str = "method",
    count: int = 10,
    title: str | None = None,
    **changes: Any,
) -> Result:
    """Return a result of two slices per patient whose means are about the two scores given."""
    rng = np.random.default_rng(int.from_bytes(hashlib.sha256(entry.encode()).digest()[:4], "little"))
    scores = [_scores(ari, fg_ari, float(rng.normal(0, 0.02))) for _ in range(2 * count)]
    scores[0]["panoptic_quality"] = None
    means = {
        name: float(np.mean([each[name] for each in scores if each[name] is not None])) for name in scores[0]
    }
    known: dict[str, Any] = {
        "board": board,
        "entry": entry,
        "title": title or entry.capitalize(),
        "family": "oracle" if role == "oracle" else "supervised",
        "link": "",
        "origin": "verified by us",
        "role": role,
        "saw": () if role == "oracle" else ("annotated", "unlabelled"),
        "parameters": 24_400_000,
        "metric_version": 1,
        "dataset_fingerprint": "ab" * 32,
        "code_version": "0",
        "predictions_sha256": hashlib.sha256(f"{board} {entry}".encode()).hexdigest(),
        "date": "2026-01-02T03:04:05+00:00",
        "images": tuple(f"{number}.png" for number in range(2 * count)),
        "patients": tuple(f"P{number // 2}" for number in range(2 * count)),
        "scores": tuple(scores),
        "means": means,
        "seconds": (0.5,) * 2 * count,
        "peak_mb": (100.0,) * 2 * count,
    }
    return Result(**known | changes)


def fill(folder: Path) -> None:
    """Store a board of many patients, one of few, and leave the others empty."""
    for board, count in (("phantom-val", 10), ("ct-fewshot-val", 5)):
        for result in (
            make("good", 0.8, 0.6, board, count=count),
            make("better", 0.7, 0.75, board, count=count),
            make("weak", 0.2, 0.3, board, count=count),
            make("watershed", 0.13, 0.4, board, "full tiling", count, "Watershed", seconds=(), peak_mb=()),
            make("felzenszwalb", 0.1, 0.5, board, "full tiling", count),
            make("oracle-regions", 0.99, 0.7, board, "oracle", count, "True mask + connected regions"),
            make("oracle-mask", 0.97, 0.05, board, "oracle", count, "True mask as one region"),
        ):
            save(folder, result)
        for method in ("good", "better", "good"):
            add_look(folder / "looks.csv", Look("2026-01-02", "abc", board, method, "0.8", "0.6"))


def _scores(ari: float, fg_ari: float, shift: float) -> dict[str, Any]:
    known = {field.name: 0.5 + shift for field in fields(Scores)}
    return known | {
        "ari": ari + shift,
        "fg_ari": fg_ari - shift,
        "structures_true": 7,
        "structures_predicted": 9,
    }

"""A small board on disk and results to rank."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ctseg.leaderboard.results.result import Result


@pytest.fixture
def small_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three small slices of two patients where ``ct-fewshot-val`` is looked for."""
    folder = tmp_path / "data" / "ct-fewshot" / "val"
    (folder / "images").mkdir(parents=True)
    (folder / "labels").mkdir()
    rng = np.random.default_rng(5)
    lines = ["image,source,patient,z,n_structures,coverage"]
    for number, patient in enumerate(["A", "A", "B"]):
        labels = np.zeros((48, 56), np.uint8)
        labels[5:20, 5:30], labels[20:40, 5:30], labels[10:30, 40:50] = 3, 9, 4
        noise = rng.integers(0, 12, labels.shape)
        Image.fromarray((60 + 15 * labels + noise).astype(np.uint8)).save(folder / "images" / f"{number}.png")
        Image.fromarray(labels).save(folder / "labels" / f"{number}.png")
        lines.append(f"{number}.png,test,{patient},0,3,0.1")
    (folder / "index.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    monkeypatch.setenv("CTSEG_DATA", str(tmp_path / "data"))
    return folder


@pytest.fixture
def make_result() -> Any:
    """Build a result from the ``ari`` of its images; other scores are derived from it."""

    def make(entry: str, ari: list[float], patients: list[str] | None = None, role: str = "method") -> Result:
        names = patients or [str(number) for number in range(len(ari))]
        scores = tuple(_scores(value) for value in ari)
        means = {key: float(np.mean([each[key] for each in scores])) for key in scores[0]}
        return Result(
            board="ct-fewshot-val",
            entry=entry,
            title=entry.upper(),
            family="classical",
            link="",
            origin="verified by us",
            role=role,  # type: ignore[arg-type]
            saw=("nothing",),
            parameters=0,
            metric_version=1,
            dataset_fingerprint="f" * 64,
            code_version="0",
            predictions_sha256=entry.ljust(64, "0"),
            date="2026-01-02T03:04:05+00:00",
            images=tuple(f"{number}.png" for number in range(len(ari))),
            patients=tuple(names),
            scores=scores,
            means=means,
            seconds=tuple(0.5 for _ in ari),
            peak_mb=tuple(100.0 for _ in ari),
        )

    return make


def _scores(ari: float) -> dict[str, float | int | None]:
    from dataclasses import fields

    from ctseg.metrics import Scores

    return {field.name: (1 - ari if field.name == "fg_ari" else ari) for field in fields(Scores)}

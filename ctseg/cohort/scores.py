"""Scores and their intervals from the sums of a run, without any label map."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ctseg.batch.tasks import BatchError
from ctseg.cohort.tables import SLICES
from ctseg.leaderboard.results.statistics import Interval, bootstrap_interval
from ctseg.metrics import Scores, json_ready, mean_scores, scores_of
from ctseg.metrics.sums import table_from


@dataclass(frozen=True)
class CohortScores:
    """Scores of the slices whose truth is known.

    Attributes
    ----------
    patients : the patient of each slice
    scores : all scores of each slice
    """

    patients: tuple[str, ...]
    scores: tuple[Scores, ...]

    def values(self, score: str) -> NDArray[np.float64]:
        """Return one score of every slice, (N,), nan where a slice has none."""
        return np.array([getattr(each, score) for each in self.scores], float)

    def means(self) -> dict[str, float | int]:
        """Return the means over slices, as `ctseg.metrics.mean_scores`."""
        return mean_scores(self.scores)

    def interval(self, score: str) -> Interval | None:
        """Return the interval of a mean when patients are drawn anew; None below eight patients."""
        return bootstrap_interval(self.values(score), self.patients)


def rows_of(folder: Path) -> Iterator[dict[str, Any]]:
    """Yield the rows of a run's slices in order, shard by shard, so that no more than one is held.

    Raises
    ------
    BatchError
        If the folder holds no finished shard, or one cannot be read.
    """
    import polars as pl

    shards = sorted((folder / SLICES).glob("*.parquet"))
    if not shards:
        raise BatchError(f"{folder} holds no finished shard of a run; name the --out of `ctseg batch`.")
    for shard in shards:
        try:
            yield from pl.read_parquet(shard).iter_rows(named=True)
        except (OSError, pl.exceptions.PolarsError) as error:
            raise BatchError(
                f"{shard} is damaged; delete it and its file in done, and add --resume."
            ) from error


def scores_of_run(folder: Path) -> CohortScores:
    """Compute all scores of a run from its contingency sums.

    Parameters
    ----------
    folder : ``--out`` of ``ctseg batch``; label maps may be gone

    Raises
    ------
    BatchError
        As in `rows_of`.
    """
    patients, scores = [], []
    for row in rows_of(folder):
        table = table_from(row)
        if table is not None:
            patients.append(row["patient"])
            scores.append(scores_of(table))
    return CohortScores(tuple(patients), tuple(scores))


def score_columns(row: dict[str, Any]) -> dict[str, float | int | None]:
    """Return the scores of one row by name, None where it has none."""
    table = table_from(row)
    return {} if table is None else json_ready(scores_of(table))

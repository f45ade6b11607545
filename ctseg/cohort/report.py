"""What a finished run leaves for its user: merged tables, the challenge's table, what failed, a report."""

import json
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from ctseg.batch.run_folder import RunFolder
from ctseg.batch.tasks import BatchError
from ctseg.cohort.label_files import LABELS
from ctseg.cohort.scores import rows_of, score_columns, scores_of_run
from ctseg.cohort.tables import SLICES, STRUCTURES, TIMES, frame_bytes, joined
from ctseg.export import DISCLAIMER
from ctseg.files import bytes_under, write_atomically
from ctseg.metrics import TABLED, Scores
from ctseg.metrics.sums import SUMS
from ctseg.spreadsheet import to_csv

REPORT, FAILURES, TABLE = "report.json", "failures.csv", "labels.csv.gz"
LEFT_OUT = "left-out.csv"
MAX_TABLE_IMAGES = 4000
"""The challenge's table is made in memory, with a byte for each pixel of each image."""
MAX_MERGED_BYTES = 512 << 20
"""Above this the structures' table stays in its parts, which Parquet's readers take as one."""


def write_report(run: RunFolder) -> dict[str, Any]:
    """Merge the tables of a finished run and write its report; all of it follows from the shards.

    Returns
    -------
    what ``report.json`` says

    Raises
    ------
    BatchError
        If a shard cannot be read, or label maps do not fit into the challenge's table.
    OSError
        If the disk is full.
    """
    folder, facts = run.folder, run.manifest()
    failures = _write_slices(folder, facts)
    for table in (STRUCTURES, TIMES):
        if bytes_under(folder / table) <= MAX_MERGED_BYTES:
            merged = joined(sorted((folder / table).glob("*.parquet")))
            write_atomically(folder / f"{table}.parquet", frame_bytes(merged, facts))
    if facts["label_maps"] == "csv":
        _write_table(folder)
    report = {"disclaimer": DISCLAIMER, "run": facts, **_counts(folder, failures), **_scores(folder)}
    content = json.dumps(report, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    write_atomically(folder / REPORT, content.encode())
    return report


def _write_slices(folder: Path, facts: dict[str, Any]) -> list[dict[str, Any]]:
    """Write one row a slice with its scores in the place of its sums, and the rows that failed apart."""
    import polars as pl

    from ctseg.cohort.tables import schema

    scores = {field.name: pl.Float64 if field.type is float else pl.Int64 for field in fields(Scores)}
    columns = {name: kind for name, kind in schema(SLICES).items() if name not in SUMS}
    rows, failures = [], []
    for row in rows_of(folder):
        told = {name: row[name] for name in columns}
        rows.append({**told, **dict.fromkeys(scores), **score_columns(row)})
        if row["error"]:
            failures.append(told)
    write_atomically(
        folder / f"{SLICES}.parquet", frame_bytes(pl.DataFrame(rows, schema={**columns, **scores}), facts)
    )
    listed = ("source", "slice", "error")
    write_atomically(folder / FAILURES, to_csv(failures, listed).encode() if failures else _header(listed))
    return failures


def _header(columns: Sequence[str]) -> bytes:
    return to_csv([], columns).encode()


def _counts(folder: Path, failures: list[dict[str, Any]]) -> dict[str, Any]:
    import polars as pl

    slices = pl.read_parquet(folder / f"{SLICES}.parquet", columns=["source", "patient", "structures"])
    left_out = folder / LEFT_OUT
    return {
        "sources": slices["source"].n_unique(),
        "patients": slices["patient"].n_unique(),
        "slices": int(slices["structures"].is_not_null().sum()),
        "structures": int(slices["structures"].sum()),
        "failed": len(failures),
        "files_left_out": max(0, len(left_out.read_text("utf-8").splitlines()) - 1)
        if left_out.is_file()
        else 0,
    }


def _scores(folder: Path) -> dict[str, Any]:
    found = scores_of_run(folder)
    if not found.scores:
        return {"scored": 0}
    means: dict[str, Any] = {}
    for name in TABLED:
        mean, interval = found.means()[name], found.interval(name)
        means[name] = {
            "mean": None if np.isnan(mean) else mean,
            "interval_95": None if interval is None else [interval.low, interval.high],
        }
    return {"scored": len(found.scores), "scores": means}


def _write_table(folder: Path) -> None:
    """Write all label maps as the challenge's table."""
    from ctseg.files import atomic_path
    from ctseg.labelmaps.files import write_challenge_csv

    names = dict.fromkeys(row["source"] for row in rows_of(folder) if row["slice"] is not None)
    label_maps = {}
    for name in names:
        with np.load(folder / LABELS / f"{name}.npz", allow_pickle=False) as stored:
            held = stored["label_maps"]
        for index, label_map in enumerate(held):
            column = name.removesuffix(".png").replace(",", " ")
            label_maps[f"{column}.png" if len(held) == 1 else f"{column}-{index:04d}.png"] = label_map
        if len(label_maps) > MAX_TABLE_IMAGES:
            raise BatchError(
                f"There are more than {MAX_TABLE_IMAGES} slices, too many for one table; the label maps "
                f"are in {LABELS}, and --format npz or nifti makes no table."
            )
    if len({label_map.shape for label_map in label_maps.values()}) > 1:
        raise BatchError(
            "These slices differ in size, but one table holds images of one size; choose another --format."
        )
    if label_maps:
        with atomic_path(folder / TABLE) as unfinished:
            packed = unfinished.with_suffix(".csv.gz")
            write_challenge_csv(packed, label_maps)
            packed.replace(unfinished)

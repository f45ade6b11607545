"""The tables of a run as Parquet: slices with their contingency sums, structures, and times apart."""

import io
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ctseg.metrics.sums import SUMS

if TYPE_CHECKING:
    import polars

SLICES, STRUCTURES, TIMES = "slices", "structures", "times"
"""Folders of the shards' tables, and with ``.parquet`` the files of the whole run."""


def schema(table: str) -> dict[str, Any]:
    """Return names and types of a table's columns, in order.

    ``slices``: ``error`` is "" or the sentence that says why there is no label map; ``predicted``, ``true``
    and ``counts`` are the pairs of labels that occur and their pixels, from which every score follows, null
    where no truth is known. ``structures``: areas in px and mm², ``mean`` and ``sd`` in ``unit``,
    centroids in px. ``times``: seconds of this very run, by the clock and of the
    processor.
    """
    import polars as pl

    where = {"source": pl.String, "slice": pl.Int32, "patient": pl.String}
    if table == SLICES:
        sums = dict.fromkeys(SUMS, pl.List(pl.Int64))
        return {
            **where,
            "input_sha256": pl.String,
            "height_px": pl.Int32,
            "width_px": pl.Int32,
            "structures": pl.Int32,
            "error": pl.String,
            "notes": pl.String,
            **sums,
        }
    if table == STRUCTURES:
        measured = ("area_mm2", "mean", "sd", "centroid_row_px", "centroid_column_px", "confidence")
        return {
            **where,
            "label": pl.Int64,
            "area_px": pl.Int64,
            "unit": pl.String,
            **dict.fromkeys(measured, pl.Float64),
        }
    return {**where, "seconds": pl.Float64, "cpu_seconds": pl.Float64}


def to_parquet(
    table: str, rows: Iterable[Mapping[str, Any]], facts: Mapping[str, Any] | None = None
) -> bytes:
    """Return rows as a Parquet file; the same rows and facts give the same bytes.

    Parameters
    ----------
    table : `SLICES`, `STRUCTURES` or `TIMES`
    rows : values by column
    facts : JSON values that the file's metadata holds under ``ctseg``
    """
    import polars as pl

    return frame_bytes(pl.DataFrame(list(rows), schema=schema(table), orient="row"), facts)


def frame_bytes(frame: "polars.DataFrame", facts: Mapping[str, Any] | None = None) -> bytes:
    """Return a table as a Parquet file, as `to_parquet` does for rows."""
    file = io.BytesIO()
    said = None if facts is None else {"ctseg": json.dumps(facts, sort_keys=True, ensure_ascii=False)}
    frame.write_parquet(file, metadata=said)
    return file.getvalue()


def joined(parts: Iterable[bytes | Path]) -> "polars.DataFrame":
    """Return the rows of Parquet files one after the other."""
    import polars as pl

    return pl.concat([pl.read_parquet(part) for part in parts], rechunk=True)

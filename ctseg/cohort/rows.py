"""The rows that one task adds to the tables of a run."""

from typing import TYPE_CHECKING, Any

from ctseg.batch.tasks import TaskRecord

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ctseg.cohort.inputs import OpenedSource
    from ctseg.slices import CTSlice


class TaskRows:
    """The rows of one task as they come."""

    def __init__(self) -> None:
        self._slices: list[dict[str, Any]] = []
        self._structures: list[dict[str, Any]] = []
        self._times: list[dict[str, Any]] = []

    def add(
        self,
        opened: "OpenedSource",
        index: int,
        ct_slice: "CTSlice",
        label_map: "NDArray[np.int32]",
        confidence: "NDArray[np.float64] | None",
    ) -> None:
        """Measure a slice's structures and, where its truth is known, count the pairs of labels."""
        from ctseg.labelmaps import area_table
        from ctseg.metrics import contingency_table

        where = _where(opened, index)
        measured = area_table(label_map, ct_slice.pixels, ct_slice.spacing_mm)
        columns = {_COLUMNS[name]: values.tolist() for name, values in measured.items()}
        columns["confidence"] = [None] * len(columns["label"]) if confidence is None else confidence.tolist()
        unit = "HU" if ct_slice.intensity == "HU" else "grey"
        self._structures += [
            {**where, "unit": unit, **dict(zip(columns, row, strict=True))}
            for row in zip(*columns.values(), strict=True)
        ]
        error, table = "", None
        if opened.truth is not None:
            try:
                table = contingency_table(label_map, opened.truth[index])
            except ValueError as wrong:
                error = str(wrong)
        self._add_slice(opened, index, ct_slice, error, len(columns["label"]), table)

    def add_time(self, opened: "OpenedSource", index: int, seconds: float, cpu_seconds: float) -> None:
        """Add how long a slice took."""
        self._times.append({**_where(opened, index), "seconds": seconds, "cpu_seconds": cpu_seconds})

    def add_failed(self, opened: "OpenedSource", index: int, ct_slice: "CTSlice", sentence: str) -> None:
        """Add a slice that has no label map, and why."""
        self._add_slice(opened, index, ct_slice, sentence, None, None)

    def add_refused(self, opened: "OpenedSource", sentence: str) -> None:
        """Add a source that could not be read, and why."""
        self._add_slice(opened, None, None, sentence, None, None)

    def _add_slice(
        self,
        opened: "OpenedSource",
        index: int | None,
        ct_slice: "CTSlice | None",
        error: str,
        structures: int | None,
        table: Any,
    ) -> None:
        from ctseg.metrics.sums import sums_of

        height, width = (None, None) if ct_slice is None else ct_slice.shape
        self._slices.append(
            {
                **_where(opened, index),
                "input_sha256": opened.sha256,
                "height_px": height,
                "width_px": width,
                "structures": structures,
                "error": error,
                "notes": " ".join(opened.notes),
                **sums_of(table),
            }
        )

    def extend(self, rows: "TaskRows") -> None:
        """Add the rows of a part of the task."""
        self._slices += rows._slices
        self._structures += rows._structures
        self._times += rows._times

    def record(self) -> TaskRecord:
        """Return what came of the task."""
        from ctseg.cohort.tables import SLICES, STRUCTURES, TIMES, to_parquet

        failed = sum(bool(row["error"]) for row in self._slices)
        tables = {SLICES: self._slices, STRUCTURES: self._structures, TIMES: self._times}
        parts = {table: to_parquet(table, rows) for table, rows in tables.items()}
        return TaskRecord(parts, len(self._slices) - failed, failed)


_COLUMNS = {
    "label": "label",
    "area_px": "area_px",
    "area_mm2": "area_mm2",
    "mean": "mean",
    "sd": "sd",
    "centroid_row": "centroid_row_px",
    "centroid_column": "centroid_column_px",
}


def _where(opened: "OpenedSource", index: int | None) -> dict[str, Any]:
    return {"source": opened.name, "slice": index, "patient": opened.patient}

"""The job of a run: each slice of each source to a label map, its structures and, with a truth, its sums."""

import os
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ctseg.batch.tasks import BatchError, BatchTask, Shard, TaskRecord
from ctseg.errors import UserError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ctseg.cohort.inputs import Input, OpenedSource
    from ctseg.slices import CTSlice

_NAMED_SUM = re.compile(r"(.*) \(sha256 ([0-9a-f]{64})\)")


@dataclass(frozen=True)
class SegmentJob:
    """Segment everything of an input by one method.

    Attributes
    ----------
    source : where slices come from
    method : a name of `ctseg methods`, or ``run:FOLDER``
    weights : sha256 of each weights file of the method, which every worker must have too
    format : a key of `ctseg.cohort.label_files.FORMATS`
    regions : the most structures a slice is cut into, for methods with a merge tree; None for their own cut
    about : what else must be the same for all of a run, such as the split's name
    """

    source: "Input"
    method: str
    weights: Mapping[str, str]
    format: str = "nifti"
    regions: int | None = None
    about: Mapping[str, Any] = field(default_factory=dict)

    def facts(self) -> dict[str, Any]:
        """See `ctseg.batch.tasks.Job`."""
        import ctseg
        from ctseg.methods.runs import named
        from ctseg.metrics import METRIC_VERSION

        return {
            "ctseg": ctseg.__version__,
            "method": named(self.method),
            "weights": dict(self.weights),
            "metric_version": METRIC_VERSION,
            "label_maps": self.format,
            "regions": self.regions,
            **self.about,
        }

    def start(self, folder: Path) -> Callable[[BatchTask], TaskRecord]:
        """See `ctseg.batch.tasks.Job`: the method is loaded here, once."""
        import cv2

        from ctseg.methods import load
        from ctseg.methods.runs import named

        cv2.setNumThreads(int(os.environ.get("OMP_NUM_THREADS", "1")))
        if weights_of(self.method) != dict(self.weights):
            raise BatchError(f"A worker has other weights of {self.method} than this run; give all the same.")
        load(named(self.method))
        return lambda task: self._work(task, folder)

    def _work(self, task: BatchTask, folder: Path) -> TaskRecord:
        rows = _Rows()
        for opened in self.source.open(task):
            self._segment(opened, folder, rows)
        return rows.record()

    def _segment(self, opened: "OpenedSource", folder: Path, rows: "_Rows") -> None:
        from ctseg.cohort.label_files import LabelMaps, write_label_maps

        if opened.error:
            rows.add_refused(opened, opened.error)
            return
        label_maps = LabelMaps(opened)
        for index in range(len(opened.slices)):
            start = time.perf_counter()
            ct_slice = opened.slices[index]
            try:
                label_map, confidence = self._label_map(ct_slice)
            except UserError as error:
                rows.add_failed(opened, index, ct_slice, str(error))
                continue
            except Exception as error:  # one slice must not take the others along
                rows.add_failed(opened, index, ct_slice, f"This slice could not be segmented ({error!r}).")
                continue
            label_maps.put(index, label_map)
            rows.add(opened, index, ct_slice, label_map, confidence, time.perf_counter() - start)
        write_label_maps(folder, self.format, label_maps)

    def _label_map(self, ct_slice: "CTSlice") -> "tuple[NDArray[np.int32], NDArray[np.float64] | None]":
        from ctseg.api import segment_with_tree

        label_map, tree = segment_with_tree(ct_slice, self.method, regions=self.regions)
        if tree is None:
            return label_map, None
        from ctseg.partition import confidence

        return label_map, confidence(tree)

    def failed(self, task: BatchTask, sentence: str) -> TaskRecord:
        """See `ctseg.batch.tasks.Job`."""
        from ctseg.cohort.inputs import OpenedSource

        rows = _Rows()
        for name, patient in self.source.names(task):
            rows.add_refused(OpenedSource(name, patient), sentence)
        return rows.record()

    def pack(self, shard: Shard, records: Sequence[TaskRecord]) -> dict[str, bytes]:
        """See `ctseg.batch.tasks.Job`: one file a table."""
        from ctseg.cohort.tables import SLICES, STRUCTURES, TIMES, frame_bytes, joined

        facts = self.facts()
        return {
            f"{table}/{shard.name}.parquet": frame_bytes(
                joined(record.parts[table] for record in records), facts
            )
            for table in (SLICES, STRUCTURES, TIMES)
        }


class _Rows:
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
        seconds: float,
    ) -> None:
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
        self._times.append({**where, "seconds": seconds})

    def add_failed(self, opened: "OpenedSource", index: int, ct_slice: "CTSlice", sentence: str) -> None:
        self._add_slice(opened, index, ct_slice, sentence, None, None)

    def add_refused(self, opened: "OpenedSource", sentence: str) -> None:
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
        from ctseg.cohort.tables import sums_of

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

    def record(self) -> TaskRecord:
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


def weights_of(method: str) -> dict[str, str]:
    """Return the sha256 of each weights file of a method, "" where another package keeps it to itself.

    Raises
    ------
    MethodError
        If there is no such method, or it is not trained yet.
    """
    from ctseg.methods import CARDS, MethodError
    from ctseg.methods.runs import named
    from ctseg.weights import manifest

    name = named(method)
    if name not in CARDS or not CARDS[name].trained:
        raise MethodError(f"There is no method {method!r} that can be run; `ctseg methods` lists them.")
    known = manifest()
    sums = {}
    for file in CARDS[name].weights:
        stated = _NAMED_SUM.fullmatch(file)
        if stated is not None:
            sums[stated[1]] = stated[2]
        else:
            sums[file] = known[file].sha256 if file in known else ""
    return sums

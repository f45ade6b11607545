"""The job of a run: each slice of each source to a label map, its structures and, with a truth, its sums."""

import os
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ctseg.batch.tasks import BatchError, BatchTask, Shard, TaskRecord
from ctseg.cohort.rows import TaskRows
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
        rows = TaskRows()
        for opened in self.source.open(task):
            self._segment(opened, folder, rows)
        return rows.record()

    def _segment(self, opened: "OpenedSource", folder: Path, all_rows: "TaskRows") -> None:
        from ctseg.cohort.label_files import LabelMaps, notes_of, write_label_maps

        if opened.error:
            all_rows.add_refused(opened, opened.error)
            return
        rows = TaskRows()
        opened = replace(opened, notes=(*opened.notes, *notes_of(self.format, opened)))
        label_maps = LabelMaps(opened)
        for index in range(len(opened.slices)):
            start, start_cpu = time.perf_counter(), time.process_time()
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
            rows.add(opened, index, ct_slice, label_map, confidence)
            rows.add_time(opened, index, time.perf_counter() - start, time.process_time() - start_cpu)
        try:
            write_label_maps(folder, self.format, label_maps)
        except OSError:  # no fault of the source's
            raise
        except Exception as error:  # such as identifiers that no DICOM file may hold
            all_rows.add_refused(opened, f"Its label maps could not be written ({error}).")
            return
        all_rows.extend(rows)

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

        rows = TaskRows()
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

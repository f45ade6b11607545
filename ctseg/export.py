"""What a user takes away: label maps, the table of structures and a report, as files in a folder."""

import json
import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ctseg.labelmaps import area_table
from ctseg.labelmaps.files import write_coloured_png, write_nifti, write_png16
from ctseg.methods import METHODS
from ctseg.slices import CTSlice
from ctseg.spreadsheet import to_csv

DISCLAIMER = "Research only, not for diagnosis. Structures are separated, not named."
_FILES = ("labels.png", "labels-coloured.png", "labels.nii.gz", "structures.csv")
STRUCTURE_COLUMNS = (
    "label",
    "name",
    "area_px",
    "area_mm2",
    "mean",
    "sd",
    "centroid_row",
    "centroid_column",
)
_REPORTED_PACKAGES = ("ctseg", "numpy", "scikit-image", "torch", "onnxruntime", "segment-anything")


@dataclass(frozen=True)
class MethodRun:
    """One method's label map of one slice, with the names a user gave to structures and the time it took."""

    method: str
    label_map: NDArray[np.integer]
    seconds: float
    names: Mapping[int, str] = field(default_factory=dict)


def write_results(folder: Path, ct_slice: CTSlice, runs: list[MethodRun]) -> list[Path]:
    """Write every run's label map (PNG, coloured PNG, NIfTI) and table (CSV), and one report (JSON).

    Parameters
    ----------
    folder : created if it does not exist
    ct_slice : the slice that was segmented; none of its pixels are written
    runs : label maps (H, W) of the slice's shape

    Returns
    -------
    list of the files written.
    """
    written = []
    for run in runs:
        home = folder / run.method
        home.mkdir(parents=True, exist_ok=True)
        paths = [home / name for name in _FILES]
        write_png16(paths[0], run.label_map)
        write_coloured_png(paths[1], run.label_map)
        write_nifti(paths[2], run.label_map, affine=ct_slice.affine, spacing_mm=ct_slice.spacing_mm)
        paths[3].write_text(to_csv(structures(run, ct_slice), STRUCTURE_COLUMNS), encoding="utf-8")
        written += paths
    folder.mkdir(parents=True, exist_ok=True)
    report_path = folder / "report.json"
    report_path.write_text(
        json.dumps(report(ct_slice, runs), indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    return [*written, report_path]


def structures(run: MethodRun, ct_slice: CTSlice) -> list[dict[str, Any]]:
    """One row for each structure: label, name, area (px, mm²), mean, deviation, centroid (px)."""
    table = area_table(run.label_map, ct_slice.pixels, ct_slice.spacing_mm)
    columns = {name: values.tolist() for name, values in table.items() if name != "label"}
    return [
        {
            "label": label,
            "name": run.names.get(label, ""),
            **{name: values[k] for name, values in columns.items()},
        }
        for k, label in enumerate(table["label"].tolist())
    ]


def report(ct_slice: CTSlice, runs: list[MethodRun]) -> dict[str, Any]:
    """Versions, parameters and times of the runs, and what the numbers must not be used for."""
    return {
        "disclaimer": DISCLAIMER,
        "slice": {
            "height_px": ct_slice.shape[0],
            "width_px": ct_slice.shape[1],
            "intensity": ct_slice.intensity,
            "spacing_mm": ct_slice.spacing_mm,
            "source": ct_slice.source,
        },
        "methods": [_run_report(run) for run in runs],
        "versions": {"python": platform.python_version(), **_versions()},
    }


def _run_report(run: MethodRun) -> dict[str, Any]:
    card = METHODS[run.method]
    return {
        "name": card.name,
        "title": card.title,
        "structures": int(np.unique(run.label_map[run.label_map != 0]).size),
        "seconds": round(run.seconds, 3),
        "input_window_hu": {"width": card.input_window.width, "level": card.input_window.level},
        "weights": list(card.weights),
        "weights_licence": card.weights_licence,
        "paper": card.paper,
    }


def _versions() -> dict[str, str]:
    found = {}
    for package in _REPORTED_PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found

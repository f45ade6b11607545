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
README = """Label maps made by ctseg. {disclaimer}

One folder for each method:
labels.png           16 bit, the label of every pixel, 0 = background; most viewers show it nearly black
labels-coloured.png  the same in colours, to look at
labels.nii.gz        the same as NIfTI, at the slice's place where the file told it
structures.csv       one row for each structure; intensities in {unit}, centroids in px from the upper left

A label is one structure of one method; numbers of two methods have nothing to do with each other.
report.json tells methods, times, versions and, where the truth was known, scores.
"""
_MEASURED = ("area_px", "area_mm2", "mean", "sd", "centroid_row", "centroid_column")
_REPORTED_PACKAGES = ("ctseg", "numpy", "scikit-image", "torch", "onnxruntime", "segment-anything")


@dataclass(frozen=True)
class MethodRun:
    """One method's label map of a slice, what a user called its structures, its time, and scores if known."""

    method: str
    label_map: NDArray[np.integer]
    seconds: float
    names: Mapping[int, str] = field(default_factory=dict)
    scores: Mapping[str, float | int | None] | None = None


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
        paths[3].write_text(to_csv(structures(run, ct_slice), _columns(ct_slice)), encoding="utf-8")
        written += paths
    folder.mkdir(parents=True, exist_ok=True)
    report_path = folder / "report.json"
    report_path.write_text(
        json.dumps(report(ct_slice, runs), indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    readme_path = folder / "README.txt"
    readme_path.write_text(
        README.format(disclaimer=DISCLAIMER, unit="HU" if ct_slice.intensity == "HU" else "grey levels"),
        encoding="utf-8",
    )
    return [*written, report_path, readme_path]


def _unit(ct_slice: CTSlice) -> str:
    return "hu" if ct_slice.intensity == "HU" else "grey"


def _columns(ct_slice: CTSlice) -> list[str]:
    unit = _unit(ct_slice)
    measured = ["area_px", "area_mm2", f"mean_{unit}", f"sd_{unit}", "centroid_row_px", "centroid_column_px"]
    return ["label", "name", *measured]


def structures(run: MethodRun, ct_slice: CTSlice) -> list[dict[str, Any]]:
    """One row for each structure: label, name, area (px, mm²), mean, deviation, centroid (px)."""
    table = area_table(run.label_map, ct_slice.pixels, ct_slice.spacing_mm)
    label, name, *measured = _columns(ct_slice)
    values = [table[column].tolist() for column in _MEASURED]
    return [
        {label: number, name: run.names.get(number, ""), **dict(zip(measured, row, strict=True))}
        for number, *row in zip(table["label"].tolist(), *values, strict=True)
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
            "notes": list(ct_slice.notes),
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
        "scores": None if run.scores is None else dict(run.scores),
    }


def _versions() -> dict[str, str]:
    found = {}
    for package in _REPORTED_PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found

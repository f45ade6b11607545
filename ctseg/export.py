"""What a user takes away: label maps, the table of structures and a report, as files in a folder."""

import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ctseg.labelmaps import area_table
from ctseg.labelmaps.files import (
    write_coloured_png,
    write_dicom_seg,
    write_layer_png,
    write_metaimage,
    write_nifti,
    write_png16,
    write_seg_nrrd,
)
from ctseg.methods import CARDS
from ctseg.methods.base.domain import Domain, domain_note, domain_of
from ctseg.partition import MergeTree, confidence
from ctseg.slices import CTSlice
from ctseg.spreadsheet import to_csv

DISCLAIMER = "Research only, not for diagnosis. Structures are separated, not named."
_ALWAYS = ("labels.png", "labels-coloured.png", "structures.csv")
_CONFIDENCE = "confidence.png"
FORMATS = {
    "nifti": "labels.nii.gz",
    "seg.nrrd": "labels.seg.nrrd",
    "mha": "labels.mha",
    "dicom-seg": "labels.dcm",
}
"""Formats of voxels in which a label map can be taken away, and their files' names."""
_CONTENTS = {
    "nifti": "labels.nii.gz        the same as NIfTI, at the slice's place where the file told it",
    "seg.nrrd": "labels.seg.nrrd      the same for 3D Slicer, with the structures' names",
    "mha": "labels.mha           the same as MetaImage",
    "dicom-seg": "labels.dcm           the same as DICOM Segmentation (LABELMAP); it names the patient;\n"
    "                     .seg.nrrd where nothing is marked",
}
README = """Label maps made by ctseg. {disclaimer}

One folder for each method:
labels.png           16 bit, the label of every pixel, 0 = background; most viewers show it nearly black
labels-coloured.png  the same in colours, to look at
{formats}
structures.csv       one row for each structure; intensities in {unit}, centroids in px from the upper left
confidence.png       with a merge tree: how far each structure is from being one with its neighbour,
                     0 to 1 as 1 to 255, 0 = background; also in structures.csv. It is no probability

A label is one structure of one method; numbers of two methods have nothing to do with each other.
report.json tells methods, times, versions and, where the truth was known, scores.
"""
_MEASURED = ("area_px", "area_mm2", "mean", "sd", "centroid_row", "centroid_column")
_REPORTED_PACKAGES = ("ctseg", "numpy", "scikit-image", "torch", "onnxruntime", "segment-anything")


@dataclass(frozen=True)
class MethodRun:
    """One method's label map of a slice, what a user called its structures, its time, and scores if known.

    Where the method has a merge tree, ``label_map`` is its current partition.
    """

    method: str
    label_map: NDArray[np.integer]
    seconds: float
    names: Mapping[int, str] = field(default_factory=dict)
    scores: Mapping[str, float | int | None] | None = None
    tree: MergeTree | None = None


def write_results(
    folder: Path,
    ct_slice: CTSlice,
    runs: list[MethodRun],
    formats: Sequence[str] = ("nifti",),
    identity: Mapping[str, str] | None = None,
) -> list[Path]:
    """Write every run's label map (PNG, coloured PNG, voxels) and table (CSV), and one report (JSON).

    Parameters
    ----------
    folder : created if it does not exist
    ct_slice : the slice that was segmented; none of its pixels are written
    runs : label maps (H, W) of the slice's shape
    formats : keys of `FORMATS`
    identity : what a DICOM Segmentation repeats of its source, see `ctseg.slices.identity`; it goes
        into that file and nowhere else. Without it ``.seg.nrrd`` is written instead.

    Returns
    -------
    list of the files written.
    """
    written: list[Path] = []
    formats = _usable(formats, identity)
    for run in runs:
        home = folder / run.method
        home.mkdir(parents=True, exist_ok=True)
        plain, coloured, table = (home / name for name in _ALWAYS)
        write_png16(plain, run.label_map)
        write_coloured_png(coloured, run.label_map)
        table.write_text(to_csv(structures(run, ct_slice), _columns(run, ct_slice)), encoding="utf-8")
        written += [plain, coloured, table]
        if run.tree is not None:
            written.append(home / _CONFIDENCE)
            write_layer_png(written[-1], run.label_map, confidence(run.tree))
        for each in _fitting(formats, run.label_map):
            written.append(home / FORMATS[each])
            _write_voxels(written[-1], each, run, ct_slice, identity)
    folder.mkdir(parents=True, exist_ok=True)
    contents = "\n".join(_CONTENTS[each] for each in formats)
    report_path = folder / "report.json"
    report_path.write_text(
        json.dumps(report(ct_slice, runs), indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    readme_path = folder / "README.txt"
    readme_path.write_text(
        README.format(
            disclaimer=DISCLAIMER,
            formats=contents,
            unit="HU" if ct_slice.intensity == "HU" else "grey levels",
        ),
        encoding="utf-8",
    )
    return [*written, report_path, readme_path]


def _usable(formats: Sequence[str], identity: Mapping[str, str] | None) -> list[str]:
    """Each format once; only a slice of DICOM becomes a DICOM Segmentation."""
    return list(
        dict.fromkeys("seg.nrrd" if each == "dicom-seg" and identity is None else each for each in formats)
    )


def _fitting(formats: Sequence[str], label_map: NDArray[np.integer]) -> list[str]:
    """The formats of one label map: a DICOM Segmentation must mark something."""
    if label_map.any():
        return list(formats)
    return list(dict.fromkeys("seg.nrrd" if each == "dicom-seg" else each for each in formats))


def _write_voxels(
    path: Path, kind: str, run: MethodRun, ct_slice: CTSlice, identity: Mapping[str, str] | None
) -> None:
    geometry = ct_slice.geometry
    if kind == "nifti":
        write_nifti(path, run.label_map, geometry.affine, geometry.spacing_mm, geometry.grid)
    elif kind == "seg.nrrd":
        write_seg_nrrd(path, run.label_map, geometry, run.names)
    elif kind == "mha":
        write_metaimage(path, run.label_map, geometry)
    else:
        write_dicom_seg(path, run.label_map, geometry, identity or {}, run.names)


def _unit(ct_slice: CTSlice) -> str:
    return "hu" if ct_slice.intensity == "HU" else "grey"


def _columns(run: MethodRun, ct_slice: CTSlice) -> list[str]:
    unit = _unit(ct_slice)
    measured = ["area_px", "area_mm2", f"mean_{unit}", f"sd_{unit}", "centroid_row_px", "centroid_column_px"]
    return ["label", "name", *measured, *([] if run.tree is None else ["confidence"])]


def structures(run: MethodRun, ct_slice: CTSlice) -> list[dict[str, Any]]:
    """One row for each structure: label, name, area (px, mm²), mean, deviation, centroid (px), confidence.

    The last only where the method has a merge tree.
    """
    table = area_table(run.label_map, ct_slice.pixels, ct_slice.spacing_mm)
    label, name, *measured = _columns(run, ct_slice)
    values = [table[column].tolist() for column in _MEASURED]
    if run.tree is not None:
        values.append(confidence(run.tree).tolist())
    return [
        {label: number, name: run.names.get(number, ""), **dict(zip(measured, row, strict=True))}
        for number, *row in zip(table["label"].tolist(), *values, strict=True)
    ]


def report(ct_slice: CTSlice, runs: list[MethodRun]) -> dict[str, Any]:
    """Versions, parameters and times of the runs, and what the numbers must not be used for."""
    domain = domain_of(ct_slice)
    return {
        "disclaimer": DISCLAIMER,
        "slice": {
            "height_px": ct_slice.shape[0],
            "width_px": ct_slice.shape[1],
            "intensity": ct_slice.intensity,
            "spacing_mm": ct_slice.spacing_mm,
            "source": ct_slice.source,
            "notes": list(ct_slice.notes),
            "domain": asdict(domain),
        },
        "methods": [_run_report(run, domain) for run in runs],
        "versions": {"python": platform.python_version(), **_versions()},
    }


def _run_report(run: MethodRun, domain: Domain) -> dict[str, Any]:
    card = CARDS[run.method]
    return {
        "name": card.name,
        "title": card.title,
        "structures": int(np.unique(run.label_map[run.label_map != 0]).size),
        "seconds": round(run.seconds, 3),
        "input_window_hu": {"width": card.input_window.width, "level": card.input_window.level},
        "weights": list(card.weights),
        "weights_licence": card.weights_licence,
        "paper": card.paper,
        "confidence": None if run.tree is None else _confidence(run.tree),
        "outside_domain": domain_note(card, domain),
        "scores": None if run.scores is None else dict(run.scores),
    }


def _confidence(tree: MergeTree) -> dict[str, float]:
    """Confidence by label."""
    return {str(label): round(value, 4) for label, value in enumerate(confidence(tree).tolist(), start=1)}


def _versions() -> dict[str, str]:
    found = {}
    for package in _REPORTED_PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found

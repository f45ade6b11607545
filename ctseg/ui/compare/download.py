"""The ZIP of results, made in memory when it is asked for; it never lies where an address could reach it."""

import io
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ctseg.export import MethodRun, write_results
from ctseg.labelmaps.files.dicom_seg import CARRIES, VIEWERS
from ctseg.metrics import json_ready, score
from ctseg.ui.compare.figure import figure_files
from ctseg.ui.compare.handlers import PageError, identity_of
from ctseg.ui.server.sessions import Finished, Session

ZIP_NAME = "ctseg-results.zip"
FORMATS = {
    "nifti": "NIfTI",
    "seg.nrrd": "3D Slicer (.seg.nrrd)",
    "mha": "MetaImage (.mha)",
    "dicom-seg": "DICOM Segmentation",
}
"""Formats of voxels that the page offers, and what it calls them."""
NAMED = f"{CARRIES} {VIEWERS}"
UNNAMED = "Only an uploaded DICOM slice whose place is known becomes one; .seg.nrrd is written instead."
MAX_NAME_LETTERS = 80


def results_zip(session: Session, asked: Mapping[str, Any]) -> bytes:
    """Return a ZIP of label maps, tables, the report and a ready figure (PNG and SVG).

    Parameters
    ----------
    session : with results of the slice on show
    asked : as the browser sent it: ``names`` (method -> label -> what the visitor called it), ``panes`` of
        the figure, ``formats`` (keys of `FORMATS`), ``window`` on show (width and level in
        HU), ``box`` (what of the slice is on show), ``outlined``, ``opacity``

    Raises
    ------
    PageError
        If there is no result.
    """
    ct_slice, truth = session.ct_slice, session.truth
    if ct_slice is None or not session.finished:
        raise PageError("There is no result to download yet; press Compare first.")
    runs = [_run(method, found, asked.get("names"), session) for method, found in session.finished.items()]
    packed = io.BytesIO()
    with tempfile.TemporaryDirectory(prefix="ctseg-zip-") as place:
        folder = Path(place)
        write_results(folder, ct_slice, runs, _formats(asked.get("formats")), identity_of(session))
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(folder.rglob("*")):
                if path.is_file():
                    archive.write(path, path.relative_to(folder))
            if session.credit:
                archive.writestr("ATTRIBUTION.txt", f"The slice: {session.credit}\n")
            scores = {run.method: run.scores for run in runs}
            for name, content in figure_files(session, ct_slice, truth, scores, asked).items():
                archive.writestr(name, content)
    return packed.getvalue()


def _formats(asked: Any) -> list[str]:
    """The formats of voxels that were chosen, as far as they are offered; NIfTI where none is."""
    chosen = [each for each in FORMATS if isinstance(asked, list) and each in asked]
    return chosen or ["nifti"]


def _run(method: str, found: Finished, names: Any, session: Session) -> MethodRun:
    truth = session.truth
    return MethodRun(
        method,
        found.label_map,
        found.seconds,
        names=_names_of(names, method),
        scores=None if truth is None else json_ready(score(found.label_map, truth)),
        tree=found.tree,
    )


def _names_of(names: Any, method: str) -> dict[int, str]:
    given = names.get(method) if isinstance(names, dict) else None
    if not isinstance(given, dict):
        return {}
    return {
        int(label): str(name)[:MAX_NAME_LETTERS]
        for label, name in given.items()
        if str(label).isdecimal() and str(name).strip()
    }

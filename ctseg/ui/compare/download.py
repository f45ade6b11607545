"""The ZIP of results, made in memory when it is asked for; it never lies where an address could reach it."""

import base64
import io
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ctseg.export import MethodRun, write_results
from ctseg.metrics import json_ready, score
from ctseg.slices import CTSlice
from ctseg.ui.server.sessions import Finished

ZIP_NAME = "ctseg-results.zip"
MOST_NAME_LETTERS = 80


def results_zip(
    ct_slice: CTSlice,
    finished: Mapping[str, Finished],
    names: Any,
    truth: NDArray[np.integer] | None = None,
) -> bytes:
    """Return a ZIP of label maps, tables and the report.

    Parameters
    ----------
    ct_slice : the slice that was segmented; none of its pixels go into the ZIP
    finished : label maps (H, W) by method
    names : what the visitor called the structures, as the browser sent it: method -> label -> name
    truth : the true label map (H, W), which gives the report its scores, or None
    """
    runs = [
        MethodRun(
            method,
            found.label_map,
            found.seconds,
            names=_names_of(names, method),
            scores=None if truth is None else json_ready(score(found.label_map, truth)),
        )
        for method, found in finished.items()
    ]
    packed = io.BytesIO()
    with tempfile.TemporaryDirectory(prefix="ctseg-zip-") as place:
        folder = Path(place)
        write_results(folder, ct_slice, runs)
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(folder.rglob("*")):
                if path.is_file():
                    archive.write(path, path.relative_to(folder))
    return packed.getvalue()


def zip_message(packed: bytes) -> dict[str, str]:
    """Return the ZIP as a message for the viewer, which hands it to the visitor."""
    return {"name": ZIP_NAME, "data": base64.b64encode(packed).decode()}


def _names_of(names: Any, method: str) -> dict[int, str]:
    given = names.get(method) if isinstance(names, dict) else None
    if not isinstance(given, dict):
        return {}
    return {
        int(label): str(name)[:MOST_NAME_LETTERS]
        for label, name in given.items()
        if str(label).isdecimal() and str(name).strip()
    }

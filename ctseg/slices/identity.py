"""Whose slice it is: what a DICOM Segmentation repeats of its source, read again for that output alone."""

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from ctseg.slices.ct_slice import SliceError
from ctseg.slices.dicom.elements import Elements
from ctseg.slices.dicom.frame import frame_facts
from ctseg.slices.dicom.header import read_elements, read_header
from ctseg.slices.dicom.values import whole
from ctseg.slices.formats.zip import dicom_entries, held_in

IDENTIFIERS = (
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "StudyInstanceUID",
    "StudyDate",
    "StudyTime",
    "StudyID",
    "AccessionNumber",
    "ReferringPhysicianName",
    "SeriesInstanceUID",
    "FrameOfReferenceUID",
    "SOPClassUID",
    "SOPInstanceUID",
)
_MAX_LENGTH = 256
_TOLERANCE_MM = 0.01


def decode_identity(path: str, place: str) -> tuple[NDArray[np.uint8], dict[str, Any]]:
    """Find the file whose slice lies at a place, as `ctseg.sandbox.runner.run_decoder` wants it.

    Parameters
    ----------
    path : DICOM file, ZIP or folder of them
    place : JSON of the slice's affine

    Returns
    -------
    an array of no meaning; and the values of `IDENTIFIERS` as text, in memory only

    Raises
    ------
    SliceError
        If there is no such file.
    """
    affine = np.array(json.loads(place), np.float64)
    for file in _files(Path(path)):
        try:
            found = _lies_at(file, affine)
        except Exception:  # noqa: S112  files of other kinds beside it fail in every way
            continue
        if found:
            elements = read_elements(file, IDENTIFIERS)
            identity = {name: str(elements.get(name) or "")[:_MAX_LENGTH] for name in IDENTIFIERS}
            return np.zeros(1, np.uint8), identity
    raise SliceError("The DICOM file of this slice was not found again; give the same file.")


def _lies_at(file: BinaryIO, affine: NDArray[np.float64]) -> bool:
    header, _ = read_header(file)
    frames = whole(header, "NumberOfFrames") or 1
    for index in range(min(frames, 2048)):
        frame = frame_facts(Elements(header, index, frames))
        if frame.position is None:
            continue
        position = frame.position * [-1.0, -1.0, 1.0]
        if np.abs(position - affine[:3, 3]).max() < _TOLERANCE_MM:
            return True
    return False


def _files(path: Path) -> Iterator[BinaryIO]:
    if path.is_dir():
        for each in sorted(path.rglob("*")):
            if each.is_file():
                with each.open("rb") as file:
                    yield file
        return
    with path.open("rb") as file:
        if file.read(2) != b"PK":
            yield file
            return
        file.seek(0)
        with zipfile.ZipFile(file) as archive:
            for opener in dicom_entries(archive, held_in(archive)):
                with opener() as entry:
                    yield entry

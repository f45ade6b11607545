"""From uploaded files to pixels: what the decoder's own process runs."""

import zipfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from ctseg.slices.ct_slice import SliceError
from ctseg.slices.limits import check_upload
from ctseg.slices.sniff import SNIFFED_BYTES, is_dicom, sniff
from ctseg.slices.stack import Stack

_NAMES = {
    "png": "PNG",
    "jpeg": "JPEG",
    "tiff": "TIFF",
    "dicom": "DICOM",
    "nifti": "NIfTI",
    "nifti.gz": "NIfTI",
    "zip": "ZIP",
}
TOO_MUCH_MEMORY = "This file needs more memory to decode than is allowed; save a smaller part of it."


def decode_stack(*paths: str) -> tuple[NDArray[np.generic], dict[str, Any]]:
    """Decode files to pixels and JSON facts, as `ctseg.sandbox.runner.run_decoder` wants it."""
    stack = decode([Path(path) for path in paths])
    return stack.pixels, stack.facts()


def decode_folder(folder: str) -> tuple[NDArray[np.generic], dict[str, Any]]:
    """Decode the largest DICOM series in a folder and those below it, as `decode_stack` does."""
    from ctseg.slices.dicom.series import read_dicom

    found = [path for path in sorted(Path(folder).rglob("*")) if path.is_file() and _begins_as_dicom(path)]
    if not found:
        raise SliceError(
            "This folder holds no DICOM files; give a folder of one CT series, or a single file."
        )
    stack = read_dicom([partial(_open, path) for path in found])
    return stack.pixels, stack.facts()


def _begins_as_dicom(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return is_dicom(file.read(SNIFFED_BYTES))
    except OSError:  # not allowed to be read, or gone by now
        return False


def decode(paths: Sequence[Path]) -> Stack:
    """Decode files in this very process; use `ctseg.slices.read_stack` for files of strangers.

    Raises
    ------
    SliceError
        And nothing else, for any bytes.
    """
    check_upload(path.stat().st_size for path in paths)
    kinds = [_kind(path) for path in paths]
    kind = kinds[0]
    try:
        if len(paths) > 1:
            return _decode_several(paths, kinds)
        with paths[0].open("rb") as file:
            return _decode_one(file, kind, paths[0])
    except SliceError:
        raise
    except MemoryError as error:
        raise SliceError(TOO_MUCH_MEMORY) from error
    # Codecs and parsers fail on damaged files with errors of every kind.
    except Exception as error:
        raise SliceError(f"This {_NAMES[kind]} file is damaged or incomplete; export it again.") from error


def _kind(path: Path) -> str:
    with path.open("rb") as file:
        return sniff(file)


def _decode_several(paths: Sequence[Path], kinds: Sequence[str]) -> Stack:
    from ctseg.slices.dicom.series import read_dicom

    if set(kinds) != {"dicom"}:
        raise SliceError(
            "Several files are read together only if all are DICOM slices of one series; "
            "upload one file at a time."
        )
    return read_dicom([partial(_open, path) for path in paths])


def _open(path: Path) -> BinaryIO:
    return path.open("rb")


def _decode_one(file: BinaryIO, kind: str, path: Path) -> Stack:
    # Imported one by one: a PNG need not wait for pydicom and nibabel.
    if kind in ("png", "jpeg"):
        from ctseg.slices.formats.png_jpeg import read_picture

        return read_picture(file, kind)
    if kind == "tiff":
        from ctseg.slices.formats.tiff import read_tiff

        return read_tiff(file)
    if kind == "dicom":
        from ctseg.slices.dicom.series import read_dicom

        return read_dicom([partial(_open, path)])
    if kind == "zip":
        from ctseg.slices.dicom.series import read_dicom
        from ctseg.slices.formats.zip import dicom_entries

        with zipfile.ZipFile(file) as archive:
            return read_dicom(dicom_entries(archive))
    from ctseg.slices.formats.nifti import read_gzipped_nifti, read_nifti

    return read_gzipped_nifti(file) if kind == "nifti.gz" else read_nifti(file)

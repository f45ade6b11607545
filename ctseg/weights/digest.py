"""Checks files against their sha256, once per process and file."""

import hashlib
import threading
from pathlib import Path

from ctseg.weights.errors import WeightsError

_CHUNK_BYTES = 1 << 20
_known: dict[tuple[str, int, int], str] = {}
_writing = threading.Lock()


def sha256_of(path: Path) -> str:
    """Return the sha256 of a file in hexadecimal.

    It is remembered by path, size and time of change, so that loading a file again costs no second read.
    """
    state = path.stat()
    key = (str(path.resolve()), state.st_size, state.st_mtime_ns)
    if key not in _known:
        digest = hashlib.sha256()
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                digest.update(chunk)
        with _writing:
            _known[key] = digest.hexdigest()
    return _known[key]


def is_the_file(path: Path, sha256: str, size: int) -> bool:
    """Tell whether ``path`` has exactly this size in bytes and this sha256.

    Raises
    ------
    WeightsError
        If the file is there and cannot be read.
    """
    try:
        return path.stat().st_size == size and sha256_of(path) == sha256
    except OSError as error:
        raise WeightsError(f"The weights file {path.name} cannot be read; check its permissions.") from error

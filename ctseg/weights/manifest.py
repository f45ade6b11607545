"""Reads ``weights/manifest.toml``: which weights files exist, and what exactly each of them is."""

import hashlib
import threading
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ctseg.errors import UserError
from ctseg.settings import HUB_OWNER, WEIGHTS_FOLDER, packaged_folder

"""Called with (bytes done, bytes in all) while a file is fetched; what it raises ends the transfer."""

_CHUNK_BYTES = 1 << 20
_known_digests: dict[tuple[str, int, int], str] = {}
_writing = threading.Lock()


class WeightsError(UserError):
    """A weights file cannot be had; the message is one sentence that says why and what to do."""


@dataclass(frozen=True, kw_only=True)
class WeightsFile:
    """What is known about one weights file.

    Attributes
    ----------
    file : its name, also in the folder ``weights`` where it is embedded.
    sha256 : 64 hexadecimal digits; a file with another digest is never loaded.
    bytes : its size.
    licence : SPDX expression of the weights.
    source : where it comes from and how it was made, one or two sentences.
    methods : names of the methods that load it; the first one names the repository.
    repo : ``owner/name`` on the Hub, or "" where no owner is set.
    path : the file's path inside that repository.
    commit : 40 hexadecimal digits, or "" until the file was really published.
    outside : True for somebody else's checkpoint, which is fetched and converted and never embedded.
    """

    file: str
    sha256: str
    bytes: int
    licence: str
    source: str
    methods: tuple[str, ...]
    repo: str
    path: str
    commit: str
    outside: bool


def weights_folder() -> Path:
    """Return the folder with the manifest and the embedded files.

    It is ``CTSEG_WEIGHTS_FOLDER`` where that is set, else inside an installed package, else at the top of
    the repository.
    """
    return WEIGHTS_FOLDER.folder() or packaged_folder("weights")


def manifest() -> Mapping[str, WeightsFile]:
    """Return all known weights files by file name, in the manifest's order.

    Raises
    ------
    WeightsError
        If the manifest is missing or cannot be read.
    """
    path = weights_folder() / "manifest.toml"
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        owner = HUB_OWNER.text() or table["owner"]
        entries = [_own(row, owner) for row in table.get("file", [])]
        entries += [_outside(row) for row in table.get("outside", [])]
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise WeightsError(f"The list of weights {path.name} cannot be read; install ctseg again.") from error
    return MappingProxyType({entry.file: entry for entry in entries})


def find(file_name: str) -> WeightsFile:
    """Return the manifest's entry of this name, or raise ``WeightsError``."""
    known = manifest()
    if file_name not in known:
        raise WeightsError(f"There is no weights file {file_name!r}; known are {', '.join(known) or 'none'}.")
    return known[file_name]


def sha256_of(path: Path) -> str:
    """Return the sha256 of a file in hexadecimal.

    It is remembered by path, size and time of change, so that loading a file again costs no second read.
    """
    state = path.stat()
    key = (str(path.resolve()), state.st_size, state.st_mtime_ns)
    if key not in _known_digests:
        digest = hashlib.sha256()
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                digest.update(chunk)
        with _writing:
            _known_digests[key] = digest.hexdigest()
    return _known_digests[key]


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


def in_megabytes(count: int) -> str:
    """Return a number of bytes in MB (10^6 bytes), with one digit that is not 0 for small ones."""
    return f"{count / 1e6:.0f} MB" if count >= 1_000_000 else f"{max(count, 1000) / 1e6:.1g} MB"


def _own(row: Mapping[str, Any], owner: str) -> WeightsFile:
    repo = f"{owner}/ctseg-{row['methods'][0]}" if owner else ""
    return WeightsFile(
        **{**row, "methods": tuple(row["methods"])}, repo=repo, path=row["file"], outside=False
    )


def _outside(row: Mapping[str, Any]) -> WeightsFile:
    return WeightsFile(**{**row, "methods": tuple(row["methods"])}, outside=True)

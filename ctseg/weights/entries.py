"""Reads ``weights/manifest.toml``: which weights files exist, and what exactly each of them is."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ctseg.settings import HUB_OWNER, WEIGHTS_FOLDER, packaged_folder
from ctseg.weights.errors import WeightsError


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


def _own(row: Mapping[str, Any], owner: str) -> WeightsFile:
    repo = f"{owner}/ctseg-{row['methods'][0]}" if owner else ""
    return WeightsFile(
        **{**row, "methods": tuple(row["methods"])}, repo=repo, path=row["file"], outside=False
    )


def _outside(row: Mapping[str, Any]) -> WeightsFile:
    return WeightsFile(**{**row, "methods": tuple(row["methods"])}, outside=True)

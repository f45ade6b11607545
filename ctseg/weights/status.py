"""Says of every weights file where it is; for `ctseg weights` and the docs."""

from dataclasses import dataclass

from ctseg.weights.convert import converted_path
from ctseg.weights.fetch import cached_path, chosen_source
from ctseg.weights.manifest import WeightsFile, in_megabytes, manifest, weights_folder

_MISSING = "not here"


@dataclass(frozen=True, kw_only=True)
class Status:
    """One row about one weights file.

    ``state`` is a phrase such as "embedded, not yet published"; ``here`` is False for a file that is missing.
    """

    file: str
    methods: tuple[str, ...]
    bytes: int
    sha256: str
    licence: str
    source: str
    state: str
    here: bool


def status() -> list[Status]:
    """Return one row per file of the manifest; looks at presence only and reads no weights."""
    return [
        Status(
            file=entry.file,
            methods=entry.methods,
            bytes=entry.bytes,
            sha256=entry.sha256,
            licence=entry.licence,
            source=entry.source,
            state=_outside_state(entry) if entry.outside else f"{_place(entry)}, {_publication(entry)}",
            here=converted_path(entry).is_file() if entry.outside else _place(entry) != _MISSING,
        )
        for entry in manifest().values()
    ]


def _place(entry: WeightsFile) -> str:
    if chosen_source() == "embedded" and (weights_folder() / entry.file).is_file():
        return "embedded"
    return "in the cache" if cached_path(entry).is_file() else _MISSING


def _publication(entry: WeightsFile) -> str:
    return f"published as {entry.repo}@{entry.commit}" if entry.commit else "not yet published"


def _outside_state(entry: WeightsFile) -> str:
    if converted_path(entry).is_file():
        return "in the cache, converted to safetensors"
    return f"not here, {in_megabytes(entry.bytes)} to fetch from {entry.repo}"

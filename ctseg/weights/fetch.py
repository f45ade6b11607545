"""Finds a weights file: embedded, else in the cache, else on the Hub at its pinned commit."""

from collections.abc import Iterable
from pathlib import Path

from ctseg.progress import CountProgress, ignore_count
from ctseg.settings import HUB_OWNER, WEIGHTS, hub_folder
from ctseg.weights.manifest import (
    WeightsError,
    WeightsFile,
    find,
    is_the_file,
    weights_folder,
)

_FORMATS = (".safetensors", ".onnx")


def fetch(file_name: str, progress: CountProgress | None = None) -> Path:
    """Return a local file whose size and sha256 are those of the manifest.

    ``CTSEG_WEIGHTS=embedded``, the default, takes the embedded file; where it is not there, the cache, and
    then the Hub. ``CTSEG_WEIGHTS=hub`` takes the published file only, from the cache or the Hub, and never
    falls back to the embedded one: what runs is then what others get. A file that was not published yet
    cannot come from the Hub.

    Parameters
    ----------
    file_name : a name in ``weights/manifest.toml`` that ends in ``.safetensors`` or ``.onnx``
    progress : called with (bytes done, bytes in all) while fetching; what it raises ends the transfer

    Returns
    -------
    Path

    Raises
    ------
    WeightsError
        If the name is unknown, the file was changed, or it cannot be fetched.
    """
    entry = find(file_name)
    if not file_name.endswith(_FORMATS) or entry.outside:
        raise WeightsError(f"{file_name} is not a safetensors or ONNX file and is never loaded as it is.")
    if chosen_source() == "embedded":
        embedded = weights_folder() / file_name
        if embedded.is_file():
            if not is_the_file(embedded, entry.sha256, entry.bytes):
                raise WeightsError(
                    f"The embedded weights file {file_name} was changed, so it is not loaded; "
                    "install ctseg again."
                )
            return embedded
    _need_published(entry)
    return fetch_to_cache(entry, entry.repo, entry.commit, progress or ignore_count)


def bytes_to_fetch(file_names: Iterable[str]) -> int | None:
    """Return how many bytes must come over the network before these files can be loaded; None if none.

    Looks at presence only, so it is quick; the digest is checked by ``fetch``.
    """
    missing = [entry.bytes for entry in map(find, file_names) if not _is_here(entry)]
    return sum(missing) or None


def cached_path(entry: WeightsFile) -> Path:
    """Return where a fetched file lies or would lie; nothing is created.

    One folder per sha256, so that two versions never meet.
    """
    return hub_folder() / "assets" / "ctseg" / "weights" / entry.sha256 / entry.file


def fetch_to_cache(entry: WeightsFile, repo: str, revision: str, progress: CountProgress) -> Path:
    """Return the cached file after checking it; fetch it first where it is missing or was changed.

    Raises
    ------
    WeightsError
        If it cannot be fetched, or what came is not the file of this sha256.
    """
    path = cached_path(entry)
    if path.is_file():
        if is_the_file(path, entry.sha256, entry.bytes):
            return path
        _remove(path)
    try:
        from ctseg.weights.download import HubFile, download
    except ImportError as error:
        raise WeightsError(f"{entry.file} cannot be fetched; install ctseg with its extra `app`.") from error
    wanted = HubFile(repo=repo, revision=revision, path=entry.path, sha256=entry.sha256, bytes=entry.bytes)
    download(wanted, path, progress)
    return path


def _is_here(entry: WeightsFile) -> bool:
    embedded = chosen_source() == "embedded" and (weights_folder() / entry.file).is_file()
    return embedded or cached_path(entry).is_file()


def chosen_source() -> str:
    """Return "embedded" or "hub", as ``CTSEG_WEIGHTS`` says; raise ``WeightsError`` for any other text."""
    chosen = WEIGHTS.text()
    if chosen not in ("embedded", "hub"):
        raise WeightsError(f"{WEIGHTS.name} is {chosen!r}; set it to embedded or hub.")
    return chosen


def _need_published(entry: WeightsFile) -> None:
    if not entry.commit:
        raise WeightsError(
            f"The weights file {entry.file} is not yet published on the Hub; "
            f"use a copy of ctseg that embeds it, with {WEIGHTS.name}=embedded."
        )
    if not entry.repo:
        raise WeightsError(f"No Hub account is known for {entry.file}; set {HUB_OWNER.name} to its owner.")


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise WeightsError(
            f"The cached {path.name} was changed and cannot be replaced; delete it."
        ) from error

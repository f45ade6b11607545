"""The cache of fetched weights: one folder per sha256 under ``HF_HOME``, so that two versions never meet."""

from pathlib import Path

from ctseg.settings import hub_folder
from ctseg.weights.digest import is_the_file
from ctseg.weights.entries import WeightsFile
from ctseg.weights.errors import WeightsError
from ctseg.weights.hub import HubFile, Progress, download


def cached_path(entry: WeightsFile) -> Path:
    """Return where a fetched file lies or would lie; nothing is created."""
    return hub_folder() / "assets" / "ctseg" / "weights" / entry.sha256 / entry.file


def fetch_to_cache(entry: WeightsFile, repo: str, revision: str, progress: Progress) -> Path:
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
    wanted = HubFile(repo=repo, revision=revision, path=entry.path, sha256=entry.sha256, bytes=entry.bytes)
    download(wanted, path, progress)
    return path


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise WeightsError(
            f"The cached {path.name} was changed and cannot be replaced; delete it."
        ) from error

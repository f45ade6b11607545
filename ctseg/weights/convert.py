"""Turns somebody else's torch checkpoint, once its sha256 matched, into safetensors in the cache.

This is the only place that opens a pickle from elsewhere: by ``torch.load`` with ``weights_only=True``,
which builds tensors and plain containers and runs nothing.
"""

from pathlib import Path
from typing import Any

from ctseg.files import atomic_path, write_atomically
from ctseg.progress import CountProgress, ignore_count
from ctseg.weights.fetch import cached_path, fetch_to_cache
from ctseg.weights.manifest import (
    WeightsError,
    WeightsFile,
    find,
    in_megabytes,
    is_the_file,
    sha256_of,
)


def fetch_converted(
    file_name: str,
    repo: str = "",
    revision: str = "main",
    local_file: Path | None = None,
    progress: CountProgress | None = None,
) -> Path:
    """Return the safetensors file made from an outside checkpoint of the manifest.

    A converted file in the cache is taken if its own sha256, recorded when it was made, still holds. Else
    the checkpoint is read from ``local_file``, or fetched, checked, converted and, if fetched, deleted.

    Parameters
    ----------
    file_name : name of an outside checkpoint in the manifest
    repo : repository on the Hub, or "" for the manifest's
    revision : branch, tag or commit there; the sha256 decides what is accepted
    local_file : checkpoint that is on this computer already; it is left where it is
    progress : called with (bytes done, bytes in all) while fetching

    Raises
    ------
    WeightsError
        If the checkpoint cannot be had, is another file, or does not hold named tensors.
    """
    entry = find(file_name)
    converted = converted_path(entry)
    if _is_intact(converted):
        return converted
    if local_file is not None:
        _convert(_checked_local(local_file, entry), converted)
        return converted
    fetched = fetch_to_cache(entry, repo or entry.repo, revision, progress or ignore_count)
    _convert(fetched, converted)
    fetched.unlink(missing_ok=True)
    return converted


def converted_bytes_to_fetch(file_name: str, local_file: Path | None = None) -> int | None:
    """Return how many bytes ``fetch_converted`` would fetch; None if it would fetch nothing."""
    entry = find(file_name)
    here = converted_path(entry).is_file() or cached_path(entry).is_file()
    return None if here or local_file is not None else entry.bytes


def converted_path(entry: WeightsFile) -> Path:
    """Return where the converted file lies or would lie."""
    return cached_path(entry).with_suffix(".safetensors")


def _is_intact(converted: Path) -> bool:
    record = _record_path(converted)
    if not (converted.is_file() and record.is_file()):
        return False
    return is_the_file(
        converted, record.read_text(encoding="ascii", errors="replace").strip(), converted.stat().st_size
    )


def _record_path(converted: Path) -> Path:
    return converted.with_name(converted.name + ".sha256")


def _checked_local(path: Path, entry: WeightsFile) -> Path:
    if not path.is_file():
        raise WeightsError(f"There is no file {path}; correct the setting that names it.")
    if not is_the_file(path, entry.sha256, entry.bytes):
        raise WeightsError(
            f"{path.name} is not {entry.file} (its sha256 differs), so it is not loaded; "
            "get the original file."
        )
    return path


def _convert(checkpoint: Path, converted: Path) -> None:
    from safetensors.torch import save_file

    tensors = _read_tensors(checkpoint)
    try:
        with atomic_path(converted) as unfinished:
            save_file(tensors, unfinished)
            write_atomically(_record_path(converted), f"{sha256_of(unfinished)}\n".encode())
    except Exception as error:  # safetensors reports a full disk by an error type of its own
        raise WeightsError(
            f"{converted.name} cannot be stored in the cache; free {in_megabytes(checkpoint.stat().st_size)} "
            "or set HF_HOME to another disk."
        ) from error


def _read_tensors(checkpoint: Path) -> dict[str, Any]:
    import torch

    try:
        loaded = torch.load(checkpoint, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises many types for a file that is not a checkpoint
        raise WeightsError(f"{checkpoint.name} is not a torch checkpoint; get the original file.") from error
    if not isinstance(loaded, dict) or not all(
        isinstance(name, str) and isinstance(tensor, torch.Tensor) for name, tensor in loaded.items()
    ):
        raise WeightsError(f"{checkpoint.name} does not hold named tensors only; get the original file.")
    return {name: tensor.contiguous().clone() for name, tensor in loaded.items()}

"""Fetches one file from the Hub, or from what ``HF_ENDPOINT`` names, and checks it before it gets its name.

This does not use ``hf_hub_download``: that one hands over 10 MB at a time, so that neither a stop flag nor a
line that only drips is noticed for minutes, and it does not compare digests.
"""

import errno
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ctseg.weights.digest import is_the_file
from ctseg.weights.errors import WeightsError
from ctseg.weights.sizes import in_megabytes

Progress = Callable[[int, int], None]

_PAUSES_S = (0.5, 1.0)
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@dataclass(frozen=True, kw_only=True)
class HubFile:
    """One file at one revision of a repository, with the sha256 and size in bytes that it must have."""

    repo: str
    revision: str
    path: str
    sha256: str
    bytes: int

    @property
    def name(self) -> str:
        """File name without its folder."""
        return self.path.rsplit("/", 1)[-1]


def ignore_progress(_done: int, _total: int) -> None:
    """Be the progress callback of callers who do not show progress."""


def download(wanted: HubFile, target: Path, progress: Progress) -> None:
    """Fetch ``wanted`` into ``target``; under that name it is only ever complete and right.

    An interrupted transfer leaves ``target.part`` and goes on from there, in this call up to twice
    and in a later call. One process at a time fetches a file.

    Parameters
    ----------
    wanted : HubFile
    target : file to write; its folder is made
    progress : called with (bytes done, bytes in all); what it raises ends the transfer

    Raises
    ------
    WeightsError
        If offline, the Hub refuses, the line is cut or slow, the disk is full, or the content is another.
    """
    try:
        from huggingface_hub.constants import HF_HUB_OFFLINE
        from huggingface_hub.utils import WeakFileLock
    except ImportError as error:
        raise WeightsError(f"{wanted.name} cannot be fetched; install ctseg with its extra `app`.") from error

    if HF_HUB_OFFLINE:
        raise WeightsError(
            f"{wanted.name} is not on this computer and HF_HUB_OFFLINE is set; unset it to fetch the file."
        )
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with WeakFileLock(target.with_name(target.name + ".lock")):
            if not target.is_file():
                _fetch_part(wanted, target.with_name(target.name + ".part"), progress).replace(target)
    except OSError as error:
        raise WeightsError(_disk_sentence(error, wanted)) from error


def _fetch_part(wanted: HubFile, part: Path, progress: Progress) -> Path:
    from ctseg.weights.transfer import TransferError, append

    free = shutil.disk_usage(part.parent).free
    if free < wanted.bytes:
        raise WeightsError(
            f"{wanted.name} needs {in_megabytes(wanted.bytes)} and the disk of the cache "
            f"has {in_megabytes(free)} left; free some room or set HF_HOME to another disk."
        )
    for pause_s in (*_PAUSES_S, None):
        try:
            append(wanted, part, progress)
            break
        except TransferError as error:
            if pause_s is None:
                raise WeightsError(str(error)) from error
            time.sleep(pause_s)
    if not is_the_file(part, wanted.sha256, wanted.bytes):
        part.unlink()
        raise WeightsError(
            f"What {wanted.repo} delivered as {wanted.name} is another file (its sha256 differs), "
            "so it was deleted; try again later."
        )
    return part


def _disk_sentence(error: OSError, wanted: HubFile) -> str:
    if error.errno in _NO_ROOM:
        return (
            f"The disk is full: {wanted.name} needs {in_megabytes(wanted.bytes)}; "
            "free some room or set HF_HOME to another disk."
        )
    return f"{wanted.name} cannot be stored in the cache; set HF_HOME to a folder that can be written."

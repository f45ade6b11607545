"""Fetches one file from the Hub, or from what ``HF_ENDPOINT`` names, and checks it before it gets its name.

This does not use ``hf_hub_download``: that one hands over 10 MB at a time, so that neither a stop flag nor a
line that only drips is noticed for minutes, and it does not compare digests.
"""

import errno
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from huggingface_hub import constants, get_session, hf_hub_url
from huggingface_hub.errors import HTTPError
from huggingface_hub.utils import WeakFileLock, build_hf_headers

from ctseg.progress import CountProgress
from ctseg.weights.manifest import WeightsError, in_megabytes, is_the_file

_PAUSES_S = (0.5, 1.0)
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_MIN_BYTES_PER_S = 1024
_TRY_AGAIN = "check the network and try again; what came so far is kept"


class _TransferError(Exception):
    """The transfer broke off in a way that another try may mend; the message is a sentence for users."""


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


def download(wanted: HubFile, target: Path, progress: CountProgress) -> None:
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
    if constants.HF_HUB_OFFLINE:
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


def _fetch_part(wanted: HubFile, part: Path, progress: CountProgress) -> Path:
    free = shutil.disk_usage(part.parent).free
    if free < wanted.bytes:
        raise WeightsError(
            f"{wanted.name} needs {in_megabytes(wanted.bytes)} and the disk of the cache "
            f"has {in_megabytes(free)} left; free some room or set HF_HOME to another disk."
        )
    for pause_s in (*_PAUSES_S, None):
        try:
            _append(wanted, part, progress)
            break
        except _TransferError as error:
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


class _Pace:
    """Notices a line that delivers, but too little: under 1 kB/s over two read timeouts."""

    def __init__(self) -> None:
        self._window_s = 2.0 * constants.HF_HUB_DOWNLOAD_TIMEOUT
        self._start = time.monotonic()
        self._received = 0

    def too_slow_after(self, count: int) -> bool:
        self._received += count
        elapsed = time.monotonic() - self._start
        if elapsed < self._window_s:
            return False
        slow = self._received < _MIN_BYTES_PER_S * elapsed
        self._start, self._received = time.monotonic(), 0
        return slow


def _append(wanted: HubFile, part: Path, progress: CountProgress) -> None:
    """Fetch what is still missing of ``wanted`` and add it to ``part``.

    Raises
    ------
    _TransferError
        If the line was cut, nothing came in time, or the server has a fault of its own.
    WeightsError
        If trying again would not help: refused, not found, another size, or too slow a line.
    OSError
        If ``part`` cannot be written.
    """
    have = part.stat().st_size if part.exists() else 0
    if have > wanted.bytes:
        part.unlink()
        have = 0
    if have == wanted.bytes:
        return
    progress(have, wanted.bytes)
    headers = build_hf_headers(headers={"Accept-Encoding": "identity"})
    if have:
        headers["Range"] = f"bytes={have}-"
    url = hf_hub_url(wanted.repo, wanted.path, revision=wanted.revision)
    try:
        with get_session().stream(
            "GET", url, headers=headers, timeout=constants.HF_HUB_DOWNLOAD_TIMEOUT
        ) as response:
            _refuse(response.status_code, wanted)
            _write(response, wanted, part, have if response.status_code == 206 else 0, progress)
    except HTTPError as error:
        raise _TransferError(
            f"The connection to {constants.ENDPOINT} broke while fetching {wanted.name}; {_TRY_AGAIN}."
        ) from error


def _refuse(status: int, wanted: HubFile) -> None:
    if status in (200, 206):
        return
    place = f"{wanted.repo} at {wanted.revision}"
    if status in (401, 403):
        raise WeightsError(
            f"{constants.ENDPOINT} does not let you read {wanted.name} in {place}; "
            "check the repository's name, or log in with `hf auth login`."
        )
    if status == 404:
        raise WeightsError(
            f"{constants.ENDPOINT} has no {wanted.name} in {place}; check repository and revision."
        )
    if status == 429 or status >= 500:
        raise _TransferError(
            f"{constants.ENDPOINT} answers with fault {status} for {wanted.name}; try again in a few minutes."
        )
    raise WeightsError(
        f"{constants.ENDPOINT} answers with status {status} for {wanted.name}; check HF_ENDPOINT."
    )


def _write(response: Any, wanted: HubFile, part: Path, have: int, progress: CountProgress) -> None:
    length = response.headers.get("Content-Length")
    if length is not None and have + int(length) != wanted.bytes:
        raise WeightsError(
            f"{wanted.name} in {wanted.repo} has {have + int(length)} bytes "
            f"and not the expected {wanted.bytes}, so it is another file; check repository and revision."
        )
    pace = _Pace()
    with part.open("ab" if have else "wb") as file:
        for chunk in response.iter_bytes():
            have += len(chunk)
            if have > wanted.bytes:
                raise WeightsError(
                    f"{wanted.repo} sends more than the {wanted.bytes} bytes of {wanted.name}."
                )
            file.write(chunk)
            progress(have, wanted.bytes)
            if have < wanted.bytes and pace.too_slow_after(len(chunk)):
                raise WeightsError(
                    f"The connection to {constants.ENDPOINT} is too slow for {wanted.name}; {_TRY_AGAIN}."
                )
    if have < wanted.bytes:
        raise _TransferError(f"{constants.ENDPOINT} sent only a part of {wanted.name}; {_TRY_AGAIN}.")

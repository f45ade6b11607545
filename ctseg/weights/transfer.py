"""One HTTP transfer of a file that may be begun already, through the session of ``huggingface_hub``."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from huggingface_hub import constants, get_session, hf_hub_url
from huggingface_hub.errors import HTTPError
from huggingface_hub.utils import build_hf_headers

from ctseg.weights.errors import WeightsError

if TYPE_CHECKING:
    from ctseg.weights.hub import HubFile, Progress

_SLOWEST_BYTES_PER_S = 1024
_TRY_AGAIN = "check the network and try again; what came so far is kept"


class TransferError(Exception):
    """The transfer broke off in a way that another try may mend; the message is a sentence for users."""


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
        slow = self._received < _SLOWEST_BYTES_PER_S * elapsed
        self._start, self._received = time.monotonic(), 0
        return slow


def append(wanted: "HubFile", part: Path, progress: "Progress") -> None:
    """Fetch what is still missing of ``wanted`` and add it to ``part``.

    Raises
    ------
    TransferError
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
        raise TransferError(
            f"The connection to {constants.ENDPOINT} broke while fetching {wanted.name}; {_TRY_AGAIN}."
        ) from error


def _refuse(status: int, wanted: "HubFile") -> None:
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
        raise TransferError(
            f"{constants.ENDPOINT} answers with fault {status} for {wanted.name}; try again in a few minutes."
        )
    raise WeightsError(
        f"{constants.ENDPOINT} answers with status {status} for {wanted.name}; check HF_ENDPOINT."
    )


def _write(response: Any, wanted: "HubFile", part: Path, have: int, progress: "Progress") -> None:
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
        raise TransferError(f"{constants.ENDPOINT} sent only a part of {wanted.name}; {_TRY_AGAIN}.")

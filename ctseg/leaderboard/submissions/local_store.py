"""The store of submissions: an entry is in it whole or not at all, and once."""

import errno
import logging
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ctseg.errors import UserError
from ctseg.files import OWNER_ONLY, bytes_under, flush_folder, write_atomically
from ctseg.leaderboard.folders import ENTRIES, RESULT_FILE, built_in_folder, submissions_folder
from ctseg.leaderboard.results.result import Result
from ctseg.leaderboard.results.store import all_results, read_result
from ctseg.leaderboard.set_aside import SetAside, usable
from ctseg.leaderboard.submissions.entry_files import PREDICTIONS_FILE, read_predictions, write_entry
from ctseg.locks import locked
from ctseg.settings import STORE_MB

_logger = logging.getLogger(__name__)
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class StoreError(UserError):
    """A submission cannot be stored; the message is one sentence."""


@dataclass(frozen=True)
class Outcome:
    """What became of a submission: the stored result, and whether it is a new entry or one stored before."""

    result: Result
    new: bool


def keep_here(_entry: Path) -> None:
    """Be the ``publish`` of a store that lies on a disk which stays."""


def do_nothing() -> None:
    """Be the ``publish`` of a record in such a store."""


class Submissions:
    """The folder of submissions, shared by all processes that are told of it.

    Entries are made one at a time, under a lock that the system takes back from a process that was killed.

    Parameters
    ----------
    folder : made when the first entry comes
    max_bytes : an entry that would make the folder larger is refused
    """

    def __init__(self, folder: Path, max_bytes: int) -> None:
        self.folder = folder
        self._max_bytes = max_bytes

    def results(self) -> list[Result]:
        """Return all results, those of hidden entries too."""
        return all_results(self.folder)

    def find(self, sha256: str) -> Result | None:
        """Return the result of these label maps, ours or a submission's, or None.

        Raises
        ------
        StoreError
            If there is one that cannot be read; it is not replaced, as a newer version may have written it.
        """
        for folder in (built_in_folder(), self.folder):
            path = folder / ENTRIES / sha256 / RESULT_FILE
            for _, found in usable([path], read_result):
                if isinstance(found, SetAside):
                    raise StoreError(
                        "These label maps are an entry already, but its record cannot be used here "
                        f"({found.why}), so nothing was stored; tell the owner of this page."
                    )
                return found
        return None

    def predictions(self, sha256: str) -> tuple[tuple[str, ...], NDArray[np.integer]]:
        """Return the names of the images (N,) and an entry's label maps (N, H, W).

        Raises
        ------
        StoreError
            If they are not here.
        """
        path = self.folder / ENTRIES / sha256 / PREDICTIONS_FILE
        if not path.exists():
            raise StoreError(f"The label maps of entry {sha256[:12]} are not in {self.folder}.")
        try:
            return read_predictions(path)
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error) as error:
            raise StoreError(
                f"The label maps of entry {sha256[:12]} cannot be read; see `ctseg board doctor`."
            ) from error

    def accept(
        self,
        result: Result,
        label_maps: NDArray[np.integer],
        contact: str,
        publish: Callable[[Path], None] = keep_here,
    ) -> Outcome:
        """Make an entry of a scored submission; it is there for good once this returns.

        Parameters
        ----------
        result : its scores; ``predictions_sha256`` names the entry
        label_maps : (N, H, W), canonical, in the order of ``result.images``
        contact : how the owner reaches the submitter; nobody else sees it
        publish : called with the complete folder before it gets its name; what it raises leaves no entry

        Raises
        ------
        StoreError
            If there is no room or the folder cannot be written; nothing is left of the entry then.
        """
        with self._locked():
            earlier = self.find(result.predictions_sha256)
            if earlier is not None:
                return Outcome(earlier, new=False)
            with self._incoming() as entry:
                write_entry(entry, result, label_maps, contact)
                self._check_room(entry)
                publish(entry)
                self._give_name(entry, result.predictions_sha256)
        return Outcome(result, new=True)

    def restore(self, sha256: str, result_json: str) -> None:
        """Take back an entry's result that was saved elsewhere, without its label maps."""
        with self._locked():
            if not (self.folder / ENTRIES / sha256 / RESULT_FILE).exists():
                with self._incoming() as entry:
                    write_atomically(entry / RESULT_FILE, result_json.encode(), OWNER_ONLY)
                    self._give_name(entry, sha256)

    def restore_record(self, name: str, content: bytes) -> None:
        """Take back a record of the owner or of an entrant, such as ``hidden/<sha256>.json``."""
        with self._locked():
            write_atomically(self.folder / name, content, OWNER_ONLY)

    def add_record(self, name: str, content: bytes, publish: Callable[[], None] = do_nothing) -> None:
        """Add a record of an entrant; one that is there is never changed.

        Parameters
        ----------
        name : as of `ctseg.leaderboard.results.changes`
        content : bytes
        publish : called before it counts; what it raises leaves no record

        Raises
        ------
        StoreError
            If it is there already, or cannot be written.
        """
        with self._locked():
            if (self.folder / name).exists():
                raise StoreError("This entry was changed a moment ago; look at it again first.")
            publish()
            write_atomically(self.folder / name, content, OWNER_ONLY)

    def _give_name(self, entry: Path, sha256: str) -> None:
        entries = self.folder / ENTRIES
        entries.mkdir(exist_ok=True)
        entry.rename(entries / sha256)
        # From here on it is an entry, whatever else fails.
        try:
            flush_folder(entries)
        except OSError as error:
            _logger.warning("The names in %s could not be flushed (%s).", entries, type(error).__name__)

    def _check_room(self, entry: Path) -> None:
        if bytes_under(self.folder / ENTRIES) + bytes_under(entry) > self._max_bytes:
            raise StoreError(
                f"The store of submissions is full ({self._max_bytes >> 20} MB), so this one was not "
                "stored; tell the owner of this page."
            )

    @contextmanager
    def _locked(self) -> Iterator[None]:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with locked(self.folder / "lock"):
                yield
        except OSError as error:
            if error.errno in _NO_ROOM:
                raise StoreError(
                    "The disk of the store is full, so nothing was stored; tell the owner of this page."
                ) from error
            raise StoreError(
                "The store cannot be written, so nothing was stored; tell the owner of this page."
            ) from error

    @contextmanager
    def _incoming(self) -> Iterator[Path]:
        """Give an unnamed folder; whatever lies beside it was left by a process that was killed."""
        incoming = self.folder / "incoming"
        if incoming.exists():
            shutil.rmtree(incoming)
        incoming.mkdir()
        try:
            yield Path(tempfile.mkdtemp(dir=incoming))
        finally:
            shutil.rmtree(incoming, ignore_errors=True)


def open_submissions() -> Submissions:
    """Return the store of this machine: ``CTSEG_STORE`` names it, ``CTSEG_STORE_MB`` bounds it (4096)."""
    return Submissions(submissions_folder(), int(STORE_MB.number()) << 20)

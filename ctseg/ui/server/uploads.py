"""The uploads on the server's disk: each has a place of its own, and counters bound them all."""

import re
import shutil
import threading
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import BinaryIO

from ctseg.errors import StatusError
from ctseg.settings import FREE_MB, WAITING_MB
from ctseg.ui.server.housekeeping import private_upload_folder

PLACE = "in-"
"""How the folder of an upload begins."""
NAME = "upload"
"""What every upload is called on the disk, so that no name of a patient lies there."""
MAX_FILES = 16384
_PLACE = re.compile(f"{PLACE}[0-9a-f]{{32}}")
_MEBIBYTE = 1024**2
_YOURS = "You have too much waiting to be read on this server; try again in a few minutes."
_OF_ALL = "Many files are being uploaded now; try again in a few minutes."
FULL = "There is no room for this on the server's disk at the moment; try again later."


class UploadError(StatusError):
    """An upload is refused."""


def disk_is_full() -> UploadError:
    """Return the error of an upload that finds no room."""
    return UploadError(507, FULL)


@dataclass(frozen=True)
class Owner:
    """Who uploads: the visitor, and the address that the request came from."""

    visitor: str
    address: str


class Uploads:
    """Counts files and bytes of each visitor, of each address and of all; ``CTSEG_WAITING_MB`` bounds them.

    Of the bytes and of the files an address may hold two thirds, a visitor one.

    Parameters
    ----------
    folder : where uploads land; the server's own if None
    max_files : of all
    """

    def __init__(self, folder: Path | None = None, max_files: int = MAX_FILES) -> None:
        self._folder = folder
        self._max_files = max_files
        self._bytes: Counter[str] = Counter()
        self._files: Counter[str] = Counter()
        self._places: dict[Path, tuple[Owner, int]] = {}
        self._lock = threading.Lock()

    @property
    def folder(self) -> Path:
        """Where uploads land."""
        return self._folder or private_upload_folder()

    @property
    def files(self) -> int:
        """Number of all files, those still coming included."""
        return self._files[""]

    @property
    def bytes(self) -> int:
        """Size of all files, and of what is announced."""
        return self._bytes[""]

    def arrival(self, owner: Owner, announced: int) -> "Arrival":
        """Let a request of so many bytes begin.

        Raises
        ------
        UploadError
            If that is more than the visitor, the address or the server may hold, or than the disk has free.
        """
        if shutil.disk_usage(self.folder).free < announced + FREE_MB.number() * _MEBIBYTE:
            raise disk_is_full()
        with self._lock:
            self._add(owner, 0, announced)
        return Arrival(self, owner, announced)

    def discard(self, paths: Iterable[Path]) -> None:
        """Delete uploads that were read, with their places; what is no upload is left alone."""
        for path in paths:
            with self._lock:
                known = self._places.pop(path.parent, None)
            if known is not None:
                shutil.rmtree(path.parent, ignore_errors=True)
                self._give_back(known)

    def could_be(self, path: str) -> bool:
        """Whether uploads have such paths; this one may be gone."""
        place, name = Path(path).parent, Path(path).name
        return name == NAME and place.parent == self.folder and _PLACE.fullmatch(place.name) is not None

    def reconcile(self) -> None:
        """Count no longer what was deleted by others, the sweep among them."""
        with self._lock:
            gone = [place for place in self._places if not place.exists()]
            known = [self._places.pop(place) for place in gone]
        for each in known:
            self._give_back(each)

    def _give_back(self, known: tuple[Owner, int]) -> None:
        owner, size = known
        with self._lock:
            self._count(owner, -1, -size)

    def _add(self, owner: Owner, files: int, size: int) -> None:
        shares = ((f"visitor {owner.visitor}", 1, _YOURS), (f"address {owner.address}", 2, _YOURS))
        max_bytes = int(WAITING_MB.number() * _MEBIBYTE)
        for key, thirds, sentence in (*shares, ("", 3, _OF_ALL)):
            many = self._files[key] + files > self._max_files * thirds // 3
            if many or self._bytes[key] + size > max_bytes * thirds // 3:
                raise UploadError(503 if key == "" else 429, sentence)
        self._count(owner, files, size)

    def _count(self, owner: Owner, files: int, size: int) -> None:
        for key in (f"visitor {owner.visitor}", f"address {owner.address}", ""):
            self._files[key] += files
            self._bytes[key] += size
            if key and not self._files[key] and not self._bytes[key]:
                del self._files[key], self._bytes[key]


UPLOADS = Uploads()
"""Those of this server."""


class Arrival:
    """One request on its way: its files are kept together, or none is."""

    def __init__(self, uploads: Uploads, owner: Owner, announced: int) -> None:
        self._uploads = uploads
        self._owner = owner
        self._announced = announced
        self._places: list[Path] = []

    def new_file(self) -> BinaryIO:
        """Open the next file of the request, in a place of its own.

        Raises
        ------
        UploadError
            If these are too many files.
        OSError
            If the disk is full.
        """
        with self._uploads._lock:
            self._uploads._add(self._owner, 1, 0)
        place = self._uploads.folder / f"{PLACE}{token_hex(16)}"
        self._places.append(place)
        place.mkdir(mode=0o700)
        return (place / NAME).open("xb")

    def keep(self) -> list[Path]:
        """Return the files of a request that came whole; they count with the bytes that they have."""
        paths = [place / NAME for place in self._places]
        with self._uploads._lock:
            self._uploads._count(self._owner, 0, -self._announced)
            for path in paths:
                size = path.stat().st_size
                self._uploads._places[path.parent] = (self._owner, size)
                self._uploads._count(self._owner, 0, size)
        self._places, self._announced = [], 0
        return paths

    def abandon(self) -> None:
        """Delete what has come; nothing of it counts any more. After ``keep`` this does nothing."""
        for place in self._places:
            shutil.rmtree(place, ignore_errors=True)
        with self._uploads._lock:
            self._uploads._count(self._owner, -len(self._places), -self._announced)
        self._places, self._announced = [], 0

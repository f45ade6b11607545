"""What the stand-in for the Hub holds: repositories with their commits, and the account that owns them.

Where each behaviour was learnt stands beside it, as in hub_answers.py.
"""

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from hub_downloads import StandInHub

TOKEN = "hf_the_owners_token"
LARGE = (".npz", ".onnx", ".safetensors", ".zip", ".parquet", ".pt", ".bin")
"""Kept outside of git whatever their size, as the `.gitattributes` that the Hub adds to a new one says."""
MAX_REGULAR_BYTES = 10_000_000
"""Page repositories-getting-started: git refuses larger files, and binary ones, unless by LFS or Xet."""
FREE_ZERO_GPU_SPACES = 2

Fault = int | str
"""What goes wrong with a request: "none", a status, "cut before" it is done, "cut after", or "stall"."""


@dataclass
class Repository:
    """A model, dataset or Space with its commits, oldest first: (oid, files by path)."""

    private: bool = False
    sdk: str | None = None
    hardware: str | None = None
    variables: dict[str, str] = field(default_factory=dict)
    commits: list[tuple[str, dict[str, bytes]]] = field(default_factory=lambda: [("0" * 40, {})])

    @property
    def files(self) -> dict[str, bytes]:
        """The files of the newest commit."""
        return self.commits[-1][1]

    def add(self, files: dict[str, bytes], gone: tuple[str, ...] = ()) -> str:
        """Make a commit that adds and deletes files; return its 40 digits."""
        folders = tuple(f"{path.rstrip('/')}/" for path in gone)
        kept = {path: each for path, each in self.files.items() if path not in gone}
        kept = {path: each for path, each in kept.items() if not path.startswith(folders)}
        whole = kept | files
        listed = "".join(f"{path}{hashlib.sha1(content).hexdigest()}" for path, content in whole.items())
        oid = hashlib.sha1(f"{self.commits[-1][0]}{listed}".encode()).hexdigest()
        self.commits.append((oid, whole))
        return oid

    def at(self, revision: str) -> dict[str, bytes] | None:
        """Return the files of a commit, or of the newest for "main"."""
        return self.files if revision == "main" else dict(self.commits).get(revision)


@dataclass
class StandInAccount:
    """The Hub as one account sees it, and the faults that wait for the next requests.

    Attributes
    ----------
    user, plan, organizations : of the account whose token is ``TOKEN``; "free" or "pro".
    repositories : by address, such as "models/someone/net" or "spaces/someone/app".
    large : contents of large files by sha256.
    faults : by kind of request (first word of each of ``ROUTES``): what goes wrong with the next ones of
        that kind, first to last.
    before_commit : called when a commit arrives, before it is looked at; for somebody else's commit.
    seen : kind of every request, in order.
    """

    user: str = "someone"
    plan: str = "free"
    organizations: tuple[str, ...] = ("a-team",)
    page: int = 100
    repositories: dict[str, Repository] = field(default_factory=dict)
    large: dict[str, bytes] = field(default_factory=dict)
    faults: dict[str, list[Fault]] = field(default_factory=dict)
    before_commit: Callable[[], object] = lambda: None
    seen: list[str] = field(default_factory=list)
    port: int = 0
    closing: threading.Event = field(default_factory=threading.Event)
    lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def environment(self, home: Path) -> dict[str, str]:
        """Environment of a client process of this account."""
        return StandInHub(port=self.port).environment(home) | {"HF_TOKEN": TOKEN}

    def needs_a_plan(self, sdk: str | None, hardware: str | None) -> bool:
        """Page spaces-overview: compute needs a plan, static is free; page spaces-zerogpu: two are free."""
        if self.plan != "free" or sdk == "static":
            return False
        others = [each for each in self.repositories.values() if each.hardware == "zero-a10g"]
        return hardware != "zero-a10g" or len(others) >= FREE_ZERO_GPU_SPACES


def blob(content: bytes) -> str:
    """Return the name that git gives a file of this content."""
    return hashlib.sha1(f"blob {len(content)}\0".encode() + content).hexdigest()


def is_large(path: str, size: int, sample: bytes) -> bool:
    """Whether the Hub keeps a file of this size and beginning outside of git."""
    return size > 0 and (path.endswith(LARGE) or size > MAX_REGULAR_BYTES or b"\0" in sample)

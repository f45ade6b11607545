"""A stand-in for a private dataset on the Hub, as a Space keeps its submissions in."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hub_account import serve_account
from hub_repositories import TOKEN, Repository, StandInAccount

__all__ = ["REPO", "TOKEN", "StandInDataset", "stand_in_dataset"]

REPO = "someone/ctseg-submissions"


@dataclass
class StandInDataset(StandInAccount):
    """A Hub that holds one dataset, private at first, whose tree comes in short pages."""

    page: int = 4

    def __post_init__(self) -> None:
        self.repositories[f"datasets/{REPO}"] = Repository(private=True)

    @property
    def repository(self) -> Repository:
        """The dataset itself."""
        return self.repositories[f"datasets/{REPO}"]

    @property
    def private(self) -> bool:
        """Whether nobody else sees it."""
        return self.repository.private

    @private.setter
    def private(self, value: bool) -> None:
        self.repository.private = value

    @property
    def commits(self) -> list[tuple[str, dict[str, bytes]]]:
        """Its commits, oldest first: (oid, files by path)."""
        return self.repository.commits

    @property
    def files(self) -> dict[str, bytes]:
        """The files of its newest commit."""
        return self.repository.files

    def add(self, files: dict[str, bytes]) -> str:
        """Make a commit that adds files; return its 40 digits."""
        with self.lock:
            return self.repository.add(files)

    def environment(self, home: Path) -> dict[str, str]:
        """Environment of a Space that keeps its submissions here."""
        return super().environment(home) | {
            "SYSTEM": "spaces",
            "SPACE_ID": "someone/ctseg",
            "HF_HUB_OFFLINE": "0",
            "CTSEG_SUBMISSIONS_REPO": REPO,
        }


@contextmanager
def stand_in_dataset() -> Iterator[StandInDataset]:
    """Run a Hub that holds one dataset on a free port of loopback for as long as the block lasts."""
    dataset = StandInDataset()
    with serve_account(dataset):
        yield dataset

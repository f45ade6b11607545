"""Publishes a Space: compares what is there with what is to be there, and commits the difference."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, RepoFile
from huggingface_hub.errors import RepositoryNotFoundError

from ctseg.hub.account import Account, Operations, one_sentence
from ctseg.hub.space_files import HARDWARE, HardwareName
from ctseg.settings import TRUSTED_HOPS

_OF_THE_HUB = ".gitattributes"
"""The Hub adds it to a new repository, and needs it there."""


@dataclass(frozen=True)
class FileChange:
    """What is to happen to one file: "new", "changed" or "gone"; its size in bytes, 0 for one that goes."""

    path: str
    what: str
    bytes: int


@dataclass(frozen=True)
class Published:
    """What became of a Space: changes that were made, its newest commit, whether its hardware changed."""

    changes: list[FileChange]
    commit: str
    hardware_changed: bool


def changes(files: Mapping[str, Path | bytes], there: Mapping[str, str]) -> list[FileChange]:
    """Return what differs.

    Parameters
    ----------
    files : to be there, by path
    there : names of the contents that are there, by path: what git calls them, or sha256 of large ones
    """
    found = []
    for path, content in files.items():
        size, names = _named(content)
        if there.get(path) not in names:
            found.append(FileChange(path, "changed" if path in there else "new", size))
    gone = there.keys() - files.keys() - {_OF_THE_HUB}
    return found + [FileChange(path, "gone", 0) for path in sorted(gone)]


def contents_there(account: Account, name: str) -> dict[str, str]:
    """Return the names of the contents of a Space by path; empty where there is no such Space.

    Raises
    ------
    HubError
        If the Hub refuses or cannot be reached.
    """
    repo = f"{account.owner}/{name}"
    with one_sentence(repo):
        try:
            tree = list(account.api.list_repo_tree(repo, recursive=True, repo_type="space"))
        except RepositoryNotFoundError:
            return {}
    files = [each for each in tree if isinstance(each, RepoFile)]
    return {each.path: each.lfs.sha256 if each.lfs else each.blob_id for each in files}


def publish_space(
    account: Account, name: str, hardware: HardwareName, files: Mapping[str, Path | bytes]
) -> Published:
    """Make the Space where there is none, and make it what it is to be; the same again changes nothing.

    Raises
    ------
    HubError
        If the plan does not allow it, somebody else changed it meanwhile, or the Hub refuses.
    """
    wanted = HARDWARE[hardware]
    repo = account.repository(name, "space", wanted.sdk, wanted.flavor, _variables(hardware))
    needed = changes(files, contents_there(account, name))
    operations: Operations = [_operation(change, files) for change in needed]
    commit = account.head(repo, "space")
    if operations:
        commit = account.commit(repo, "space", operations, "Update the Space")
    return Published(needed, commit, _request_hardware(account, repo, wanted.flavor))


def _variables(hardware: HardwareName) -> dict[str, str]:
    """A Space stands behind one proxy; without this all visitors would be counted as one."""
    return {} if hardware == "static" else {TRUSTED_HOPS.name: "1"}


def _operation(
    change: FileChange, files: Mapping[str, Path | bytes]
) -> CommitOperationAdd | CommitOperationDelete:
    if change.what == "gone":
        return CommitOperationDelete(change.path)
    return CommitOperationAdd(change.path, files[change.path])


def _request_hardware(account: Account, repo: str, flavor: str) -> bool:
    if not flavor:
        return False
    with one_sentence(repo):
        runtime = account.api.get_space_runtime(repo)
        if flavor in (runtime.requested_hardware, runtime.hardware):
            return False
        account.api.request_space_hardware(repo, flavor)  # type: ignore[arg-type]
    return True


def _named(content: Path | bytes) -> tuple[int, set[str]]:
    """Return a content's size and its two names: git's, and the sha256 under which large files are kept."""
    whole = content if isinstance(content, bytes) else content.read_bytes()
    git = hashlib.sha1(f"blob {len(whole)}\0".encode() + whole, usedforsecurity=False)
    return len(whole), {git.hexdigest(), hashlib.sha256(whole).hexdigest()}

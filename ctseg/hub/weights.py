"""Publishes the weights: one model repository for each method that has weights of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from huggingface_hub import CommitOperationAdd

from ctseg.hub.account import Account, HubError, Operations
from ctseg.hub.model_card import model_card
from ctseg.hub.scores import ToldRow, eval_results, told_rows
from ctseg.leaderboard.submissions.hub_store import Saying
from ctseg.methods import CARDS, Card
from ctseg.settings import packaged_folder
from ctseg.weights import WeightsFile, manifest
from ctseg.weights.manifest import is_the_file, weights_folder
from ctseg.weights.publication import record_publication


@dataclass(frozen=True)
class ModelRepository:
    """What is to lie in one model repository.

    Attributes
    ----------
    name : without the owner, such as "ctseg-partition"
    card : of the method that names it
    files : its weights; they lie in the folder ``weights``
    texts : path to text of everything else
    """

    name: str
    card: Card
    files: tuple[WeightsFile, ...]
    texts: dict[str, str]

    @property
    def bytes(self) -> int:
        """Size of all files."""
        return sum(each.bytes for each in self.files) + sum(
            len(each.encode()) for each in self.texts.values()
        )

    def operations(self) -> Operations:
        """Return the commit that puts it there."""
        weights = [CommitOperationAdd(each.path, weights_folder() / each.file) for each in self.files]
        texts = [CommitOperationAdd(path, text.encode()) for path, text in sorted(self.texts.items())]
        return [*weights, *texts]


def model_repositories(owner: str, methods: Sequence[str] = ()) -> list[ModelRepository]:
    """Return the repositories to publish under an account, in the manifest's order.

    Parameters
    ----------
    owner : account or organization
    methods : names of methods; all that have weights of ours where empty

    Raises
    ------
    HubError
        If a method is not known or has no weights of ours.
    """
    ours = [entry for entry in manifest().values() if not entry.outside]
    found = {
        entry.methods[0]: tuple(each for each in ours if each.methods[0] == entry.methods[0])
        for entry in ours
    }
    wrong = [name for name in methods if name not in found]
    if wrong:
        raise HubError(f"{wrong[0]} has no weights to publish; choose among {', '.join(found)}.")
    rows = told_rows()
    return [_repository(owner, CARDS[name], found[name], rows.get(name, [])) for name in methods or found]


def publish_weights(account: Account, repositories: Sequence[ModelRepository], say: Saying) -> dict[str, str]:
    """Publish repositories and write their commits into the manifest; return each repository's commit.

    Publishing again changes nothing where nothing changed. After a fault, those that are done are recorded.

    Parameters
    ----------
    account, repositories : whose, and what
    say : called with a line for each repository

    Raises
    ------
    HubError
        If an embedded file is missing or another, or the Hub refuses.
    WeightsError
        If the manifest cannot be written.
    """
    for each in repositories:
        _need_files(each.files)
    commits: dict[str, str] = {}
    for each in repositories:
        repo = account.repository(each.name, "model")
        before = account.head(repo, "model")
        say(f"{repo}: {each.bytes / 1e6:.1f} MB …")
        after = account.commit(repo, "model", each.operations(), f"Weights and card of {each.card.name}")
        commits[repo] = after
        record_publication(account.owner, {file.file: after for file in each.files})
        say(f"  {'nothing changed' if after == before else 'published'}, commit {after}")
    return commits


def _repository(
    owner: str, card: Card, files: tuple[WeightsFile, ...], rows: list[ToldRow]
) -> ModelRepository:
    name = f"ctseg-{card.name}"
    texts = {"README.md": model_card(card, files, f"{owner}/{name}", rows), "LICENSE": _licence()}
    return ModelRepository(name, card, files, texts | eval_results(rows, owner))


def _licence() -> str:
    return (_top_folder() / "NOTICE").read_text(encoding="utf-8")


def _top_folder() -> Path:
    """Return the clone's top folder: what is published comes from there."""
    top = packaged_folder("weights").parent
    if not (top / "NOTICE").is_file():
        raise HubError("This ctseg was installed without its sources; publish from a clone of it.")
    return top


def _need_files(files: Sequence[WeightsFile]) -> None:
    for each in files:
        path = weights_folder() / each.file
        if not path.is_file() or not is_the_file(path, each.sha256, each.bytes):
            raise HubError(f"{each.file} is missing here or was changed; get the clone's own file again.")

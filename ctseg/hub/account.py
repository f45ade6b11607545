"""The owner's account on the Hub, and what it refuses in one sentence."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, constants, get_session
from huggingface_hub.errors import HfHubHTTPError, HTTPError
from huggingface_hub.utils import disable_progress_bars

from ctseg.errors import UserError
from ctseg.leaderboard.submissions.hub_answers import status_of

RepoType = Literal["model", "dataset", "space"]
Operations = list[CommitOperationAdd | CommitOperationDelete]
ANSWER_S = 60.0
_LOG_IN = "Run `hf auth login`, or set HF_TOKEN, with a token that may write"


class HubError(UserError):
    """The Hub cannot be used as asked; the message is one sentence that says why and what to do."""


@dataclass(frozen=True)
class Account:
    """An account or organization to publish under, whose token may write.

    Attributes
    ----------
    owner : its name
    api : speaks to the Hub with that token
    paid : whether the account has PRO; None for an organization, whose plan the Hub does not tell
    """

    owner: str
    api: HfApi
    paid: bool | None

    def repository(
        self,
        name: str,
        repo_type: RepoType,
        sdk: str = "",
        hardware: str = "",
        variables: Mapping[str, str] = MappingProxyType({}),
    ) -> str:
        """Return ``owner/name`` after making that repository where there is none.

        Parameters
        ----------
        name, repo_type : of the repository
        sdk, hardware, variables : of a Space

        Raises
        ------
        HubError
            If it may not be made.
        """
        repo = f"{self.owner}/{name}"
        with one_sentence(repo):
            self.api.create_repo(
                repo,
                repo_type=repo_type,
                exist_ok=True,
                space_sdk=sdk or None,
                space_hardware=hardware or None,  # type: ignore[arg-type]
                space_variables=[{"key": key, "value": each} for key, each in variables.items()] or None,
            )
        return repo

    def head(self, repo: str, repo_type: RepoType) -> str:
        """Return the newest commit, 40 hexadecimal digits."""
        with one_sentence(repo):
            return str(self.api.repo_info(repo, repo_type=repo_type).sha)

    def commit(self, repo: str, repo_type: RepoType, operations: Operations, message: str) -> str:
        """Make one commit onto the newest one and return its 40 digits; the newest one's if nothing changed.

        Raises
        ------
        HubError
            If somebody else committed meanwhile, or the Hub refuses or cannot be reached.
        """
        with one_sentence(repo):
            made = self.api.create_commit(
                repo,
                operations,
                commit_message=message,
                repo_type=repo_type,
                parent_commit=self.head(repo, repo_type),
            )
        return str(made.oid)


def open_account(owner: str) -> Account:
    """Return the account after asking the Hub whether the token here may write under that name.

    Raises
    ------
    HubError
        If there is no token, it is not valid, may only read, or belongs to somebody else.
    """
    if constants.HF_HUB_OFFLINE:
        raise HubError("HF_HUB_OFFLINE is set, so nothing can be published; unset it.")
    disable_progress_bars()  # a bar and a sentence would share a line; commands say what they send
    # Without this, huggingface_hub waits for ever.
    get_session().timeout = ANSWER_S
    api = HfApi()
    with one_sentence(owner):
        try:
            told = api.whoami()
        except OSError as error:  # LocalTokenNotFoundError is one; HTTP errors are told apart below
            if isinstance(error, HTTPError):
                raise
            raise HubError(f"There is no token for the Hub here. {_LOG_IN}.") from error
    names = [told["name"], *(each["name"] for each in told.get("orgs", []))]
    if owner not in names:
        raise HubError(f"The token here writes for {', '.join(names)} and not for {owner}; name one of them.")
    if told.get("auth", {}).get("accessToken", {}).get("role") == "read":
        raise HubError(f"The token here may only read. {_LOG_IN}.")
    return Account(owner, api, bool(told.get("isPro")) if owner == told["name"] else None)


@contextmanager
def one_sentence(what: str) -> Iterator[None]:
    """Turn what ``huggingface_hub`` raises over ``what``, a repository or an account, into a `HubError`."""
    try:
        yield
    except HfHubHTTPError as error:
        raise HubError(_sentence(status_of(error), what)) from error
    except HTTPError as error:
        raise HubError(
            f"{constants.ENDPOINT} cannot be reached; check the network and run the command again, "
            "which goes on from what is there."
        ) from error
    except (RuntimeError, ValueError) as error:  # an upload that broke; README metadata that is refused
        if isinstance(error.__cause__, HfHubHTTPError):
            raise HubError(_sentence(status_of(error.__cause__), what)) from error
        told = str(error).splitlines()[0][:200]
        raise HubError(f"{what} was not published ({told}); run the command again.") from error


def _sentence(status: int | None, what: str) -> str:
    if status == 401:
        return f"The token here is not valid for {what}. {_LOG_IN}."
    if status == 402:
        return (
            f"The Hub asks for a plan for {what}: take PRO (Team or Enterprise for an organization) for "
            "`--hardware cpu-basic`, or use `--hardware zero-gpu`, of which an account that is older than 30 "
            "days has two free, or `--hardware static`, which is always free."
        )
    if status == 403:
        return f"The token here may not write {what}; give it write access to that repository."
    if status == 404:
        return f"There is no {what} that the token here may see; check the name and the token."
    if status in (409, 412):
        return f"Somebody else changed {what} meanwhile; look at it and run the command again."
    if status == 429 or (status or 500) >= 500:
        return f"The Hub answers with fault {status} for {what}; run the command again in a few minutes."
    return f"The Hub refuses {what} with status {status}; check the name and the token."

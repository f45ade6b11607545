"""On a Space the disk goes away: there an entry is one commit to a private dataset on the Hub.

An entry gets its place on the disk only after the Hub has acknowledged the commit. Each commit names the
commit that it follows, so one that was already made, or comes late, cannot be made twice.
"""

import logging
import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from huggingface_hub import CommitOperationAdd, HfApi, RepoFile, constants, get_session, hf_hub_url
from huggingface_hub.errors import HTTPError
from huggingface_hub.utils import build_hf_headers, hf_raise_for_status
from numpy.typing import NDArray

from ctseg.leaderboard.folders import RESULT_FILE
from ctseg.leaderboard.results.result import Result, from_json
from ctseg.leaderboard.submissions.hub_answers import may_pass, status_of
from ctseg.leaderboard.submissions.local_store import Outcome, StoreError, Submissions
from ctseg.settings import SUBMISSIONS_REPO

Saying = Callable[[str], None]

_logger = logging.getLogger(__name__)

NOT_YET_SAVED = "Scored, not yet saved: keep this page open."
_NOT_SAVED = (
    "Scored, but the Hub could not be reached to save it, so it is no entry and counts for no quota; "
    "submit the file again in a few minutes."
)
PAUSES_S = (1.0, 2.0, 4.0, 8.0, 16.0)
ANSWER_S = 60.0
_AT_ONCE = 8
_RESULT = re.compile(rf"entries/([0-9a-f]{{64}})/{re.escape(RESULT_FILE)}")
_RECORD = re.compile(r"(hidden|closed|boards|renamed|withdrawn)/[\w.-]{1,80}\.json")


class _SavedBeforeError(Exception):
    """The Hub has an entry of these label maps that this machine did not know."""

    def __init__(self, result_json: str) -> None:
        super().__init__()
        self.result_json = result_json


class HubSubmissions:
    """The store of submissions of a Space: a private dataset, and a folder that is rebuilt from it.

    Parameters
    ----------
    local : the folder that pages read
    repo : name of the dataset, ``owner/name``
    token : with the right to write it
    endpoint : address of the Hub, or None for the usual one
    pauses_s : seconds to wait before each further try
    answer_s : seconds without a byte after which the Hub is taken for silent
    """

    def __init__(
        self,
        local: Submissions,
        repo: str,
        token: str,
        endpoint: str | None = None,
        pauses_s: tuple[float, ...] = PAUSES_S,
        answer_s: float = ANSWER_S,
    ) -> None:
        self.local = local
        self._repo = repo
        self._api = HfApi(endpoint=endpoint, token=token)
        self._pauses_s = pauses_s
        self._answer_s = answer_s

    def rebuild(self) -> None:
        """Fetch the results and the owner's records that the folder lacks.

        Label maps stay on the Hub: a Space ranks and counts without them.

        Raises
        ------
        StoreError
            If the dataset is public, cannot be read, or the Hub cannot be reached.
        """
        try:
            head = self._head()
            tree = self._api.list_repo_tree(self._repo, recursive=True, revision=head, repo_type="dataset")
            paths = [each.path for each in tree if isinstance(each, RepoFile)]
            with ThreadPoolExecutor(_AT_ONCE) as pool:
                list(pool.map(lambda path: self._take_back(path, head), paths))
        except (HTTPError, OSError) as error:
            raise self._unreadable(error) from error

    def accept(
        self,
        result: Result,
        label_maps: NDArray[np.integer],
        contact: str,
        progress: Saying = lambda _: None,
    ) -> Outcome:
        """Make an entry of a scored submission; it is on the Hub once this returns.

        Parameters
        ----------
        result, label_maps, contact : as of ``Submissions.accept``
        progress : called with a sentence while the Hub has not acknowledged it

        Raises
        ------
        StoreError
            If it could not be saved; it is no entry then.
        """
        progress(NOT_YET_SAVED)
        key = result.predictions_sha256
        saved: list[str] = []

        def publish(entry: Path) -> None:
            self._publish(entry, key)
            saved.append(key)

        try:
            return self.local.accept(result, label_maps, contact, publish)
        except StoreError as error:
            if not saved:
                raise
            # The Hub has it, so it is an entry; this machine takes it back at its next start.
            _logger.warning("%s is saved on the Hub, but not on this machine: %s", key, error)
            return Outcome(result, new=True)
        except _SavedBeforeError as before:
            self.local.restore(key, before.result_json)
            return Outcome(from_json(before.result_json), new=False)

    def add_record(self, name: str, content: bytes) -> None:
        """Add a record of an entrant; it is on the Hub once this returns.

        Raises
        ------
        StoreError
            If it could not be saved; nothing is changed then.
        """
        self.local.add_record(name, content, lambda: self._saved(lambda: self._commit_record(name, content)))

    def _commit_record(self, name: str, content: bytes) -> None:
        head = self._head()
        if self._read(name, head) is None:
            self._api.create_commit(
                self._repo,
                [CommitOperationAdd(name, content)],
                commit_message=f"Record {name[:40]}",
                repo_type="dataset",
                parent_commit=head,
            )

    def _publish(self, entry: Path, sha256: str) -> None:
        self._saved(lambda: self._commit(entry, sha256))

    def _saved(self, commit: Callable[[], None]) -> None:
        for pause_s in (*self._pauses_s, None):
            try:
                return commit()
            except (HTTPError, OSError, RuntimeError, ValueError) as error:
                if pause_s is None or not may_pass(error):
                    raise self._unsaved(error) from error
                time.sleep(pause_s)
        raise AssertionError("the last try returns or raises")

    def _commit(self, entry: Path, sha256: str) -> None:
        """Add the entry to the newest commit, unless an earlier try did although its answer was lost."""
        head = self._head()
        there = self._read(f"entries/{sha256}/{RESULT_FILE}", head)
        if there == (entry / RESULT_FILE).read_bytes():
            return
        if there is not None:
            raise _SavedBeforeError(there.decode())
        self._api.create_commit(
            self._repo,
            [CommitOperationAdd(f"entries/{sha256}/{path.name}", path) for path in sorted(entry.iterdir())],
            commit_message=f"Submission {sha256[:12]}",
            repo_type="dataset",
            parent_commit=head,
        )

    def _head(self) -> str:
        """Return the newest commit; labels of strangers' methods and their contacts must not be public."""
        # Without this, huggingface_hub waits for ever.
        get_session().timeout = self._answer_s
        info = self._api.dataset_info(self._repo)
        if not info.private:
            raise StoreError(
                f"Submitting is closed: the dataset {self._repo} is public, and it holds contacts; "
                "its owner has to make it private."
            )
        assert info.sha is not None
        return info.sha

    def _read(self, path: str, revision: str) -> bytes | None:
        url = hf_hub_url(
            self._repo, path, repo_type="dataset", revision=revision, endpoint=self._api.endpoint
        )
        response = get_session().get(
            url,
            headers=build_hf_headers(token=self._api.token),
            timeout=constants.HF_HUB_DOWNLOAD_TIMEOUT,
        )
        if response.status_code == 404:
            return None
        hf_raise_for_status(response)
        return bytes(response.content)

    def _take_back(self, path: str, revision: str) -> None:
        result, record = _RESULT.fullmatch(path), _RECORD.fullmatch(path)
        if not (result or record) or (self.local.folder / path).exists():
            return
        content = self._read(path, revision)
        if content is None:
            return
        if not result:
            self.local.restore_record(path, content)
            return
        try:
            from_json(content.decode())
        except ValueError:
            _logger.warning("%s of %s was written by other code and is left out.", path, self._repo)
        else:
            self.local.restore(result[1], content.decode())

    def _unreadable(self, error: Exception) -> StoreError:
        return StoreError(f"Submitting is closed: {self._reason(error)}.")

    def _unsaved(self, error: Exception) -> StoreError:
        if may_pass(error):
            return StoreError(_NOT_SAVED)
        return StoreError(f"Scored, but not saved, so it is no entry: {self._reason(error)}.")

    def _reason(self, error: Exception) -> str:
        status = status_of(error)
        if status in (401, 403, 404):
            return (
                f"the token does not open the dataset {self._repo}; its owner has to check HF_TOKEN and "
                f"{SUBMISSIONS_REPO.name}"
            )
        if status is not None:
            return f"the Hub answers with status {status}; try again in a few minutes"
        return "the Hub cannot be reached; try again in a few minutes"

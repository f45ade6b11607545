"""From a submission's label maps to one result, by the same scores as for methods of ours."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from ctseg.datasets import DatasetError, Split, open_split
from ctseg.datasets.split import canonical_bytes
from ctseg.leaderboard.boards import Board
from ctseg.leaderboard.evaluation.evaluate import code_version, means_of
from ctseg.leaderboard.results.gamed import looks_gamed
from ctseg.leaderboard.results.result import LOCAL, SUBMITTED, Result, Role, predictions_sha256
from ctseg.leaderboard.submissions.metadata import EntryDetails
from ctseg.leaderboard.submissions.read import Submission
from ctseg.metrics import METRIC_VERSION, json_ready, score
from ctseg.progress import CountProgress, ignore_count

LOCAL_USER = "local"
_THREADS = 2


def score_submission(
    submission: Submission,
    board: Board,
    details: EntryDetails,
    user: str | None = None,
    progress: CountProgress = ignore_count,
) -> Result:
    """Score a submission; it meets methods of ours at the label map, and every step from there is shared.

    Parameters
    ----------
    submission : from `read_submission` for this board
    board : Board
    details : what the entry says about itself; its contact does not become part of the result
    user : who has logged in; None where nobody can, which marks the entry as local
    progress : called with the number of scored images and of all, from this thread

    Returns
    -------
    Result

    Raises
    ------
    DatasetError
        If the board's labels are not on this machine, or are of another shape.
    """
    split = open_split(board.name)
    scores, fingerprint, sha256 = _scored(split, submission.label_maps, progress)
    means = means_of(scores)
    return Result(
        board=board.name,
        entry=details.name,
        title=details.name,
        family=details.family,
        link=details.link,
        origin=LOCAL if user is None else SUBMITTED,
        role=_role(submission.label_maps),
        saw=details.saw,
        parameters=None,
        metric_version=METRIC_VERSION,
        dataset_fingerprint=fingerprint,
        code_version=code_version(),
        predictions_sha256=sha256,
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        images=split.images,
        patients=split.patients,
        scores=tuple(scores),
        means=means,
        user=LOCAL_USER if user is None else user,
        warning=looks_gamed(means),
    )


def _scored(
    split: Split, label_maps: NDArray[np.integer], progress: CountProgress
) -> tuple[list[dict[str, float | int | None]], str, str]:
    """Return the scores of each image, the fingerprint of the truth and the sha256 of the predictions."""
    count = len(split)
    digest = split.digest()
    with ThreadPoolExecutor(_THREADS) as pool:
        sha256 = pool.submit(predictions_sha256, split.name, label_maps)
        waiting = []
        for index in range(count):
            true = _truth(split, index, label_maps.shape[1:])
            digest.update(canonical_bytes(true))
            waiting.append(pool.submit(score, label_maps[index], true))
        scores = []
        for future in waiting:
            scores.append(json_ready(future.result()))
            progress(len(scores), count)
        return scores, digest.hexdigest(), sha256.result()


def _truth(split: Split, index: int, shape: tuple[int, ...]) -> NDArray[np.integer]:
    true = split.label_map(index)
    if true is None:
        raise DatasetError(f"The images of {split.name} have no labels on this machine; add them.")
    if true.shape != shape:
        raise DatasetError(
            f"The label map of {split.images[index]} on this machine is {true.shape} and not {shape}; mend "
            "the data of this board."
        )
    return true


def _role(label_maps: NDArray[np.integer]) -> Role:
    # Image by image: a mask of all of them would take as much memory as they do.
    return "full tiling" if all(each.all() for each in label_maps) else "method"

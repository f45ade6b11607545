"""From a submission's label maps to one result, by the same scores as for methods of ours."""

import tempfile
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ctseg.batch.engines import HowToRun, threads_environment, writing
from ctseg.batch.tasks import BatchError
from ctseg.datasets import Split, open_split
from ctseg.datasets.split import canonical_bytes
from ctseg.leaderboard.boards import Board
from ctseg.leaderboard.evaluation.board_job import (
    BoardJob,
    StoredLabelMaps,
    check_shape,
    count_board,
    truth_of,
)
from ctseg.leaderboard.evaluation.evaluate import code_version, means_of
from ctseg.leaderboard.results.gamed import looks_gamed
from ctseg.leaderboard.results.result import LOCAL, SUBMITTED, Result, Role, predictions_sha256
from ctseg.leaderboard.submissions import SubmissionError
from ctseg.leaderboard.submissions.metadata import EntryDetails
from ctseg.leaderboard.submissions.read import Submission
from ctseg.metrics import METRIC_VERSION, json_ready, score
from ctseg.progress import CountProgress, ignore_count

LOCAL_USER = "local"
MAX_IMAGES_HERE = 500
"""Above so many images a submission is scored in shards, by processes of their own."""
_AT_ONCE = 2


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
    SubmissionError
        If it is scored in shards and that cannot be done, as when the disk is full.
    """
    split = open_split(board.name)
    scored = _scored if len(split) <= MAX_IMAGES_HERE else _scored_in_shards
    scores, fingerprint, sha256 = scored(split, submission.label_maps, progress)
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
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        sha256 = pool.submit(predictions_sha256, split.name, label_maps)
        waiting = []
        for index in range(count):
            true = truth_of(split, index)
            check_shape(split, index, true.shape, label_maps.shape[1:])
            digest.update(canonical_bytes(true))
            waiting.append(pool.submit(score, label_maps[index], true))
        scores = []
        for future in waiting:
            scores.append(json_ready(future.result()))
            progress(len(scores), count)
        return scores, digest.hexdigest(), sha256.result()


def _scored_in_shards(
    split: Split, label_maps: NDArray[np.integer], progress: CountProgress
) -> tuple[list[dict[str, float | int | None]], str, str]:
    """Do what `_scored` does, with the same bits, in processes that count the pairs of labels."""
    with (
        tempfile.TemporaryDirectory(prefix="ctseg-scoring-") as folder,
        ThreadPoolExecutor(_AT_ONCE) as pool,
    ):
        sha256 = pool.submit(predictions_sha256, split.name, label_maps)
        fingerprint = pool.submit(split.fingerprint)
        path = Path(folder) / "label-maps.npy"
        how = HowToRun(workers=_AT_ONCE, environment=threads_environment(1))
        try:
            with writing():
                np.save(path, label_maps, allow_pickle=False)
            counted = count_board(
                BoardJob(split.name, StoredLabelMaps(str(path))), Path(folder) / "run", how, progress
            )
        except BatchError as error:
            raise SubmissionError(str(error)) from error
        return counted.scores(), fingerprint.result(), sha256.result()


def _role(label_maps: NDArray[np.integer]) -> Role:
    # Image by image: a mask of all of them would take as much memory as they do.
    return "full tiling" if all(each.all() for each in label_maps) else "method"

"""From a method's name and a board to one result, resumed where an earlier run was killed."""

import hashlib
import os
import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

import ctseg
from ctseg.batch.engines import HowToRun, threads_environment
from ctseg.datasets import Split, open_split
from ctseg.leaderboard.boards import Board, BoardError
from ctseg.leaderboard.evaluation.board_job import BoardJob, CountedBoard, count_board
from ctseg.leaderboard.evaluation.measured import MeasuredLabelMaps
from ctseg.leaderboard.evaluation.oracles import ORACLES
from ctseg.leaderboard.results.result import OURS, Result, Role, predictions_sha256
from ctseg.methods import CARDS
from ctseg.methods.runs import named
from ctseg.metrics import METRIC_VERSION, Scores, mean_scores
from ctseg.progress import CountProgress

TWO_PROCESSES = HowToRun(workers=2, environment=threads_environment(1))


def evaluate(
    entry: str,
    board: Board,
    cache: Path,
    progress: CountProgress,
    where: HowToRun = TWO_PROCESSES,
) -> Result:
    """Run a method on every image of a board and score it.

    Parameters
    ----------
    entry : name of a method or of an oracle row, or ``run:FOLDER``
    board : where the images come from
    cache : folder in which finished images are kept, so that a killed evaluation goes on where it was
    progress : called with the number of finished images and of all
    where : engine and number of workers, one core each, which need to see ``cache``

    Returns
    -------
    Result

    Raises
    ------
    BoardError
        If there is no such method, or it is not trained yet.
    MethodError
        If the folder of ``run:FOLDER`` holds no finished run.
    DatasetError
        If the board's images are not on this machine.
    BatchError
        If an image cannot be done; what was done is kept.
    """
    asked, entry = entry, named(entry)
    if entry not in ORACLES and (entry not in CARDS or not CARDS[entry].trained):
        raise BoardError(f"There is no method {entry!r} that can be run; `ctseg methods` lists them.")
    split = open_split(board.name)
    fingerprint = split.fingerprint()
    version = code_version()
    weights = CARDS[entry].weights if entry in CARDS else ()
    # Not the metric's version: scores follow from what is kept.
    parts = (entry, *weights, version, fingerprint)
    key = hashlib.sha256("\n".join(map(str, parts)).encode()).hexdigest()[:16]
    folder = cache / f"{board.name}-{entry}-{key}"
    job = BoardJob(board.name, MeasuredLabelMaps(asked), {"entry": entry, "key": key})
    counted = count_board(job, folder, replace(where, resume=True), progress)
    return _assemble(entry, board, split, counted, fingerprint, version)


def _assemble(
    entry: str, board: Board, split: Split, counted: CountedBoard, fingerprint: str, version: str
) -> Result:
    scores, measured = counted.scores(), counted.measured()
    return Result(
        board=board.name,
        entry=entry,
        **_about(entry),
        origin=OURS,
        metric_version=METRIC_VERSION,
        dataset_fingerprint=fingerprint,
        code_version=version,
        predictions_sha256=predictions_sha256(board.name, counted.label_maps()),
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        images=split.images,
        patients=split.patients,
        scores=tuple(scores),
        means=means_of(scores),
        seconds=tuple(round(each["seconds"], 4) for each in measured),
        peak_mb=tuple(round(each["peak_mb"], 1) for each in measured),
    )


def _about(entry: str) -> dict[str, Any]:
    if entry in ORACLES:
        return {
            "title": ORACLES[entry][0],
            "family": "oracle",
            "link": "",
            "role": "oracle",
            "saw": (),
            "parameters": 0,
        }
    card = CARDS[entry]
    role: Role = "full tiling" if card.full_tiling else "method"
    return {
        "title": card.title,
        "family": card.family,
        "link": card.paper_url,
        "role": role,
        "saw": card.saw,
        "parameters": card.parameters,
    }


def means_of(scores: list[dict[str, Any]]) -> dict[str, float | int | None]:
    """Return the means over images of scores by name, None where no image has the score."""
    with_nan = []
    for each in scores:
        values: dict[str, Any] = {name: np.nan if value is None else value for name, value in each.items()}
        with_nan.append(Scores(**values))
    return {name: None if np.isnan(value) else value for name, value in mean_scores(with_nan).items()}


def code_version() -> str:
    """Return the package's version, with the commit and whether files differ from it inside a checkout."""
    root = Path(__file__).resolve().parents[3]
    if not (root / ".git").exists():
        return ctseg.__version__
    described = subprocess.run(
        ["git", "-C", os.fspath(root), "describe", "--always", "--dirty", "--abbrev=12"],  # noqa: S607  git is found on the path
        capture_output=True,
        text=True,
        check=False,
    )
    return (
        f"{ctseg.__version__}+{described.stdout.strip()}" if described.returncode == 0 else ctseg.__version__
    )

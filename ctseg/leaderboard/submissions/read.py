"""A submitted file to the label maps of a board, read in a process of its own."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ctseg.errors import UserError
from ctseg.leaderboard.boards import Board
from ctseg.leaderboard.submissions import SubmissionError
from ctseg.leaderboard.submissions.expected_images import layout_of
from ctseg.sandbox.runner import DecoderError, Limits, run_decoder
from ctseg.slices.limits import MEBIBYTE

MAX_SUBMISSION_BYTES = 512 * MEBIBYTE
DECODER = "ctseg.leaderboard.submissions.formats.decode:decode_submission"
_FOR_THE_ANSWER = MEBIBYTE
_SENTENCES = {
    "memory": "This submission needs more memory to read than is allowed; save it as NPZ of uint16.",
    "damaged": "This submission is damaged or incomplete; save and upload it again.",
    "crashed": "This submission made its reader crash, as damaged files do; save it in another format.",
    "output": "This submission takes more room than the board's label maps need; save it again.",
    "disk": "There is no room for this submission at the moment; try again later.",
    "time": "This submission takes too long to read; save it as NPZ or as a ZIP of PNG files.",
    "busy": "Many files are being read at the moment; try again in a few seconds.",
}


@dataclass(frozen=True)
class Submission:
    """The predictions of one file for every image of a board.

    Attributes
    ----------
    board : its name.
    images : names of the images, in the board's order.
    label_maps : uint8 or uint16, shape (N, H, W), read-only; canonical: structures are numbered from 1 in
        order of first appearance.
    """

    board: str
    images: tuple[str, ...]
    label_maps: NDArray[np.integer]


def read_submission(path: Path, board: Board, folder: Path | None = None) -> Submission:
    """Read a challenge CSV (or .csv.gz), a ZIP of PNG or NIfTI label maps or an NPZ, known by content.

    Parameters
    ----------
    path : the untrusted file
    board : whose images it must hold, each once, in any order
    folder : where the label maps may lie while they are used; the system's temporary folder if None

    Returns
    -------
    Submission

    Raises
    ------
    SubmissionError
        And nothing else for any bytes, within a bounded time: one sentence.
    DatasetError
        If the board's images are not known on this machine.
    """
    if not path.is_file():
        raise SubmissionError(f"There is no file {path.name}; check its name.")
    if path.stat().st_size > MAX_SUBMISSION_BYTES:
        raise SubmissionError(
            f"This file has {path.stat().st_size // MEBIBYTE} MB, more than the "
            f"{MAX_SUBMISSION_BYTES // MEBIBYTE} MB read here; pack it as .csv.gz, NPZ or a ZIP of PNG files."
        )
    layout = layout_of(board)
    most = 2 * len(layout.images) * layout.shape[0] * layout.shape[1] + _FOR_THE_ANSWER
    limits = Limits(cpu_seconds=30, output_bytes=most, wall_seconds=90.0)
    try:
        label_maps, _ = run_decoder(DECODER, [path], limits, folder, [json.dumps(asdict(layout))])
    except DecoderError as error:
        raise SubmissionError(_SENTENCES[error.why]) from error
    except UserError as error:
        raise SubmissionError(str(error)) from error
    wanted = (len(layout.images), *layout.shape)
    if label_maps.shape != wanted or label_maps.dtype not in (np.dtype(np.uint8), np.dtype(np.uint16)):
        raise SubmissionError(_SENTENCES["crashed"])
    return Submission(board.name, layout.images, label_maps)  # type: ignore[arg-type]

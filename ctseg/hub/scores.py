"""A method's scores as they may be told on the Hub: in a card, and as `.eval_results`."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from huggingface_hub import EvalResultEntry, eval_result_entries_to_yaml
from huggingface_hub.utils import yaml_dump

from ctseg.leaderboard.boards import Board, all_boards
from ctseg.leaderboard.results.disclosure import disclosed_rows
from ctseg.leaderboard.results.ranking import INDICES, Row
from ctseg.leaderboard.results.result import OURS
from ctseg.leaderboard.results.statistics import MIN_PATIENTS

_SHOWN = (*INDICES, "best_iou", "foreground_dice")


ToldRow = tuple[Board, Row]


def told_rows() -> Mapping[str, list[ToldRow]]:
    """Return our own rows by entry, each with its board, as `disclose` lets them out."""
    rows: dict[str, list[ToldRow]] = defaultdict(list)
    for board in all_boards().values():
        for row in disclosed_rows(board):
            if row.result.origin == OURS:
                rows[row.result.entry].append((board, row))
    return rows


def scores_table(rows: Sequence[ToldRow]) -> list[str]:
    """Return one method's scores as lines of Markdown; empty where it has none.

    A board has an interval of the score that it ranks by where it has patients enough, else their number.
    """
    lines = []
    for board, row in rows:
        digits = min(board.digits, 3)
        means = [row.result.mean(key) for key in _SHOWN]
        cells = ["" if value is None else f"{value:.{digits}f}" for value in means]
        lines.append(f"| {board.title} | {' | '.join(cells)} | {_certainty(row, digits)} |")
    if not lines:
        return []
    return [
        f"| board | {' | '.join(_SHOWN)} | how sure |",
        "|---|" + "---|" * (len(_SHOWN) + 1),
        *lines,
    ]


def _certainty(row: Row, digits: int) -> str:
    if row.interval is not None:
        told = f"{row.interval.low:.{digits}f} to {row.interval.high:.{digits}f}"
        return f"{row.index}: {told} (95 %)"
    patients = len(set(row.result.patients))
    return f"{patients} patient{'' if patients == 1 else 's'}: too few for an interval (below {MIN_PATIENTS})"


def may_stand_in_eval_results(board: Board) -> bool:
    """Whether the Hub may show a board's scores: a benchmark there is a dataset on which anyone can score.

    So it takes images and labels that may be handed out; of other boards the scores stand in the card only.
    """
    return board.kind == "open" and board.labels_may_be_shown


def dataset_name(board: Board) -> str:
    """Return the name of a board's dataset on the Hub, without its owner."""
    return f"ctseg-{board.name}"


def eval_results(rows: Sequence[ToldRow], owner: str) -> dict[str, str]:
    """Return the files of `.eval_results` of one method, path to YAML: one for each board that allows it.

    Format: https://huggingface.co/docs/hub/eval-results. A board's two indices are two tasks of its dataset.
    """
    files = {}
    for board, row in rows:
        if not may_stand_in_eval_results(board):
            continue
        entries = [
            EvalResultEntry(
                dataset_id=f"{owner}/{dataset_name(board)}",
                task_id=index,
                value=round(float(value), board.digits),
                date=row.result.date[:10],
                notes=f"metric {row.result.metric_version}, mean over {len(row.result.images)} images",
            )
            for index in INDICES
            if (value := row.result.mean(index)) is not None
        ]
        files[f".eval_results/{board.name}.yaml"] = yaml_dump(eval_result_entries_to_yaml(entries))
    return files

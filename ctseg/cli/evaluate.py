"""``ctseg evaluate METHOD --board B``: one result, stored, and one more look at the board counted."""

import argparse
import sys
import time
from dataclasses import replace
from pathlib import Path

from ctseg.cli.batch import add_engine, how
from ctseg.cli.errors import CommandError


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command and its options."""
    command = commands.add_parser("evaluate", help="score a method on a board's images")
    command.add_argument(
        "method", metavar="METHOD", help="a name from `ctseg methods`, an oracle row, or run:FOLDER"
    )
    command.add_argument("--board", required=True, help="a name from `ctseg board`")
    command.add_argument("--out", type=Path, help="folder of results (default: the project's leaderboard/)")
    command.add_argument("--json", action="store_true", help="print the whole result as JSON")
    add_engine(command, workers="2, a core each")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Evaluate, store the result and print the means."""
    from ctseg.leaderboard.boards import BoardError, find_board
    from ctseg.leaderboard.evaluation.evaluate import TWO_PROCESSES, evaluate
    from ctseg.leaderboard.folders import built_in_folder
    from ctseg.leaderboard.results.disclosure import disclosed_result
    from ctseg.leaderboard.results.look_log import Look, add_look
    from ctseg.leaderboard.results.result import to_json
    from ctseg.leaderboard.results.store import save
    from ctseg.settings import cache_folder

    folder = options.out or built_in_folder()
    try:
        board = find_board(options.board)
        result = evaluate(
            options.method,
            board,
            cache_folder() / "evaluations",
            _Progress(),
            replace(how(options), workers=options.workers or TWO_PROCESSES.workers),
        )
    except BoardError as error:
        raise CommandError(str(error)) from error
    save(folder, result)
    disclosed = disclosed_result(result, board)
    look = Look(
        date=result.date[:10],
        commit=result.code_version,
        board=result.board,
        method=result.entry,
        ari=_digits(disclosed.mean("ari"), board.digits),
        fg_ari=_digits(disclosed.mean("fg_ari"), board.digits),
    )
    add_look(folder / "looks.csv", look)
    if options.json:
        print(to_json(disclosed), end="")
    else:
        print(f"{result.entry} on {result.board}: ari {look.ari}, fg_ari {look.fg_ari}")
    return 0


def _digits(value: float | None, digits: int) -> str:
    return "" if value is None else f"{value:.{digits}f}"


class _Progress:
    """A line on the terminal with the time left, from the pace since this run started."""

    def __init__(self) -> None:
        self._start = time.perf_counter()
        self._first: int | None = None

    def __call__(self, done: int, count: int) -> None:
        if self._first is None:
            self._first = done
        fresh = done - self._first
        left = (time.perf_counter() - self._start) / fresh * (count - done) if fresh else None
        remaining = f", about {left:.0f} s left" if left is not None else ""
        end = "\n" if done == count else ""
        print(f"\r{done} of {count} images{remaining}    ", end=end, file=sys.stderr, flush=True)

"""``ctseg evaluate METHOD --board B``: one result, stored, and one more look at the board counted."""

import argparse
import os
import sys
import time
from pathlib import Path

from ctseg.cli.errors import CommandError


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command and its options."""
    command = commands.add_parser("evaluate", help="score a method on a board's images")
    command.add_argument("method", metavar="METHOD", help="a name from `ctseg methods`, or an oracle row")
    command.add_argument("--board", required=True, help="a name from `ctseg board`")
    command.add_argument("--out", type=Path, help="folder of results (default: the project's leaderboard/)")
    command.add_argument("--json", action="store_true", help="print the whole result as JSON")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Evaluate, store the result and print the means."""
    from ctseg.leaderboard.boards import BoardError, find_board
    from ctseg.leaderboard.evaluation.evaluate import evaluate
    from ctseg.leaderboard.results.look_log import Look, add_look
    from ctseg.leaderboard.results.result import to_json
    from ctseg.leaderboard.results.store import built_in_folder, save

    folder = options.out or built_in_folder()
    try:
        result = evaluate(options.method, find_board(options.board), _cache(), _Progress())
    except BoardError as error:
        raise CommandError(str(error)) from error
    save(folder, result)
    look = Look(
        date=result.date[:10],
        commit=result.code_version,
        board=result.board,
        method=result.entry,
        ari=_four_digits(result.means["ari"]),
        fg_ari=_four_digits(result.means["fg_ari"]),
    )
    add_look(folder / "looks.csv", look)
    if options.json:
        print(to_json(result), end="")
    else:
        print(f"{result.entry} on {result.board}: ari {look.ari}, fg_ari {look.fg_ari}")
    return 0


def _four_digits(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


def _cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "ctseg" / "evaluations"


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
        told = f", about {left:.0f} s left" if left is not None else ""
        end = "\n" if done == count else ""
        print(f"\r{done} of {count} images{told}    ", end=end, file=sys.stderr, flush=True)

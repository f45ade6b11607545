"""``ctseg board``: the boards, and the table of one."""

import argparse
import json

from ctseg.cli.errors import CommandError


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command and its options."""
    command = commands.add_parser("board", help="list the boards, or print one")
    command.add_argument("board", nargs="?", help="a board's name; without it all are listed")
    command.add_argument("--json", action="store_true", help="print JSON")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the boards, or one board's table."""
    from ctseg.leaderboard.boards import BOARDS, BoardError, find_board
    from ctseg.leaderboard.store import built_in_folder, load_results
    from ctseg.leaderboard.table import TABLE_COLUMNS, table

    if options.board is None:
        for board in BOARDS.values():
            print(f"{board.name:22s}  {board.kind:24s}  {board.title}")
        return 0
    try:
        board = find_board(options.board)
    except BoardError as error:
        raise CommandError(str(error)) from error
    rows = table(load_results(built_in_folder(), board.name))
    if options.json:
        print(json.dumps(rows, indent=2, ensure_ascii=False))
        return 0
    shown = ["role", "rank", "entry", "ari", "fg_ari", "best_iou", "foreground_dice", "seconds"]
    assert set(shown) <= set(TABLE_COLUMNS)
    print("  ".join(f"{name:>16s}" for name in shown))
    for row in rows:
        print("  ".join(f"{_cell(row[name]):>16s}" for name in shown))
    return 0


def _cell(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.4f}" if isinstance(value, float) else str(value)

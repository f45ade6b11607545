"""``ctseg board``: the boards, the table of one, and what their owner does with them."""

import argparse
import json
from pathlib import Path

from ctseg.cli.errors import CommandError

_DESCRIPTION = """\
  ctseg board [list]                list the boards
  ctseg board NAME                  print the table of one
  ctseg board images NAME --out DIR write its images, where they may be passed on
  ctseg board create                make a secret for the sealed phantom
  ctseg board create NAME --folder DIR
                                    seal a folder of your own images and labels
  ctseg board close NAME --why W    take no more submissions
  ctseg board hide ENTRY --why W    leave an entry out of all tables
  ctseg board rescore NAME          score stored submissions again, keep the old numbers
  ctseg board export NAME --out F   write what anybody may have of it as a ZIP
"""


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command and its options."""
    command = commands.add_parser(
        "board",
        help="list the boards, print one, or look after one",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument(
        "words", nargs="*", metavar="WORD", help="a board's name, or an action and what it is for"
    )
    command.add_argument("--json", action="store_true", help="print JSON")
    command.add_argument("--out", type=Path, help="where to write to")
    command.add_argument("--why", default="", help="the reason, which is kept")
    command.add_argument(
        "--folder", type=Path, help="images and labels, in the challenge's or ct-fewshot layout"
    )
    command.add_argument("--title", default="", help="title of a new board")
    command.add_argument("--about", default="", help="what its images are, in a sentence or two")
    command.add_argument(
        "--redistribution",
        choices=("nothing", "images"),
        default="nothing",
        help="what may be handed out of it",
    )
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Do what the first word says, or print a board's table."""
    from ctseg.cli import board_owner
    from ctseg.leaderboard.admin import ACTIONS

    action, *rest = options.words or ["list"]
    if action not in ACTIONS:
        if rest:
            raise CommandError(f"There is no action {action[:40]!r}; choose one of {', '.join(ACTIONS)}.")
        return _print_table(action, options.json)
    if action == "list":
        return _print_boards()
    if action == "create" and not rest and not options.folder:
        return board_owner.print_new_seed()
    if len(rest) != 1:
        what = "an entry" if action == "hide" else "a board"
        raise CommandError(f"`ctseg board {action}` is for {what}; give one name after it.")
    actions = {
        "images": board_owner.write_images,
        "create": board_owner.create,
        "close": board_owner.close,
        "hide": board_owner.hide,
        "rescore": board_owner.rescore,
        "export": board_owner.export,
    }
    return actions[action](rest[0], options)


def _print_boards() -> int:
    from ctseg.leaderboard.boards import all_boards
    from ctseg.leaderboard.folders import submissions_folder
    from ctseg.leaderboard.moderation import closed

    reasons = closed(submissions_folder())
    for board in all_boards().values():
        told = f" (closed: {reasons[board.name]})" if board.name in reasons else ""
        print(f"{board.name:22s}  {board.kind:24s}  {board.title}{told}")
    return 0


def _print_table(name: str, as_json: bool) -> int:
    from ctseg.leaderboard.boards import find_board
    from ctseg.leaderboard.results.disclosure import disclosed_rows
    from ctseg.leaderboard.results.table import TABLE_COLUMNS, table

    board = find_board(name)
    rows = table(disclosed_rows(board))
    if as_json:
        print(json.dumps(rows, indent=2, ensure_ascii=False))
        return 0
    shown = ["role", "rank", "entry", "ari", "fg_ari", "best_iou", "foreground_dice", "seconds", "origin"]
    assert set(shown) <= set(TABLE_COLUMNS)
    print("  ".join(f"{name:>16s}" for name in shown))
    for row in rows:
        print("  ".join(f"{_cell(row[name]):>16s}" for name in shown))
    return 0


def _cell(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.4f}" if isinstance(value, float) else str(value)

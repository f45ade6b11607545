"""``ctseg board``: the boards, the table of one, and what their owner does with them."""

import argparse
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

from ctseg.cli import board_owner
from ctseg.cli.errors import CommandError

_SHOWN = ("role", "rank", "entry", "ari", "fg_ari", "best_iou", "foreground_dice", "seconds", "origin")
_WITH_VALUE = ("--out", "--why", "--name", "--folder", "--title", "--about", "--redistribution")
Run = Callable[[argparse.Namespace], int]
Parsers: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def add_to(commands: Parsers) -> None:
    """Add the command, an action for each thing that it does."""
    command = commands.add_parser(
        "board",
        help="list the boards, print one, or look after one",
        description="The boards: `ctseg board` lists them, `ctseg board NAME` prints the table of one.",
    )
    actions = command.add_subparsers(dest="action", required=True, metavar="ACTION")
    listing = _action(actions, "list", "list the boards, and files that are set aside", _print_boards)
    listing.add_argument("--json", action="store_true", help="print JSON")
    show = _action(actions, "show", "print the table of one; the word `show` may be left out", _print_table)
    show.add_argument("name", metavar="NAME", help="a board's name")
    show.add_argument("--json", action="store_true", help="print JSON")
    show.add_argument("more", nargs="*", help=argparse.SUPPRESS)
    images = _for_a_board(
        actions, "images", "write its images, where they may be passed on", board_owner.write_images
    )
    images.add_argument("--out", type=Path, help="the folder to write to")
    _add_create(actions)
    close = _for_a_board(actions, "close", "take no more submissions", board_owner.close)
    close.add_argument("--why", default="", help="the reason, which is kept")
    hide = _for_a_board(actions, "hide", "leave an entry out of all tables", board_owner.hide, "an entry")
    hide.add_argument("--why", default="", help="the reason, which is kept")
    rename = _for_a_board(
        actions, "rename", "give an entry of this machine another name", board_owner.rename, "an entry"
    )
    rename.add_argument("--name", default="", help="the new name, 40 characters at most")
    _for_a_board(
        actions,
        "withdraw",
        "take an entry of this machine out of its table",
        board_owner.withdraw,
        "an entry",
    )
    _for_a_board(
        actions, "rescore", "score stored submissions again, keep the old numbers", board_owner.rescore
    )
    export = _for_a_board(actions, "export", "write what anybody may have of it as a ZIP", board_owner.export)
    export.add_argument("--out", type=Path, help="the ZIP to write")
    doctor = _action(actions, "doctor", "list files that cannot be used", board_owner.doctor)
    doctor.add_argument("--move", action="store_true", help="move them into a folder that nothing reads")
    doctor.add_argument("--json", action="store_true", help="print JSON")


def _add_create(actions: Parsers) -> None:
    create = _action(
        actions, "create", "make a secret for the sealed phantom, or seal a folder", board_owner.create
    )
    create.add_argument("name", nargs="?", metavar="NAME", help="name of a board of your own images")
    create.add_argument(
        "--folder", type=Path, help="its images and labels, in the challenge's or ct-fewshot layout"
    )
    create.add_argument("--title", default="", help="title of the new board")
    create.add_argument("--about", default="", help="what its images are, in a sentence or two")
    create.add_argument(
        "--redistribution", choices=("nothing", "images"), default="nothing", help="what is handed out of it"
    )


def _action(actions: Parsers, name: str, description: str, run: Run) -> argparse.ArgumentParser:
    parser = actions.add_parser(
        name, help=description, description=description[0].upper() + description[1:] + "."
    )
    parser.set_defaults(run=run)
    return parser


def _for_a_board(
    actions: Parsers,
    name: str,
    description: str,
    act: Callable[[str, argparse.Namespace], int],
    what: str = "a board",
) -> argparse.ArgumentParser:
    def run(options: argparse.Namespace) -> int:
        if len(options.names) != 1:
            raise CommandError(f"`ctseg board {name}` is for {what}; give one name after it.")
        return act(options.names[0], options)

    parser = _action(actions, name, description, run)
    parser.add_argument("names", nargs="*", metavar=what.split()[1].upper(), help=f"the name of {what}")
    return parser


def with_action(words: Sequence[str]) -> list[str]:
    """Return the words after ``ctseg board`` with their action first, as its parsers want them.

    Without an action the boards are listed, or the one that is named is shown; options may stand anywhere.
    """
    from ctseg.leaderboard.admin import ACTIONS

    place = _first_word(words)
    if place is None:
        return list(words) if {"-h", "--help"} & set(words) else ["list", *words]
    if words[place] in ACTIONS:
        return [words[place], *words[:place], *words[place + 1 :]]
    return ["show", *words]


def _first_word(words: Sequence[str]) -> int | None:
    is_value = False
    for place, word in enumerate(words):
        if not is_value and not word.startswith("-"):
            return place
        is_value = not is_value and word in _WITH_VALUE
    return None


def _print_boards(options: argparse.Namespace) -> int:
    from ctseg.leaderboard.boards import all_boards
    from ctseg.leaderboard.doctor import set_aside_files
    from ctseg.leaderboard.folders import submissions_folder
    from ctseg.leaderboard.moderation import closed

    reasons, boards, aside = closed(submissions_folder()), all_boards().values(), set_aside_files()
    if options.json:
        listed = [
            {"name": board.name, "kind": board.kind, "title": board.title, "closed": reasons.get(board.name)}
            for board in boards
        ]
        files = [{"path": str(each.path), "why": each.why} for each in aside]
        print(json.dumps({"boards": listed, "set_aside": files}, indent=2, ensure_ascii=False))
        return 0
    for board in boards:
        why = f" (closed: {reasons[board.name]})" if board.name in reasons else ""
        print(f"{board.name:22s}  {board.kind:24s}  {board.title}{why}")
    for each in aside:
        print(f"set aside: {each}")
    return 0


def _print_table(options: argparse.Namespace) -> int:
    from ctseg.leaderboard.admin import ACTIONS
    from ctseg.leaderboard.boards import find_board
    from ctseg.leaderboard.results.disclosure import disclosed_rows
    from ctseg.leaderboard.results.table import table

    if options.more:
        raise CommandError(f"There is no action {options.name[:40]!r}; choose one of {', '.join(ACTIONS)}.")
    board = find_board(options.name)
    rows = table(disclosed_rows(board))
    if options.json:
        print(json.dumps(rows, indent=2, ensure_ascii=False))
        return 0
    print("  ".join(f"{name:>16s}" for name in _SHOWN))
    for row in rows:
        print("  ".join(f"{_cell(name, row[name], board.digits):>16s}" for name in _SHOWN))
    return 0


def _cell(name: str, value: object, digits: int) -> str:
    from ctseg.metrics.catalogue import CATALOGUE

    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.{digits if name in CATALOGUE else 4}f}"
    return str(value)

"""The actions of ``ctseg board``, most of them for the owner of the boards."""

import argparse
import json
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from ctseg.cli.errors import CommandError

if TYPE_CHECKING:
    from ctseg.leaderboard.boards import Board
    from ctseg.leaderboard.results.result import Result


def print_new_seed() -> int:
    """Print a new secret for the sealed phantom, and how to keep it."""
    from ctseg.datasets.sealed import SEALED_PHANTOM, new_seed
    from ctseg.settings import BOARD_SEED

    print(f"{BOARD_SEED.name}={new_seed()}")
    print(
        f"This secret draws {SEALED_PHANTOM}: whoever has it has the labels, and without it the board is\n"
        "gone. It is stored nowhere. Keep it in a password manager and set it where submissions are scored\n"
        "(on a Space as a secret, not as a variable); never commit it. Another secret makes another board:\n"
        "hide what was submitted under the old one."
    )
    return 0


def create(options: argparse.Namespace) -> int:
    """Make a secret for the sealed phantom, or seal a folder and say which variable tells where it lies."""
    if options.name is None and options.folder is None:
        return print_new_seed()
    if options.name is None:
        raise CommandError("`ctseg board create` is for a board; give one name after it.")
    name = options.name
    from ctseg.datasets.sealed import folder_variable
    from ctseg.leaderboard.admin import seal_folder
    from ctseg.leaderboard.folders import submissions_folder

    if options.folder is None:
        raise CommandError("A board of your own needs --folder, the folder of its images and labels.")
    board = seal_folder(
        submissions_folder(), name, options.folder, options.title, options.about, options.redistribution
    )
    given = "Images are handed out, labels never." if board.images_may_be_shown else "Nothing is handed out."
    print(f"{board.name}: {len(board.images)} images, sealed. {given}")
    print(f"Where submissions are scored, set {folder_variable(name)} to that folder; it is written nowhere.")
    return 0


def close(name: str, options: argparse.Namespace) -> int:
    """Close a board."""
    from ctseg.leaderboard.admin import close_board
    from ctseg.leaderboard.boards import find_board
    from ctseg.leaderboard.folders import submissions_folder

    close_board(submissions_folder(), find_board(name), options.why)
    print(f"{name} takes no more submissions.")
    return 0


def hide(entry: str, options: argparse.Namespace) -> int:
    """Hide an entry."""
    from ctseg.leaderboard.admin import hide_entry
    from ctseg.leaderboard.folders import submissions_folder

    print(f"{hide_entry(submissions_folder(), entry, options.why)} is hidden.")
    return 0


def rename(entry: str, options: argparse.Namespace) -> int:
    """Give an entry that was submitted on this machine another name."""
    from ctseg.leaderboard.submissions.local_store import open_submissions
    from ctseg.leaderboard.submissions.own_entries import rename as rename_own
    from ctseg.leaderboard.submissions.service import SubmissionService

    renamed = rename_own(SubmissionService(open_submissions()), None, entry, options.name)
    print(
        f"{renamed.predictions_sha256} is called {renamed.title}; its board says what it was called before."
    )
    return 0


def withdraw(entry: str, _options: argparse.Namespace) -> int:
    """Withdraw an entry that was submitted on this machine."""
    from ctseg.leaderboard.submissions.local_store import open_submissions
    from ctseg.leaderboard.submissions.own_entries import withdraw as withdraw_own
    from ctseg.leaderboard.submissions.service import SubmissionService

    gone = withdraw_own(SubmissionService(open_submissions()), None, entry)
    print(f"{gone.title} is withdrawn; its board says that it was there.")
    return 0


def rescore(name: str, _options: argparse.Namespace) -> int:
    """Score the submissions to a board again."""
    from ctseg.leaderboard.boards import find_board
    from ctseg.leaderboard.submissions.local_store import open_submissions
    from ctseg.leaderboard.submissions.rescore import rescore as score_again

    board = find_board(name)
    changed: list[str] = []

    def note(old: "Result", new: "Result") -> None:
        changed.append(new.predictions_sha256)
        print(f"{new.entry}: ari {_ari(old, board)} is now {_ari(new, board)}")

    count = score_again(open_submissions(), board, note)
    print(f"Submissions scored again: {count}, changed: {len(changed)}; old numbers stand beside the new.")
    return 0


def _ari(result: "Result", board: "Board") -> str:
    from ctseg.leaderboard.results.disclosure import disclosed_result

    value = disclosed_result(result, board).mean("ari")
    return "none" if value is None else f"{value:.{board.digits}f}"


def export(name: str, options: argparse.Namespace) -> int:
    """Write what anybody may have of a board."""
    from ctseg.leaderboard.admin import export_board
    from ctseg.leaderboard.boards import find_board

    count = export_board(find_board(name), _out(options, "the ZIP to write"))
    print(f"Entries: {count}; wrote {options.out}")
    return 0


def write_images(name: str, options: argparse.Namespace) -> int:
    """Write a board's images into a folder."""
    from ctseg.leaderboard.boards import find_board
    from ctseg.leaderboard.submissions.downloads import images_zip

    folder = _out(options, "the folder to write to")
    with zipfile.ZipFile(images_zip(find_board(name))) as archive:
        archive.extractall(folder)
        print(f"{len(archive.namelist())} images; wrote {folder}")
    return 0


def doctor(options: argparse.Namespace) -> int:
    """List files that cannot be used, and move them aside when asked."""
    from ctseg.leaderboard.doctor import examine, move_aside

    found = examine()
    moved = [str(move_aside(each)) if options.move else None for each in found]
    if options.json:
        listed = [
            {"path": str(each.path), "why": each.why, "moved": place}
            for each, place in zip(found, moved, strict=True)
        ]
        print(json.dumps(listed, indent=2, ensure_ascii=False))
        return 0
    for each, place in zip(found, moved, strict=True):
        print(each if place is None else f"{each}; moved to {place}")
    if not found:
        print("Every file can be used.")
    elif not options.move:
        print(f"Files that cannot be used: {len(found)}; all others are. `--move` moves them out of the way.")
    return 0


def _out(options: argparse.Namespace, what: str) -> Path:
    if options.out is None:
        raise CommandError(f"--out is missing; give {what}.")
    return Path(options.out)

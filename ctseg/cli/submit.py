"""``ctseg check`` and ``ctseg submit``: what the Submit page does, with the same sentences."""

import argparse
import json
import sys
from pathlib import Path

_FILE = "challenge CSV (or .csv.gz), ZIP of PNG or NIfTI label maps, or NPZ"


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the two commands and their options."""
    check = commands.add_parser("check", help="check a submission before it is uploaded")
    check.add_argument("file", type=Path, metavar="FILE", help=_FILE)
    check.add_argument("--board", required=True, help="a name from `ctseg board`")
    check.set_defaults(run=run_check)
    submit = commands.add_parser("submit", help="score a submission here and store it, marked as local")
    submit.add_argument("file", type=Path, metavar="FILE", help=_FILE)
    submit.add_argument("--board", required=True, help="a name from `ctseg board`")
    submit.add_argument("--name", required=True, help="name of the method, 40 characters at most")
    submit.add_argument("--family", default="", help="what kind of method it is")
    submit.add_argument("--link", default="", help="https address of its code or paper")
    submit.add_argument(
        "--saw",
        action="append",
        default=[],
        help="what training saw: nothing, unlabelled, annotated, synthetic or outside; may be given again",
    )
    submit.add_argument("--contact", default="", help="how to reach you; never shown")
    submit.add_argument("--json", action="store_true", help="print the outcome as JSON")
    submit.set_defaults(run=run_submit)


def run_check(options: argparse.Namespace) -> int:
    """Read the file as a submission and say that it can be taken, or why not."""
    from ctseg.leaderboard.boards import find_board
    from ctseg.leaderboard.submissions.hints import submission_hints
    from ctseg.leaderboard.submissions.read import read_submission

    submission = read_submission(options.file, find_board(options.board))
    structures = [int(label_map.max()) for label_map in submission.label_maps]
    print(
        f"{len(submission.images)} images, {min(structures)} to {max(structures)} structures each: "
        f"this can be submitted to {submission.board}."
    )
    for hint in submission_hints(submission.label_maps):
        print(f"Is it meant so? {hint}")
    return 0


def run_submit(options: argparse.Namespace) -> int:
    """Score the file, store it, and print where it stands."""
    from ctseg.leaderboard.boards import find_board
    from ctseg.leaderboard.results.disclosure import disclosed_rows
    from ctseg.leaderboard.submissions.metadata import EntryDetails
    from ctseg.leaderboard.submissions.pipeline import hand_in
    from ctseg.leaderboard.submissions.service import open_service

    board = find_board(options.board)
    details = EntryDetails.from_text(
        name=options.name,
        family=options.family,
        link=options.link,
        saw=options.saw,
        contact=options.contact,
    )
    try:
        outcome = hand_in(open_service(), options.file, board, details, None, _progress).outcome
    finally:
        print(file=sys.stderr)
    result, sha256 = outcome.result, outcome.result.predictions_sha256
    rows = disclosed_rows(board)
    place = next((row for row in rows if row.result.predictions_sha256 == sha256), None)
    report = {
        "entry": sha256,
        "new": outcome.new,
        "rank": place.rank if place else None,
        "of": sum(row.rank is not None and place is not None and row.index == place.index for row in rows),
        **{name: _rounded(result.mean(name), board.digits) for name in ("ari", "fg_ari", "best_iou")},
        "warning": result.warning,
    }
    if options.json:
        print(json.dumps(report, indent=2, ensure_ascii=False))
        return 0
    if not outcome.new:
        print(f"These label maps are an entry already: {result.title}, of {result.date[:10]}.")
    print(f"{result.title} on {board.name}: ari {report['ari']}, fg_ari {report['fg_ari']}")
    print(f"Rank {report['rank']} of {report['of']}, marked {result.origin}; entry {sha256[:12]}.")
    if result.warning:
        print(result.warning)
    return 0


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


def _progress(sentence: str, _share: float) -> None:
    print(f"\r{sentence}        ", end="", file=sys.stderr, flush=True)

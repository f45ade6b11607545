"""``ctseg hub``: what the owner publishes on the Hub."""

import argparse
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ctseg.hub.space import FileChange
    from ctseg.hub.weights import ModelRepository


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command, its actions and their options."""
    command = commands.add_parser("hub", help="publish weights and a Space on the Hub (for the owner)")
    actions = command.add_subparsers(dest="action", required=True, metavar="ACTION")
    weights = actions.add_parser("publish-weights", help="one model repository for each method")
    weights.add_argument("--owner", required=True, help="account or organization on the Hub")
    weights.add_argument("--method", action="append", default=[], help="only this method; may be repeated")
    weights.add_argument("--dry-run", action="store_true", help="only say what would be published")
    weights.set_defaults(run=publish_weights)
    space = actions.add_parser(
        "publish-space", help="the app as a Space; only says what it would do without --yes"
    )
    space.add_argument("--owner", required=True, help="account or organization on the Hub")
    space.add_argument("--name", default="ctseg", help="name of the Space (default: ctseg)")
    space.add_argument("--hardware", required=True, choices=("cpu-basic", "zero-gpu", "static"))
    space.add_argument(
        "--page",
        type=Path,
        help="with --hardware static: a folder to publish instead of `ctseg export-static`'s",
    )
    space.add_argument("--yes", action="store_true", help="really publish")
    space.set_defaults(run=publish_space)
    board = actions.add_parser(
        "publish-board", help="a board's data, where they may be handed out, and scores"
    )
    board.add_argument("board", help="name of the board")
    board.add_argument("--owner", required=True, help="account or organization on the Hub")
    board.add_argument(
        "--benchmark", action="store_true", help="add eval.yaml, which the Hub must know first"
    )
    board.set_defaults(run=publish_board)


def publish_weights(options: argparse.Namespace) -> int:
    """Publish the weights and record their commits in the manifest."""
    from ctseg.hub.account import open_account
    from ctseg.hub.weights import model_repositories
    from ctseg.hub.weights import publish_weights as publish

    repositories = model_repositories(options.owner, options.method)
    if options.dry_run:
        _print_plan(options.owner, repositories)
        return 0
    commits = publish(open_account(options.owner), repositories, print)
    print(f"{len(commits)} repositories; weights/manifest.toml names their commits. Commit that file.")
    return 0


def publish_space(options: argparse.Namespace) -> int:
    """Say what would be published, or publish it, and say what changed."""
    if options.hardware != "static" or options.page is not None:
        return _publish_space(options)
    from ctseg.static_site.export import export_static

    with tempfile.TemporaryDirectory(prefix="ctseg-static-") as folder:
        options.page = Path(folder)
        export_static(options.page)
        return _publish_space(options)


def _publish_space(options: argparse.Namespace) -> int:
    from ctseg.hub.account import HubError, open_account
    from ctseg.hub.space import changes, contents_there
    from ctseg.hub.space import publish_space as publish
    from ctseg.hub.space_files import HARDWARE, space_files

    files = space_files(options.hardware, options.page)
    print(f"Space {options.owner}/{options.name} on {options.hardware}: {HARDWARE[options.hardware].cost}")
    if options.yes:
        done = publish(open_account(options.owner), options.name, options.hardware, files)
        _print_changes(done.changes)
        if done.hardware_changed:
            print(f"The hardware is {options.hardware} now.")
        print(f"Published as commit {done.commit}.")
        return 0
    try:
        account = open_account(options.owner)
        if HARDWARE[options.hardware].needs_plan and account.paid is False:
            print(f"The account {options.owner} has no PRO, so the Hub would refuse this.")
        there = contents_there(account, options.name)
    except HubError as error:
        print(f"What is there already is not known: {error}")
        there = {}
    _print_changes(changes(files, there))
    print("Nothing was sent; add --yes to publish.")
    return 0


def publish_board(options: argparse.Namespace) -> int:
    """Publish a board as a dataset."""
    from ctseg.hub.account import open_account
    from ctseg.hub.board import board_files, eval_yaml
    from ctseg.hub.board import publish_board as publish
    from ctseg.hub.scores import may_stand_in_eval_results
    from ctseg.leaderboard.boards import find_board

    board = find_board(options.board)
    account = open_account(options.owner)
    with tempfile.TemporaryDirectory(prefix="ctseg-board-") as folder:
        files = board_files(board, options.owner, Path(folder))
        if options.benchmark and may_stand_in_eval_results(board):
            files["eval.yaml"] = eval_yaml(board).encode()
        commit = publish(account, board, files)
    print(f"{board.name}: {len(files)} files, commit {commit}")
    return 0


def _print_changes(found: "list[FileChange]") -> None:
    for each in found:
        print(f"  {each.what:8s} {each.bytes:>12,} bytes  {each.path}")
    size = sum(each.bytes for each in found)
    print(f"{len(found)} files differ, {size / 1e6:.1f} MB to send." if found else "Nothing differs.")


def _print_plan(owner: str, repositories: "list[ModelRepository]") -> None:
    for each in repositories:
        print(f"{owner}/{each.name}: {each.bytes / 1e6:.1f} MB")
        for path in sorted([*(file.path for file in each.files), *each.texts]):
            print(f"  {path}")
    print("Nothing was sent; leave out --dry-run to publish. Model repositories are free.")

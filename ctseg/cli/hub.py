"""``ctseg hub``: what the owner publishes on the Hub."""

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
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


def _print_plan(owner: str, repositories: "list[ModelRepository]") -> None:
    for each in repositories:
        print(f"{owner}/{each.name}: {each.bytes / 1e6:.1f} MB")
        for path in sorted([*(file.path for file in each.files), *each.texts]):
            print(f"  {path}")
    print("Nothing was sent; leave out --dry-run to publish. Model repositories are free.")

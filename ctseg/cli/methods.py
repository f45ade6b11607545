"""``ctseg methods``: what can be run here."""

import argparse
import json
from dataclasses import asdict


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command and its options."""
    command = commands.add_parser("methods", help="list all methods")
    command.add_argument("--json", action="store_true", help="print the whole cards as JSON")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print a line, or the whole card, for each method."""
    from ctseg.methods import CARDS
    from ctseg.methods.runs import add_runs_of_setting

    add_runs_of_setting()
    if options.json:
        print(json.dumps([asdict(card) for card in CARDS.values()], indent=2, ensure_ascii=False))
        return 0
    for card in CARDS.values():
        state = "ready" if card.trained else "not trained yet"
        seconds = f"{card.seconds:g} s" if card.seconds else ""
        print(f"{card.name:20s}  {state:15s}  {seconds:>7s}  {card.title}")
    return 0

"""``ctseg methods``: what can be run here, and which files are missing for the rest."""

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
    from ctseg.weights import status

    add_runs_of_setting()
    gone = {row.file: row for row in status() if not row.here}
    missing = {card.name: [file for file in card.weights if file in gone] for card in CARDS.values()}
    if options.json:
        rows = [asdict(card) | {"missing_files": missing[card.name]} for card in CARDS.values()]
        print(json.dumps(rows, indent=2, ensure_ascii=False))
        return 0
    for card in CARDS.values():
        state = "not trained yet" if not card.trained else "file missing" if missing[card.name] else "ready"
        seconds = f"{card.seconds:g} s" if card.seconds else ""
        print(f"{card.name:20s}  {state:15s}  {seconds:>7s}  {card.title}")
        for file in missing[card.name]:
            print(f"{'':20s}  missing: {file}, {gone[file].bytes / 1e6:.0f} MB, fetched at the first run")
    return 0

"""``ctseg methods``: what can be run here."""

import argparse
import json
from dataclasses import asdict
from typing import Any


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command and its options."""
    command = commands.add_parser("methods", help="list all methods")
    command.add_argument("--json", action="store_true", help="print the whole cards as JSON")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print a line, or the whole card, for each method."""
    from ctseg.methods import METHODS

    if options.json:
        print(json.dumps([asdict(card) for card in METHODS.values()], indent=2, ensure_ascii=False))
        return 0
    rows: list[tuple[Any, ...]] = [
        (
            card.name,
            card.family,
            f"{card.seconds:g} s" if card.seconds else "",
            _state(card.trained),
            card.title,
        )
        for card in METHODS.values()
    ]
    widths = [max(len(str(row[column])) for row in rows) for column in range(4)]
    for row in rows:
        print(
            "  ".join([str(cell).ljust(width) for cell, width in zip(row, widths, strict=False)] + [row[4]])
        )
    return 0


def _state(trained: bool) -> str:
    return "ready" if trained else "not trained yet"

"""``ctseg weights``: which weight files there are, and whether they are here."""

import argparse
import json
from dataclasses import asdict


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command and its options."""
    command = commands.add_parser("weights", help="list the weight files and say which are here")
    command.add_argument("--json", action="store_true", help="print JSON")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print a line for each file of the manifest."""
    from ctseg.weights import status

    rows = status()
    if options.json:
        print(json.dumps([asdict(row) for row in rows], indent=2, ensure_ascii=False))
        return 0
    for row in rows:
        print(f"{row.file:38s}  {row.bytes / 1e6:6.1f} MB  {row.licence:12s}  {row.state}")
    missing = [row for row in rows if not row.here]
    if missing:
        told = [f"{row.file} (for {', '.join(row.methods)})" for row in missing]
        print(f"\nMissing here: {', '.join(told)}.")
        print("A missing file is fetched when its method first runs, and checked against its sha256.")
    return 0

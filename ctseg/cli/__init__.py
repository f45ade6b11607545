"""The ``ctseg`` command. Exit codes: 0 done, 1 refused with one sentence, 2 the command's words are off."""

import argparse
import sys
from collections.abc import Sequence

from ctseg import __version__
from ctseg.errors import UserError


def parser() -> argparse.ArgumentParser:
    """Return the parser of all commands; building it imports nothing heavy."""
    from ctseg.cli import (
        batch,
        board,
        dataset,
        evaluate,
        export_static,
        hub,
        mcp,
        methods,
        score,
        segment,
        serve,
        submit,
        train,
        weights,
    )

    root = argparse.ArgumentParser(
        prog="ctseg",
        description="Segment all structures in one CT slice. Research only, not for diagnosis.",
    )
    root.add_argument("--version", action="version", version=f"ctseg {__version__}")
    commands = root.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for module in (
        segment,
        batch,
        score,
        evaluate,
        submit,
        board,
        dataset,
        train,
        methods,
        weights,
        hub,
        export_static,
        mcp,
        serve,
    ):
        module.add_to(commands)
    return root


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    options = parser().parse_args(_words(arguments))
    try:
        return int(options.run(options) or 0)
    except UserError as error:
        print(f"ctseg: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("ctseg: stopped.", file=sys.stderr)
        return 1


def _words(arguments: Sequence[str] | None) -> list[str]:
    """Return the command line's words, with an action after ``board``, where it may be left out."""
    from ctseg.cli import board

    words = list(sys.argv[1:] if arguments is None else arguments)
    return ["board", *board.with_action(words[1:])] if words[:1] == ["board"] else words

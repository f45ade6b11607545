"""``ctseg export-static``: the page that needs no server."""

import argparse
from pathlib import Path


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command and its options."""
    command = commands.add_parser(
        "export-static", help="write a folder of static files that runs the methods in the visitor's browser"
    )
    command.add_argument("out", type=Path, metavar="OUT", help="folder to write; new, or empty")
    command.set_defaults(run=export_static)


def export_static(options: argparse.Namespace) -> int:
    """Write the folder and say how large it is and how to look at it."""
    from ctseg.static_site.export import export_static as export

    size = export(options.out)
    print(f"{options.out}: {size / 1e6:.0f} MB. Any web server can serve it; to look at it here:")
    print(f"  python -m http.server --directory {options.out} 8000")
    return 0

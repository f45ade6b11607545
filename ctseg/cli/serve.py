"""``ctseg serve``: open the app."""

import argparse


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command and its options."""
    command = commands.add_parser(
        "serve", help="open the app; it listens on this machine only unless told otherwise"
    )
    command.add_argument("--host", default="127.0.0.1", help="address to listen on (default 127.0.0.1)")
    command.add_argument("--port", type=int, default=7860, help="port to listen on (default 7860)")
    command.add_argument("--open", action="store_true", help="open a browser on the page")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Serve the pages until interrupted."""
    from ctseg.ui import serve

    serve(host=options.host, port=options.port, open_browser=options.open)
    return 0

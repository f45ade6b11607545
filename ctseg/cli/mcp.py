"""``ctseg mcp``: the methods as tools for agents, by the Model Context Protocol over stdio."""

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ctseg.cli.errors import CommandError

if TYPE_CHECKING:
    from mcp.server.mcpserver import MCPServer

LIMITS = (
    "Research only, not for diagnosis. Structures are separated, not named: label values carry no class. One "
    "axial CT slice at a time; PNG and JPEG have no Hounsfield units. The trained methods know upright "
    "abdominal slices. Files are read on this machine and stay there."
)


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    command = commands.add_parser("mcp", help="offer the methods to agents as MCP tools, over stdio")
    command.set_defaults(run=run)


def run(_options: argparse.Namespace) -> int:
    """Serve the tools until the client hangs up."""
    try:
        tools = server()
    except ImportError as error:
        raise CommandError(
            'Agents need the package mcp; install it by `pip install "ctseg[mcp]"`.'
        ) from error
    tools.run()
    return 0


def server() -> "MCPServer[Any]":
    """Return the server with its tools."""
    from mcp.server.mcpserver import MCPServer

    from ctseg import __version__

    made: MCPServer[Any] = MCPServer("ctseg", instructions=LIMITS, version=__version__, log_level="ERROR")
    for tool in (segment, compare, score, board):
        made.add_tool(_in_one_sentence(tool))
    return made


def _in_one_sentence(tool: Any) -> Any:
    """Return a tool whose refusals reach the agent as the sentence that a user gets, not as a traceback."""
    from functools import wraps

    from mcp.server.mcpserver.exceptions import ToolError

    from ctseg.errors import UserError

    @wraps(tool)
    def called(**asked: Any) -> dict[str, Any]:
        try:
            found: dict[str, Any] = tool(**asked)
        except UserError as error:
            raise ToolError(str(error)) from error
        return found

    return called


def segment(
    path: str,
    out: str,
    method: str = "partition",
    slice_index: int | None = None,
    regions: int | None = None,
) -> dict[str, Any]:
    """Segment all structures of one CT slice and write the label map.

    Research only. Structures are separated, not named. `path` is a file on this machine (DICOM, NIfTI, PNG,
    JPEG, TIFF, NRRD, MetaImage); of a volume the middle slice is taken unless `slice_index` (from 0) is set.
    `method`: unet-tvmf, unet-simclr or partition find abdominal organs; partition-all divides the whole body;
    watershed learns nothing. `regions` cuts a method with a merge tree (partition, partition-all, sobel-tree)
    into at most so many structures. `out` is a folder for labels.png (16-bit), a NIfTI, a CSV of areas and a
    report. Returns the report and a row for each structure: area, mean, centre.
    """
    from ctseg.api import segment_with_tree
    from ctseg.export import MethodRun, report, structures, write_results
    from ctseg.slices import read_stack

    stack = read_stack(Path(path))
    index = stack.middle if slice_index is None else slice_index
    if not 0 <= index < len(stack):
        raise CommandError(f"There is no slice {index}; this file has {len(stack)}, counted from 0.")
    start = time.perf_counter()
    label_map, tree = segment_with_tree(stack[index], method, regions=regions)
    made = MethodRun(method, label_map, time.perf_counter() - start, tree=tree)
    files = write_results(Path(out), stack[index], [made])
    return {
        "slice_index": index,
        "files": [str(each) for each in files],
        "report": report(stack[index], [made]),
        "structures": structures(made, stack[index]),
    }


def compare(path: str, methods: list[str], slice_index: int | None = None) -> dict[str, Any]:
    """Run several methods on one CT slice and tell how far they agree.

    Research only. Agreement is the adjusted Rand index of two label maps: 1 the same, 0 chance. Methods that
    agree may both be wrong; only a true label map tells which is better (tool score). Returns for each method
    how many structures it found and its seconds, and the agreement of each two.
    """
    from ctseg.api import segment
    from ctseg.metrics import ari
    from ctseg.slices import read_stack

    stack = read_stack(Path(path))
    index = stack.middle if slice_index is None else slice_index
    if not 0 <= index < len(stack):
        raise CommandError(f"There is no slice {index}; this file has {len(stack)}, counted from 0.")
    found, told = {}, {}
    for method in dict.fromkeys(methods):
        start = time.perf_counter()
        found[method] = segment(stack[index], method)
        seconds = round(time.perf_counter() - start, 2)
        told[method] = {"structures": int(found[method].max(initial=0)), "seconds": seconds}
    names = list(found)
    agreement = [
        {"methods": [one, other], "ari": round(float(ari(found[one], found[other])), 4)}
        for place, one in enumerate(names)
        for other in names[place + 1 :]
    ]
    return {"slice_index": index, "methods": told, "agreement": agreement, "limits": LIMITS}


def score(predicted: str, true: str) -> dict[str, Any]:
    """Score a label map against the true one.

    Both are files on this machine (PNG, TIFF, NIfTI, NRRD, MetaImage, DICOM SEG) of one slice, or challenge
    CSVs. Read ari and fg_ari together: ari mostly measures how well the background is left alone, fg_ari
    looks at pixels of true structures only. Returns every score with what it means.
    """
    from ctseg.cli.score import scores_of
    from ctseg.metrics import CATALOGUE

    told = scores_of(Path(predicted), Path(true))
    meaning = {name: CATALOGUE[name].explanation for name in told["scores"] if name in CATALOGUE}
    return told | {"meaning": meaning}


def board(name: str = "phantom-val") -> dict[str, Any]:
    """Return a leaderboard: its rows in order of rank, no more than may be disclosed, and what it is about.

    Rows are ranked by ari, full tilings by fg_ari apart from them. Scores of single images and true labels
    are not told.
    """
    from ctseg.leaderboard.boards import find_board
    from ctseg.leaderboard.results.disclosure import disclosed_rows
    from ctseg.leaderboard.results.table import table

    chosen = find_board(name)
    return {"title": chosen.title, "about": chosen.about, "rows": table(disclosed_rows(chosen))}

"""``ctseg segment``: a file or a DICOM series into a folder of results, or numbered slices into one CSV."""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from ctseg.cli.errors import CommandError

MAX_LABELS = 255
"""The challenge's table holds labels of one byte."""

_TABLES = (".csv", ".csv.gz")

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ctseg.partition import MergeTree
    from ctseg.slices import CTSlice


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command and its options."""
    command = commands.add_parser("segment", help="segment a file, a DICOM series, or a folder of slices")
    command.add_argument(
        "input",
        type=Path,
        metavar="FILE|FOLDER",
        help="a CT file, a folder of a DICOM series, or a folder of 0.png, 1.png, …",
    )
    command.add_argument(
        "--method",
        default="watershed",
        help="a name that `ctseg methods` lists, or run:FOLDER of `ctseg train` (default watershed)",
    )
    command.add_argument(
        "--out",
        type=Path,
        required=True,
        help="folder for the results of a file or series, or y.csv for those of 0.png, 1.png, …",
    )
    command.add_argument(
        "--slice", type=int, default=None, help="which slice of a stack, from 0 (default the middle)"
    )
    command.add_argument(
        "--format",
        action="append",
        choices=("nifti", "seg.nrrd", "mha", "dicom-seg"),
        help="how a file's label map is written beside the PNG (default nifti); may be given several times",
    )
    command.add_argument(
        "--regions",
        type=int,
        default=None,
        metavar="N",
        help="cut the slice into at most N structures; for methods with a merge tree, such as sobel-tree",
    )
    command.add_argument("--json", action="store_true", help="print the report of a file as JSON")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Segment what was given."""
    from ctseg.methods.runs import named

    if not options.input.exists():
        raise CommandError(f"There is no {options.input}; give a file or a folder that exists.")
    options.method = named(options.method)
    if not options.input.is_dir():
        return _segment_one(options)
    images = _numbered_images(options.input)
    return _segment_images(options, images) if images else _segment_series(options)


def _segment_series(options: argparse.Namespace) -> int:
    from ctseg.slices import SliceError

    if options.out.name.endswith(_TABLES):
        raise CommandError(f"{options.input} holds no numbered PNG files; it needs 0.png, 1.png and so on.")
    try:
        return _segment_one(options)
    except SliceError as error:
        raise CommandError(
            f"{str(error).rstrip('.')}; a folder of 0.png, 1.png and so on becomes one table, with --out "
            "ending in .csv or .csv.gz."
        ) from error


def _numbered_images(folder: Path) -> list[Path]:
    numbered = [path for path in folder.glob("*.png") if path.stem.isdecimal()]
    return sorted(numbered, key=lambda path: int(path.stem))


def _segment_one(options: argparse.Namespace) -> int:
    from ctseg.export import MethodRun, report, write_results
    from ctseg.slices import read_slice

    _announce_download(options.method)
    ct_slice = read_slice(options.input, options.slice)
    _tell(ct_slice.notes)
    label_map, tree, seconds = _timed(ct_slice, options)
    done = MethodRun(options.method, label_map, seconds, tree=tree)
    formats = options.format or ["nifti"]
    identity = _identity(options.input, options.slice, ct_slice) if "dicom-seg" in formats else None
    written = write_results(options.out, ct_slice, [done], formats, identity)
    details = report(ct_slice, [done])
    _tell(tuple(filter(None, (each["outside_domain"] for each in details["methods"]))))
    if options.json:
        print(json.dumps(details, indent=2, ensure_ascii=False))
    else:
        count = details["methods"][0]["structures"]
        print(f"{count} structures in {seconds:.1f} s; wrote {len(written)} files to {options.out}")
    return 0


def _identity(path: Path, index: int | None, ct_slice: "CTSlice") -> dict[str, str] | None:
    """What a DICOM Segmentation repeats of its source, read for that file alone; None where there is none."""
    from ctseg.labelmaps.files.dicom_seg import CARRIES, VIEWERS
    from ctseg.slices import read_identity

    known = ct_slice.source == "DICOM" and ct_slice.affine is not None
    found = read_identity(path, index) if known else None
    identity = {} if found is None else found.of(0)
    if not identity.get("FrameOfReferenceUID"):
        _tell(("This slice has no DICOM source with a known place; labels.seg.nrrd is written instead.",))
        return None
    _tell((CARRIES, VIEWERS))
    return identity


def _segment_images(options: argparse.Namespace, images: list[Path]) -> int:
    import numpy as np

    from ctseg.labelmaps import largest_structures
    from ctseg.labelmaps.files import write_challenge_csv
    from ctseg.methods import CARDS
    from ctseg.methods.base.domain import domain_note, domain_of
    from ctseg.slices import read_slice

    _announce_download(options.method)
    if not options.out.name.endswith(_TABLES):
        raise CommandError(
            "A folder of slices becomes one table; give --out a name that ends in .csv or .csv.gz."
        )
    label_maps, cut, outside = {}, 0, 0
    for done, path in enumerate(images, start=1):
        ct_slice = read_slice(path)
        label_map = _timed(ct_slice, options)[0]
        outside += bool(domain_note(CARDS[options.method], domain_of(ct_slice)))
        label_maps[path.name] = largest_structures(label_map, MAX_LABELS)
        cut += int(np.unique(label_map).size > np.unique(label_maps[path.name]).size)
        print(f"\r{done} of {len(images)}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    if len({label_map.shape for label_map in label_maps.values()}) > 1:
        raise CommandError("These images differ in size, but one table holds images of one size; part them.")
    write_challenge_csv(options.out, label_maps)
    print(f"{len(images)} slices; wrote {options.out}")
    if outside:
        print(
            f"{outside} of them seem to be outside of what this method knows. {CARDS[options.method].knows}"
        )
    if cut:
        print(f"{cut} of them had more than {MAX_LABELS} structures; the table holds the largest.")
    return 0


def _announce_download(method: str) -> None:
    from ctseg.methods import CARDS, download_bytes

    if method in CARDS and (size := download_bytes(method)):
        print(f"{method} fetches {size / 1e6:.0f} MB first, once.", file=sys.stderr)


def _tell(notes: tuple[str, ...]) -> None:
    for note in notes:
        print(f"Note: {note}", file=sys.stderr)


def _timed(
    ct_slice: "CTSlice", options: argparse.Namespace
) -> "tuple[NDArray[np.int32], MergeTree | None, float]":
    from ctseg.api import segment_with_tree

    start = time.perf_counter()
    label_map, tree = segment_with_tree(ct_slice, options.method, regions=options.regions)
    return label_map, tree, time.perf_counter() - start

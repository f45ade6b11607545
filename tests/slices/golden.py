"""Files of every kind, and digests of what a build reads from them.

``python golden.py > golden.csv``, with the build whose digests are wanted on PYTHONPATH, writes the table. It
was written by version 0.1 (commit b18e6a9); rows of files that it read wrong, or not, are left out.
"""

import csv
import hashlib
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import nibabel
import numpy as np
import tifffile
from PIL import Image
from png_files import GREY, GREY_ALPHA, PALETTE, RGB, RGB_ALPHA, write_png
from test_field_tools import SITUATIONS
from wheel import FOLDER, expectations

from ctseg.slices import SliceError, Stack
from ctseg.slices.decode import decode

TABLE = Path(__file__).with_name("golden.csv")
_RAMP = np.arange(37 * 29).reshape(37, 29)
_PNG = {GREY: (1, 2, 4, 8, 16), RGB: (8, 16), PALETTE: (1, 2, 4, 8), GREY_ALPHA: (8, 16), RGB_ALPHA: (8, 16)}
_CHANNELS = {GREY: 1, RGB: 3, PALETTE: 1, GREY_ALPHA: 2, RGB_ALPHA: 4}
Writer = Callable[[Path], list[Path]]


def sources() -> dict[str, Writer]:
    """Name to a function that writes, or finds, the files of one upload in a folder."""
    found: dict[str, Writer] = {
        f"wheel {row.file}": lambda _, file=row.file: [FOLDER / file] for row in expectations() if row.shape
    }
    found |= {f"series {name}": lambda folder, name=name: _series(folder, name) for name in SITUATIONS}
    found |= {
        f"PNG {colour} {bits}": lambda folder, kind=(colour, bits): [_png(folder / "a", *kind)]
        for colour, depths in _PNG.items()
        for bits in depths
    }
    for dtype in ("u1", "u2", "u4", "i1", "i2", "i4", "f2", "f4", "f8"):
        for order in "<>":
            found[f"TIFF {order}{dtype}"] = lambda folder, kind=order + dtype: [_tiff(folder / "a", kind)]
            found[f"NIfTI {order}{dtype}"] = lambda folder, kind=order + dtype: [_nifti(folder, kind)]
    found["JPEG"] = lambda folder: [_jpeg(folder / "a.jpg")]
    return found


def _series(folder: Path, name: str) -> list[Path]:
    SITUATIONS[name](folder)
    return sorted(folder.iterdir())


def _png(path: Path, colour: int, bits: int) -> Path:
    samples = np.random.default_rng(bits).integers(0, 2**bits, (13, 11, _CHANNELS[colour]))
    palette = np.random.default_rng(9).integers(0, 256, 3 * 2**bits).astype(np.uint8).tobytes()
    return write_png(path, samples, colour, bits, {b"PLTE": palette} if colour == PALETTE else {})


def _tiff(path: Path, dtype: str) -> Path:
    values = (_RAMP * 7 % 250 - (120 if dtype[1] != "u" else 0)).astype(dtype)
    tifffile.imwrite(path, values, byteorder=dtype[0], photometric="minisblack", metadata=None)
    return path


def _nifti(folder: Path, dtype: str) -> Path:
    voxels = (np.arange(7 * 9 * 5).reshape(7, 9, 5) % 120 - (119 if dtype[1] != "u" else 0)).astype(dtype)
    affine = np.array([[0, 0, 2.5, 10], [-0.8, 0, 0, 20], [0, 0.7, 0, -30], [0, 0, 0, 1.0]])
    header = nibabel.Nifti1Header(endianness=dtype[0])
    if dtype[1:] == "f2":
        voxels = voxels.astype(dtype[0] + "f4")
    header.set_data_dtype(voxels.dtype)
    nibabel.save(nibabel.Nifti1Image(voxels, affine, header), folder / "a.nii.gz")
    return folder / "a.nii.gz"


def _jpeg(path: Path) -> Path:
    Image.fromarray((_RAMP % 256).astype(np.uint8)).save(path)
    return path


def digest(stack: Stack) -> str:
    """Digest of values, their order, spacing, window and places, the latter to a thousandth of a mm."""
    found = hashlib.sha256(f"{stack.pixels.dtype} {stack.pixels.shape} {stack.intensity}".encode())
    found.update(np.ascontiguousarray(stack.pixels).tobytes())
    spacing = None if stack.spacing_mm is None else [round(float(value), 4) for value in stack.spacing_mm]
    window = None if stack.window is None else (stack.window.width, stack.window.level)
    found.update(f"{spacing} {window}".encode())
    if stack.affines is not None:
        # The third column leads across the slice; on purpose it is at right angles on the others now.
        found.update((np.round(stack.affines[:, :, [0, 1, 3]], 3) + 0.0).tobytes())
    return found.hexdigest()[:24]


def main() -> None:
    """Write the table to standard output."""
    table = csv.writer(sys.stdout, lineterminator="\n")
    table.writerow(["source", "digest"])
    for name, write in sources().items():
        with tempfile.TemporaryDirectory() as folder:
            try:
                table.writerow([name, digest(decode(write(Path(folder))))])
            except SliceError as error:
                print(f"{name}: {error}", file=sys.stderr)


if __name__ == "__main__":
    main()

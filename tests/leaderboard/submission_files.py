"""Submission files in every format, for a board of three small images."""

import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ctseg.labelmaps.files import write_challenge_csv
from ctseg.leaderboard.boards import Board

Maps = dict[str, NDArray[np.integer]]

SHAPE = (24, 32)
IMAGES = ("0.png", "1.png", "2.png")
BOARD = Board(
    name="small",
    title="Small",
    kind="open",
    about="",
    redistribution="images and labels",
    images=IMAGES,
    shape=SHAPE,
)


def label_maps(seed: int = 3) -> Maps:
    """Three label maps of a few rectangles, uint8, with labels in no order."""
    rng = np.random.default_rng(seed)
    made: Maps = {}
    for image in IMAGES:
        made[image] = np.zeros(SHAPE, np.uint8)
        for label in rng.choice(np.arange(1, 255), 5, replace=False):
            row, column = rng.integers(0, SHAPE[0] - 6), rng.integers(0, SHAPE[1] - 6)
            made[image][row : row + 6, column : column + 6] = label
    return made


def png(label_map: NDArray[np.generic], **options: object) -> bytes:
    """A label map as PNG."""
    content = BytesIO()
    Image.fromarray(label_map).save(content, "PNG", **options)  # type: ignore[arg-type]
    return content.getvalue()


def write_zip(path: Path, files: dict[str, bytes] | list[tuple[str, bytes]]) -> Path:
    """A deflated ZIP of these files; a list may repeat a name."""
    pairs = files.items() if isinstance(files, dict) else files
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in pairs:
            archive.writestr(name, content)
    return path


def csv(path: Path, maps: Maps) -> Path:
    """The challenge's layout."""
    write_challenge_csv(path / "y.csv", maps)
    return path / "y.csv"


def csv_gz(path: Path, maps: Maps) -> Path:
    """The challenge's layout, gzipped."""
    write_challenge_csv(path / "y.csv.gz", maps)
    return path / "y.csv.gz"


def png8_zip(path: Path, maps: Maps) -> Path:
    """A ZIP of 8-bit PNG files."""
    return write_zip(path / "y8.zip", {name: png(each.astype(np.uint8)) for name, each in maps.items()})


def png16_zip(path: Path, maps: Maps) -> Path:
    """A ZIP of 16-bit PNG files in a folder, with what a Mac adds."""
    files = {f"mine/{name}": png(each.astype(np.uint16)) for name, each in maps.items()}
    return write_zip(path / "y16.zip", {**files, "__MACOSX/mine/._0.png": b"?", "mine/.DS_Store": b"?"})


def palette_zip(path: Path, maps: Maps) -> Path:
    """A ZIP of palette PNG files, whose index is the label."""
    files = {}
    for name, each in maps.items():
        paletted = Image.fromarray(each.astype(np.uint8), mode="P")
        paletted.putpalette(bytes(range(256)) * 3)
        content = BytesIO()
        paletted.save(content, "PNG")
        files[name] = content.getvalue()
    return write_zip(path / "palette.zip", files)


def npz(path: Path, maps: Maps) -> Path:
    """An NPZ with an array per image."""
    np.savez_compressed(path / "y.npz", **maps)  # type: ignore[arg-type]
    return path / "y.npz"


def npz_numbers(path: Path, maps: Maps) -> Path:
    """An NPZ with an array per image, named without suffix, in other integer types and orders in memory."""
    types = (np.dtype(">u2"), np.dtype(np.int64), np.dtype(np.uint8))
    arrays = {
        name.removesuffix(".png"): np.asfortranarray(each.astype(dtype))
        for (name, each), dtype in zip(maps.items(), types, strict=True)
    }
    np.savez(path / "numbers.npz", **arrays)  # type: ignore[arg-type]
    return path / "numbers.npz"


def npz_stack(path: Path, maps: Maps) -> Path:
    """An NPZ with one array for all images and another of their names."""
    np.savez(path / "stack.npz", label_maps=np.stack(list(maps.values())), images=np.array(list(maps)))
    return path / "stack.npz"


FORMATS: tuple[Callable[[Path, Maps], Path], ...] = (
    csv,
    csv_gz,
    png8_zip,
    png16_zip,
    palette_zip,
    npz,
    npz_numbers,
    npz_stack,
)

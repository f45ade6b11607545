"""Boards of three small images for tests of submissions: open, sealed, and with images not handed out."""

import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ctseg.labelmaps.files import write_challenge_csv
from ctseg.leaderboard.admin import seal_folder
from ctseg.leaderboard.boards import Board, board_to_json
from ctseg.leaderboard.folders import DESCRIPTIONS

OPEN = "lab-open"
SEALED = "lab-sealed"
OWN_IMAGES = "ct-fewshot-val"
SHAPE = (48, 56)
IMAGES = ("0.png", "1.png", "2.png")
PATIENT = {"timeout": 600}
"""For clients of a machine that has more to do."""
LabelMaps = dict[str, NDArray[np.integer]]

_OPEN_BOARD = Board(
    name=OPEN,
    title="An open lab",
    kind="open",
    about="Three small images.",
    redistribution="images and labels",
    images=IMAGES,
    shape=SHAPE,
)


def set_up(folder: Path) -> dict[str, str]:
    """Make the data of the boards and an empty store; return the environment that names them."""
    own, store = folder / "data" / "ct-fewshot" / "val", folder / "store"
    sealed, public = folder / "kept", folder / "public"
    for place, seed in ((own, 5), (sealed, 6), (public, 7)):
        _write_board(place, seed)
    (folder / "results").mkdir()
    seal_folder(store, SEALED, sealed, "A sealed lab", "Three small images.", "images")
    (store / DESCRIPTIONS / f"{OPEN}.json").write_text(board_to_json(_OPEN_BOARD), encoding="utf-8")
    return {
        "CTSEG_DATA": str(folder / "data"),
        "CTSEG_STORE": str(store),
        "CTSEG_LEADERBOARD": str(folder / "results"),
        "CTSEG_BOARD_FOLDER_LAB_SEALED": str(sealed),
        "CTSEG_BOARD_FOLDER_LAB_OPEN": str(public),
    }


def truth(seed: int) -> LabelMaps:
    """Return the true label maps of the board made from this seed: 5 own images, 6 sealed, 7 open."""
    rng = np.random.default_rng(seed)
    made: LabelMaps = {}
    for image in IMAGES:
        labels = np.zeros(SHAPE, np.uint8)
        for label in rng.choice(np.arange(1, 250), 4, replace=False):
            row, column = rng.integers(0, SHAPE[0] - 14), rng.integers(0, SHAPE[1] - 14)
            labels[row : row + 14, column : column + 14] = label
        made[image] = labels
    return made


def guess(number: int) -> LabelMaps:
    """Return label maps of one structure somewhere, another for every number up to 4096."""
    made = {image: np.zeros(SHAPE, np.uint8) for image in IMAGES}
    for label_map in made.values():
        label_map[4:20, 6 : 20 + number % 32] = 1
        label_map[24 : 26 + number // 32 % 16, 30:40] = 2
    return made


def _write_board(place: Path, seed: int) -> None:
    (place / "images").mkdir(parents=True)
    (place / "labels").mkdir()
    noise = np.random.default_rng(seed + 100)
    lines = ["image,source,patient,z,n_structures,coverage"]
    for number, (image, labels) in enumerate(truth(seed).items()):
        grey = (60 + labels // 3 + noise.integers(0, 12, SHAPE)).astype(np.uint8)
        Image.fromarray(grey).save(place / "images" / image)
        Image.fromarray(labels).save(place / "labels" / image)
        lines.append(f"{image},test,P{number},0,4,0.1")
    (place / "index.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _png(label_map: NDArray[np.integer]) -> bytes:
    content = BytesIO()
    Image.fromarray(label_map).save(content, "PNG")
    return content.getvalue()


def _zip(path: Path, maps: LabelMaps) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, label_map in maps.items():
            archive.writestr(name, _png(label_map))


FORMATS: dict[str, Callable[[Path, LabelMaps], None]] = {
    "y.csv": write_challenge_csv,
    "y.csv.gz": write_challenge_csv,
    "y.zip": _zip,
    "y.npz": lambda path, maps: np.savez_compressed(path, **maps),  # type: ignore[arg-type]
}


def write(folder: Path, name: str, maps: LabelMaps) -> Path:
    """Write a submission; the name's ending is its format."""
    folder.mkdir(parents=True, exist_ok=True)
    FORMATS[name](folder / name, maps)
    return folder / name

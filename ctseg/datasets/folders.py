"""Where the data lies on this machine, and how one image of a dataset is read."""

import csv
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from ctseg.datasets.split import DatasetError
from ctseg.settings import DATA


def data_folder() -> Path:
    """Return the folder that holds the datasets, as the environment variable ``CTSEG_DATA`` says.

    Raises
    ------
    DatasetError
        If the variable is not set or names no folder.
    """
    folder = DATA.folder()
    if folder is None:
        raise DatasetError(f"Set {DATA.name} to the folder that holds the datasets.")
    if not folder.is_dir():
        raise DatasetError(
            f"{DATA.name} names {folder}, which is no folder; set it to the one that holds the datasets."
        )
    return folder


def read_index(path: Path, extra: str, if_missing: str) -> list[tuple[str, str, str]]:
    """Return image, patient and one more column, "" where it is not filled, of every line of an index.

    Parameters
    ----------
    path : CSV file with the columns ``image`` and ``patient``
    extra : the further column
    if_missing : what to do where there is no such file, as the end of a sentence

    Raises
    ------
    DatasetError
        If the file is missing or no such CSV file.
    """
    if not path.is_file():
        raise DatasetError(f"{path.name} is missing in {path.parent}; {if_missing}")
    with path.open(newline="", encoding="utf-8-sig") as file:
        try:
            return [(row["image"], row["patient"], row.get(extra) or "") for row in csv.DictReader(file)]
        except (KeyError, csv.Error, UnicodeDecodeError) as error:
            raise DatasetError(
                f"{path} is no CSV file with the columns image and patient; mend it."
            ) from error


def image_number(name: str) -> int:
    """Return the number in an image name such as ``"17.png"``.

    Raises
    ------
    DatasetError
        If the name is not a number before its suffix.
    """
    stem = Path(name).stem
    if not (stem.isascii() and stem.isdigit()):
        raise DatasetError(f"The image {name} is not named by a number; rename it like 17.png.")
    return int(stem)


def read_grey(path: Path) -> NDArray[np.uint8]:
    """Read one 8-bit grey PNG, shape (H, W), values in [0, 255].

    Raises
    ------
    DatasetError
        If the file is missing, unreadable or not 8-bit grey; the message names it.
    """
    try:
        with Image.open(path) as image:
            if image.mode not in {"L", "P"}:
                raise DatasetError(
                    f"{path.name} is not an 8-bit grey image (mode {image.mode}); convert it first."
                )
            return np.array(image, dtype=np.uint8)
    except FileNotFoundError:
        raise DatasetError(f"{path.name} is missing in {path.parent}; add it.") from None
    except (OSError, UnidentifiedImageError, SyntaxError) as error:
        raise DatasetError(f"{path.name} in {path.parent} cannot be read; replace it.") from error

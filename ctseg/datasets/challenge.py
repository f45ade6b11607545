"""The RAIDIUM challenge's layout: numbered PNG files and one CSV with a column an image."""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ctseg.datasets.folders import image_number, read_grey
from ctseg.datasets.split import DatasetError, Split
from ctseg.errors import UserError
from ctseg.slices.ct_slice import CTSlice

SHAPE = (512, 512)


class ChallengeSplit(Split):
    """The annotated images of a folder in the challenge's layout.

    Images whose column in the CSV is all 0 are not annotated and are left out. Patients are unknown: every
    image counts as one, so divide this split by :func:`ctseg.datasets.near_duplicates.near_duplicate_groups`.

    Parameters
    ----------
    folder : holds ``0.png``, ``1.png``, … (512 x 512, 8-bit), itself or in one folder below it, and one
        ``.csv`` or ``.csv.gz``
    name : name of the split

    Raises
    ------
    DatasetError
        If the CSV or the images cannot be found or read, or an annotated image is missing; the message
        names the first.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self.name = name
        self._images = _image_folder(folder)
        self._csv = _label_file(folder)
        self.images = tuple(self._label_maps)
        self.patients = self.images
        for image in self.images:
            if not (self._images / image).is_file():
                raise DatasetError(f"{image} is missing in {self._images}; add it.")

    @cached_property
    def _label_maps(self) -> Mapping[str, NDArray[np.integer]]:
        from ctseg.labelmaps.files import read_challenge_csv

        try:
            table = read_challenge_csv(self._csv)
        except UserError as error:
            raise DatasetError(f"{self._csv.name} cannot be used. {error}") from error
        annotated = [image for image, label_map in table.items() if label_map.any()]
        # Copies, so that the images without labels, most of the table, do not stay in memory.
        return {image: table[image].copy() for image in sorted(annotated, key=image_number)}

    def slice(self, index: int) -> CTSlice:
        """Return image ``index``: uint8, of unknown window."""
        pixels = read_grey(self._images / self.images[index])
        if pixels.shape != SHAPE:
            raise DatasetError(f"{self.images[index]} is {pixels.shape} and not {SHAPE}; replace it.")
        return CTSlice(pixels, "8-bit", None, "PNG")

    def label_map(self, index: int) -> NDArray[np.integer]:
        """Return the label map of image ``index``, shape (512, 512)."""
        return self._label_maps[self.images[index]]


def is_challenge_folder(folder: Path) -> bool:
    """Tell whether a folder looks like the challenge's data: a CSV beside or above numbered images."""
    return bool(_label_files(folder)) and bool(_image_folders(folder))


def _label_files(folder: Path) -> list[Path]:
    # The index of a built dataset lists images and patients, and may lie beside.
    found = (path for path in folder.iterdir() if path.name.endswith((".csv", ".csv.gz")))
    return sorted(path for path in found if path.name != "index.csv")


def _image_folders(folder: Path) -> list[Path]:
    # Label maps as images lie in a folder of that name where a dataset was built here.
    below = sorted(path for path in folder.iterdir() if path.is_dir() and path.name != "labels")
    return [path for path in (folder, *below) if (path / "0.png").is_file()]


def _label_file(folder: Path) -> Path:
    found = _label_files(folder)
    if len(found) != 1:
        listed = ", ".join(path.name for path in found) or "none"
        raise DatasetError(f"{folder} must hold one CSV with the label maps, not {len(found)} ({listed}).")
    return found[0]


def _image_folder(folder: Path) -> Path:
    if not folder.is_dir():
        raise DatasetError(f"There is no folder {folder}; put the challenge's images and CSV there.")
    found = _image_folders(folder)
    if len(found) != 1:
        raise DatasetError(f"0.png is in {len(found)} folders of {folder}; keep the annotated images in one.")
    return found[0]

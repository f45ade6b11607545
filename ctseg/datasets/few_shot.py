"""The ``ct-fewshot`` layout: a folder per split with ``images/``, ``labels/`` and ``index.csv``."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ctseg.datasets.folders import image_number, read_grey, read_index
from ctseg.datasets.split import DatasetError, Split
from ctseg.slices.ct_slice import CTSlice


class FewShotSplit(Split):
    """One split in the ``ct-fewshot`` layout; images are read from the folder when asked for.

    Parameters
    ----------
    folder : folder with ``images/N.png``, ``index.csv`` (columns ``image`` and ``patient``) and,
        if the split is annotated, ``labels/N.png`` (uint8, 0 = background).
    name : name of the split.

    Attributes
    ----------
    sources : the collection of each image as the index's column ``source`` says, "" where it does not.

    Raises
    ------
    DatasetError
        If the index is missing or unreadable, or an image or label map that it lists is not there.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self.name = name
        rows = read_index(folder / "index.csv", "source", "each split needs one.")
        rows.sort(key=lambda row: image_number(row[0]))
        self.images = tuple(image for image, _, _ in rows)
        self.patients = tuple(patient for _, patient, _ in rows)
        self.sources = tuple(source for _, _, source in rows)
        self._annotated = (folder / "labels").is_dir()
        self._refuse_missing_files()

    def _refuse_missing_files(self) -> None:
        for part in ("images", "labels") if self._annotated else ("images",):
            for image in self.images:
                if not (self._folder / part / image).is_file():
                    raise DatasetError(f"{part}/{image} is missing in {self._folder}; add it.")

    def slice(self, index: int) -> CTSlice:
        """Return image ``index``: uint8, of unknown window."""
        pixels = read_grey(self._folder / "images" / self.images[index])
        return CTSlice(pixels, "8-bit", None, "PNG")

    def label_map(self, index: int) -> NDArray[np.integer] | None:
        """Return the label map of image ``index``, uint8, or None in a split without labels."""
        if not self._annotated:
            return None
        return read_grey(self._folder / "labels" / self.images[index])

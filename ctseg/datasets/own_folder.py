"""A folder of one's own slices and label maps, in any format that is read here."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ctseg.datasets.folders import read_index
from ctseg.datasets.split import DatasetError, Split
from ctseg.errors import UserError
from ctseg.slices.ct_slice import CTSlice

PREFIX = "folder:"
"""What stands before the folder where a recipe names its split."""
MAX_STRUCTURES = 255


class OwnFolder(Split):
    """Annotated slices in ``images/`` and ``labels/``, listed in ``index.csv``; read when asked for.

    Parameters
    ----------
    folder : with ``index.csv`` (columns ``image`` and ``patient``; ``label`` where a label map's file is
        not called like its image), ``images/`` and ``labels/``
    name : name of the split

    Raises
    ------
    DatasetError
        If the index is missing or unreadable, or lists nothing or a file that is not there.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self.name = name
        rows = read_index(folder / "index.csv", "label", "write one with the columns image and patient.")
        if not rows or not all(image and patient for image, patient, _ in rows):
            raise DatasetError(f"{folder / 'index.csv'} must name an image and its patient in every line.")
        self.images = tuple(image for image, _, _ in rows)
        self.patients = tuple(patient for _, patient, _ in rows)
        self._labels = tuple(label or image for image, _, label in rows)
        for part, files in (("images", self.images), ("labels", self._labels)):
            for file in files:
                if not (folder / part / file).is_file():
                    raise DatasetError(f"index.csv lists {file}, but {part}/{file} is missing in {folder}.")

    def slice(self, index: int) -> CTSlice:
        """Return image ``index`` as its file says: HU, or 8-bit; of a volume the middle slice."""
        from ctseg.slices import read_slice

        try:
            return read_slice(self._folder / "images" / self.images[index])
        except UserError as error:
            raise DatasetError(f"images/{self.images[index]} cannot be used. {error}") from error

    def label_map(self, index: int) -> NDArray[np.integer]:
        """Return the label map of image ``index``, structures 1..n, uint8.

        Raises
        ------
        DatasetError
            If it cannot be read, has another size than its image, or more than 255 structures.
        """
        from ctseg.labelmaps import relabel
        from ctseg.labelmaps.files import read_label_map

        file = self._labels[index]
        try:
            label_map = relabel(read_label_map(self._folder / "labels" / file))
        except UserError as error:
            raise DatasetError(f"labels/{file} cannot be used. {error}") from error
        if int(label_map.max(initial=0)) > MAX_STRUCTURES:
            raise DatasetError(f"labels/{file} has more than {MAX_STRUCTURES} structures; merge some.")
        shape = self.slice(index).shape
        if label_map.shape != shape:
            raise DatasetError(
                f"labels/{file} has {label_map.shape} px and its image {shape}; they must be equal."
            )
        return label_map.astype(np.uint8)

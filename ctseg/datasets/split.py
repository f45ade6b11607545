"""What every dataset looks like to the rest of the project: a named, ordered set of slices."""

import hashlib
import hmac
from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ctseg.errors import UserError
from ctseg.slices.ct_slice import CTSlice


class DatasetError(UserError):
    """A dataset cannot be found or read; the message is one sentence that says what to do."""


def canonical_bytes(label_map: NDArray[np.integer] | None) -> bytes:
    """Return what fingerprints hash for one label map, as :meth:`Split.fingerprint` describes it."""
    if label_map is None:
        return b"unlabelled\n"
    height, width = label_map.shape
    return f"{height} {width}\n".encode("ascii") + np.ascontiguousarray(label_map, dtype="<i4").tobytes()


class Split(ABC):
    """A named set of images of a dataset.

    Attributes
    ----------
    name : identifier used in commands and results, such as ``"ct-fewshot-val"``.
    images : names of the images, in numeric order.
    patients : the patient of each image, in the same order. Where patients are unknown this is
        the group within which images must stay together.
    """

    name: str
    images: tuple[str, ...]
    patients: tuple[str, ...]

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self.images)

    @abstractmethod
    def slice(self, index: int) -> CTSlice:
        """Return image ``index``: ``intensity`` is ``"8-bit"`` or ``"HU"``, shape (H, W).

        Raises
        ------
        DatasetError
            If the image cannot be read; the message names it.
        """

    @abstractmethod
    def label_map(self, index: int) -> NDArray[np.integer] | None:
        """Return the true label map of image ``index``, shape (H, W), or None if it has none.

        Raises
        ------
        DatasetError
            If the label map cannot be read; the message names it.
        """

    def fingerprint(self) -> str:
        """Return the sha256 over the label maps in order, in hexadecimal.

        The bytes hashed are, for each image: height and width as decimal ASCII with a space between and
        a newline after, then the label values as little-endian int32 in C order; or ``unlabelled`` and a
        newline. Labels are taken as they are, so renumbering changes the fingerprint; their dtype does not.
        """
        digest = self.digest()
        for index in range(len(self)):
            digest.update(canonical_bytes(self.label_map(index)))
        return digest.hexdigest()

    def digest(self) -> "hashlib._Hash | hmac.HMAC":
        """Return what `fingerprint` starts from; sealed splits key it, so that it confirms no guess."""
        return hashlib.sha256()


class Subset(Split):
    """Some images of another split, in the order given."""

    def __init__(self, whole: Split, indices: Sequence[int], name: str) -> None:
        self._whole = whole
        self._indices = tuple(int(index) for index in indices)
        self.name = name
        self.images = tuple(whole.images[index] for index in self._indices)
        self.patients = tuple(whole.patients[index] for index in self._indices)

    def slice(self, index: int) -> CTSlice:
        """Return image ``index`` of this subset."""
        return self._whole.slice(self._indices[index])

    def label_map(self, index: int) -> NDArray[np.integer] | None:
        """Return the true label map of image ``index`` of this subset."""
        return self._whole.label_map(self._indices[index])

"""From slices in their order to pixels in HU, a file at a time, on both cores."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ctseg.sandbox.both_cores import by_two, shared
from ctseg.slices.dicom.header import read_whole
from ctseg.slices.dicom.pixels import stored_frames, to_hounsfield
from ctseg.slices.dicom.slices import DicomImage, DicomSlice
from ctseg.slices.limits import check_stack
from ctseg.slices.stack import HIGHEST_HU, LOWEST_HU

# Damaged slopes must not give infinite values.
_ANY_RANGE = (-(2**31), 2**31 - 1)
# A file of many frames is read once for each part of them.
_MIN_PART, _MAX_PARTS = 8, 7


@dataclass(frozen=True, eq=False)
class Decoding:
    """How the pixels of slices come about; a slice is known by its number among those ``shown``.

    Attributes
    ----------
    slices : all of a stack, in order
    shown : which of them are wanted
    """

    slices: Sequence[DicomSlice]
    shown: Sequence[int]

    @cached_property
    def dtype(self) -> np.dtype[np.generic]:
        """int16 where all slices of the stack are whole HU, else float32."""
        frames = [each.frame for each in self.slices]
        whole = all(frame.slope.is_integer() and frame.intercept.is_integer() for frame in frames)
        return np.dtype(np.int16 if self.slices[0].hounsfield and whole else np.float32)

    @property
    def shape(self) -> tuple[int, int, int]:
        """(N, H, W).

        Raises
        ------
        SliceError
            If that is more than is read.
        """
        _, rows, columns, *_ = self.slices[0].series
        shape = (len(self.shown), int(str(rows)), int(str(columns)))
        check_stack(*shape, self.dtype.itemsize)
        return shape

    def jobs(self) -> list[list[int]]:
        """Numbers of slices that are decoded together: frames of one file, in a few parts."""
        of_image: dict[DicomImage, list[int]] = {}
        for number, index in enumerate(self.shown):
            of_image.setdefault(self.slices[index].image, []).append(number)
        return [
            sorted(part, key=lambda number: self.slices[self.shown[number]].index)
            for numbers in of_image.values()
            for part in _parts(numbers)
        ]

    def jobs_from(self, first: int) -> list[list[int]]:
        """Return `jobs` with one slice alone before all others, and these the nearer to it the earlier."""
        others = [[number for number in job if number != first] for job in self.jobs()]
        others.sort(key=lambda job: min((abs(number - first) for number in job), default=0))
        return [[first], *filter(None, others)]

    def decode(self, numbers: Sequence[int]) -> Iterator[NDArray[np.generic]]:
        """Yield the rescaled values (H, W) of slices of one job, in their order."""
        of_stack = [self.slices[self.shown[number]] for number in numbers]
        image = of_stack[0].image
        with image.opener() as file:
            dataset = read_whole(file)
        limits = (LOWEST_HU, HIGHEST_HU) if of_stack[0].hounsfield else _ANY_RANGE
        frames = stored_frames(dataset, image.frames, [each.index for each in of_stack])
        for each, stored in zip(of_stack, frames, strict=True):
            yield np.clip(to_hounsfield(stored, each.frame), *limits).astype(self.dtype)

    def pixels(self) -> NDArray[np.generic]:
        """Rescaled values of all slices that are shown, shape (N, H, W)."""
        pixels = shared(self.shape, self.dtype)

        def decode(job: list[int]) -> None:
            for number, decoded in zip(job, self.decode(job), strict=True):
                pixels[number] = decoded

        by_two(self.jobs(), decode)
        return pixels


def _parts(numbers: list[int]) -> list[list[int]]:
    """Frames of one file in a few parts, so that it can be decoded by two."""
    length = max(_MIN_PART, -(-len(numbers) // _MAX_PARTS))
    return [numbers[start : start + length] for start in range(0, len(numbers), length)]

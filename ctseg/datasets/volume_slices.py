"""Slices out of a labelled volume: 512x512 in 8 bits, and label maps whose numbers mean nothing."""

import hashlib
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ctseg.datasets.challenge import SHAPE
from ctseg.datasets.split import DatasetError
from ctseg.datasets.volume_folders import LabelledVolume, structure_name
from ctseg.labelmaps.files.label_stack import read_label_stack
from ctseg.slices import SliceError, Stack, Window
from ctseg.slices.bulk import read_stacks
from ctseg.slices.windowing import to_uint8

_SIDE = SHAPE[0]
MAX_STRUCTURES = 255


@dataclass(frozen=True)
class SliceOptions:
    """What is cut out of a volume.

    Attributes
    ----------
    width, level : of the window, in HU, that becomes 0 to 255
    step : every step-th slice is taken, from the middle of the first step on
    groups : names of groups and of the structures that count as one in them; others count alone
    only : the groups and structures that are taken; all if there are none
    seed : of the numbers that structures get in each slice
    """

    width: float = 400.0
    level: float = 40.0
    step: int = 1
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    only: tuple[str, ...] = ()
    seed: int = 0

    def numbers(self, names: Sequence[str]) -> list[int]:
        """Return a number for each structure, the same for those of one group, 0 for those left out.

        Raises
        ------
        DatasetError
            If there are more than 255.
        """
        group_of = {member: group for group, members in self.groups.items() for member in members}
        kept: dict[str, int] = {}
        numbers = []
        for name in names:
            title = group_of.get(name, name)
            wanted = not self.only or title in self.only or name in self.only
            numbers.append(kept.setdefault(title, len(kept) + 1) if wanted else 0)
        if len(kept) > MAX_STRUCTURES:
            raise DatasetError(
                f"There are {len(kept)} structures; name at most {MAX_STRUCTURES}, or group some."
            )
        return numbers


def slices_of(
    folder: Path, volume: LabelledVolume, options: SliceOptions
) -> Iterator[tuple[int, bytes, bytes]]:
    """Yield the slices of a volume that show a structure: number, image and label map, both as PNG.

    Each is scaled to fit 512x512 with square pixels and set in the middle, on black and background. Labels
    are 1..n in an order of their own in each slice.

    Raises
    ------
    SliceError, LabelMapError, DatasetError
        If the volume or its labels cannot be read or do not fit each other.
    """
    (stack,) = read_stacks([[folder / volume.image]])
    if isinstance(stack, SliceError):
        raise stack
    labels = _labels(folder, volume, stack, options)
    for number in range((options.step - 1) // 2, len(stack), options.step):
        ct_slice = stack[number]
        label_map = _fitted(labels[number].astype(np.uint8), stack, smooth=False)
        if not label_map.any():
            continue
        grey = to_uint8(ct_slice, Window(options.width, options.level))
        yield (
            number,
            _png(_fitted(grey, stack, smooth=True)),
            _png(_permuted(label_map, volume.name, number, options)),
        )


def _labels(folder: Path, volume: LabelledVolume, stack: Stack, options: SliceOptions) -> NDArray[np.uint16]:
    paths = [folder / label for label in volume.labels]
    if volume.has_masks:
        return read_label_stack(paths, stack, options.numbers([structure_name(path.name) for path in paths]))
    values = read_label_stack(paths, stack)
    present = np.unique(values)
    present = present[present > 0]
    lookup = np.zeros(int(values.max(initial=0)) + 1, np.uint16)
    lookup[present] = options.numbers([str(value) for value in present])
    return lookup[values]


def _fitted(plane: NDArray[np.uint8], stack: Stack, *, smooth: bool) -> NDArray[np.uint8]:
    """Scale a slice so that its longer side has 512 px and its pixels are square, on 0."""
    import cv2

    rows, columns = stack.spacing_mm or (1.0, 1.0)
    height, width = plane.shape[0] * rows, plane.shape[1] * columns
    factor = _SIDE / max(height, width)
    size = (max(1, round(height * factor)), max(1, round(width * factor)))
    if size != plane.shape:
        shrinks = size[0] < plane.shape[0]
        # INTER_NEAREST shifts labels by up to a pixel.
        how = (cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR) if smooth else cv2.INTER_NEAREST_EXACT
        plane = np.asarray(cv2.resize(plane, size[::-1], interpolation=how), np.uint8)
    fitted = np.zeros(SHAPE, np.uint8)
    top, left = (_SIDE - size[0]) // 2, (_SIDE - size[1]) // 2
    fitted[top : top + size[0], left : left + size[1]] = plane
    return fitted


def _permuted(
    label_map: NDArray[np.uint8], volume: str, number: int, options: SliceOptions
) -> NDArray[np.uint8]:
    present = np.unique(label_map)
    present = present[present > 0]
    digest = hashlib.sha256(f"{options.seed} {volume} {number}".encode()).digest()
    order = np.random.default_rng(int.from_bytes(digest[:8], "big")).permutation(present.size)
    lookup = np.zeros(256, np.uint8)
    lookup[present] = order + 1
    return lookup[label_map]


def _png(image: NDArray[np.uint8]) -> bytes:
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(image).save(file, format="PNG")
    return file.getvalue()

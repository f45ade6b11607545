"""The volumes: where each comes from, what may be said of it, and how its file is read."""

import functools
from dataclasses import dataclass, replace
from importlib.resources import as_file, files
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ctseg.slices import Stack, Window


@dataclass(frozen=True)
class ExampleVolume:
    """A volume of the package.

    Attributes
    ----------
    name : of its file, without ``.npz``
    start : index of the slice to show first
    attribution : whom the licence asks to name, in one line
    licence, url : the licence's name, and where the volume comes from
    remark : what a viewer must know before judging a result on it
    """

    name: str
    start: int
    attribution: str
    licence: str
    url: str
    remark: str

    def stack(self) -> Stack:
        """Return its slices; pixels are shared by all callers and read-only."""
        return replace(_read(self.name)[0])

    def structures(self) -> NDArray[np.uint8] | None:
        """Return its label maps, shape (N, H, W), as the slices lie; None where no structures are known."""
        return _read(self.name)[1]


ABDOMEN = ExampleVolume(
    name="crlm_1004",
    start=18,
    attribution=(
        "Simpson, Peoples, Creasy, et al.: Preoperative CT and Survival Data for Patients Undergoing "
        "Resection of Colorectal Liver Metastases, The Cancer Imaging Archive, 2023, "
        "doi 10.7937/QXK2-QG03"
    ),
    licence="CC BY 4.0",
    url="https://doi.org/10.7937/QXK2-QG03",
    remark="No true label map is known. Images (no labels) of this series were seen in pre-training.",
)
TOTALSEGMENTATOR = ExampleVolume(
    name="totalsegmentator",
    start=90,
    attribution="TotalSegmentator's example, Wasserthal et al. 2023, doi 10.1148/ryai.230024",
    licence="Apache-2.0",
    url="https://github.com/wasserth/TotalSegmentator",
    remark="The truth of this example was made by a model, TotalSegmentator itself, not by a person.",
)


def write_volume(path: Path, stack: Stack, structures: NDArray[np.uint8] | None = None) -> None:
    """Write a volume without loss: differences along each row, their high and low bytes apart, deflated.

    Parameters
    ----------
    path : of the ``.npz`` file
    stack : slices in whole HU (int16)
    structures : ndarray of uint8, shape (N, H, W), or None
    """
    assert stack.spacing_mm is not None
    steps = stack.pixels.astype(np.int32)
    steps[:, :, 1:] -= stack.pixels[:, :, :-1].astype(np.int32)
    # Zigzag: small steps of either sign have an empty high byte.
    folded = ((steps << 1) ^ (steps >> 31)).astype(np.uint32)
    optional = {
        "window": None if stack.window is None else [stack.window.width, stack.window.level],
        "affines": stack.affines,
        "structures": structures,
    }
    np.savez_compressed(
        path,
        allow_pickle=False,
        high=(folded >> 8).astype(np.uint16),
        low=folded.astype(np.uint8),
        source=stack.source,
        spacing_mm=stack.spacing_mm,
        **{name: value for name, value in optional.items() if value is not None},
    )


@functools.cache
def _read(name: str) -> tuple[Stack, NDArray[np.uint8] | None]:
    with (
        as_file(files("ctseg.datasets.examples") / f"{name}.npz") as path,
        np.load(path, allow_pickle=False) as archive,
    ):
        stored = dict(archive)
    high, low = stored.pop("high"), stored.pop("low")
    pixels = np.empty(low.shape, np.int16)
    # Slice by slice: of the whole volume, what is in between would take 150 MB.
    for index, lower in enumerate(low):
        folded = (high[index].astype(np.uint32) << 8) | lower
        steps = (folded >> 1).astype(np.int32) ^ -(folded & 1).astype(np.int32)
        pixels[index] = np.cumsum(steps, axis=1, dtype=np.int32)
    structures = stored.get("structures")
    for shared in (pixels, structures):
        if shared is not None:
            shared.flags.writeable = False
    rows, columns = stored["spacing_mm"].tolist()
    stack = Stack(
        pixels,
        intensity="HU",
        spacing_mm=(rows, columns),
        source=str(stored["source"]),
        window=Window(*stored["window"].tolist()) if "window" in stored else None,
        affines=stored.get("affines"),
    )
    return stack, structures

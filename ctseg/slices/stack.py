"""All slices of one upload, in order."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ctseg.errors import UserError
from ctseg.sandbox.answers import DecoderError
from ctseg.sandbox.pending import Pending
from ctseg.slices.ct_slice import CTSlice, Intensity, SliceError, Window
from ctseg.slices.geometry import is_place
from ctseg.slices.identity import Identity

_MAX_NOTES, _MAX_NOTE_LENGTH = 20, 400
LOWEST_HU, HIGHEST_HU = -32768, 32767
"""The values that are kept; what lies beyond becomes the nearer of the two, and the slice says so."""
ABOVE = "Some values are 32,767 HU or more, such as in metal; 32,767 is the highest that is kept."
BELOW = "Some values are -32,768 HU or less, which is no tissue; -32,768 is the lowest that is kept."


def beyond(pixels: NDArray[np.generic]) -> tuple[str, ...]:
    """Return a sentence for each end of the kept values that pixels in HU reach."""
    lowest, highest = float(pixels.min(initial=np.inf)), float(pixels.max(initial=-np.inf))
    return (ABOVE,) * (highest >= HIGHEST_HU) + (BELOW,) * (lowest <= LOWEST_HU)


@dataclass(frozen=True, eq=False)
class Stack:
    """The slices of a file, a volume or a series; a single image is a stack of one.

    Attributes
    ----------
    pixels : ndarray, shape (N, H, W)
        int16 or float32 in HU, or uint8 in [0, 255] of unknown window. Read-only and mapped from a file
        that has no name any more when it came from the decoder's own process.
    intensity : "HU" or "8-bit"
    spacing_mm : (row, column) distance between pixel centres in mm, or None
    source : the format, such as ``"DICOM"``; never a file name
    window : the display window stored in the file, in HU, or None
    affines : ndarray of float64, shape (N, 4, 4), or None
        For each slice the map from voxel (row, column, 0) to RAS+ mm.
    notes : one sentence each on what was left out of the upload, or could not be believed of it
    grid : ndarray of float64, shape (4, 4), or None
        Maps (row, column, slice) to voxel (i, j, k) of the file, for files of voxels.
    identity : of a DICOM series, for a DICOM Segmentation alone; it is none of the `facts`
    pending : tells which slices are decoded while others still are; None where all were from the start
    """

    pixels: NDArray[np.generic]
    intensity: Intensity
    spacing_mm: tuple[float, float] | None
    source: str
    window: Window | None = None
    affines: NDArray[np.float64] | None = None
    notes: tuple[str, ...] = ()
    grid: NDArray[np.float64] | None = None
    identity: Identity | None = field(default=None, repr=False)
    pending: Pending | None = field(default=None, repr=False)

    def __len__(self) -> int:
        return len(self.pixels)

    def __getitem__(self, index: int) -> CTSlice:
        """Slice ``index`` as a CTSlice with pixels of its own: float32 HU, or uint8.

        Where it is still decoded this waits for it, at the latest until the decoder's time is over.

        Raises
        ------
        SliceError
            If there is no such slice, it cannot be decoded, or the stack was freed.
        """
        if len(self) == 0:
            raise SliceError(_GONE)
        if not 0 <= index < len(self):
            raise SliceError(f"There is no slice {index}; choose one from 0 to {len(self) - 1}.")
        self._wait(index)
        dtype = np.float32 if self.intensity == "HU" else np.uint8
        pixels = np.array(self.pixels[index], dtype=dtype)
        return CTSlice(
            pixels=pixels,
            intensity=self.intensity,
            spacing_mm=self.spacing_mm,
            source=self.source,
            window=self.window,
            affine=None if self.affines is None else self.affines[index].copy(),
            notes=(*self.notes, *(beyond(pixels) if self.intensity == "HU" else ())),
            grid=None if self.grid is None else self.grid @ _step(index),
        )

    def _wait(self, index: int) -> None:
        if self.pending is None:
            return
        try:
            self.pending.wait(index)
        except DecoderError as error:
            if error.why == "gone":
                raise SliceError(_GONE) from error
            if error.why in ("damaged", "crashed"):
                raise SliceError(f"Slice {index + 1} is damaged or incomplete; export it again.") from error
            raise SliceError(f"Slice {index + 1} could not be read. {error}") from error
        except UserError as error:
            raise SliceError(f"Slice {index + 1} cannot be read. {error}") from error

    def only(self, index: int) -> "Stack":
        """A stack of slice ``index`` alone.

        Raises
        ------
        SliceError
            If there is no such slice.
        """
        if not 0 <= index < len(self):
            raise SliceError(f"There is no slice {index}; choose one from 0 to {len(self) - 1}.")
        self._wait(index)
        return replace(
            self,
            pending=None,
            pixels=self.pixels[index : index + 1],
            affines=None if self.affines is None else self.affines[index : index + 1],
            grid=None if self.grid is None else self.grid @ _step(index),
            identity=None if self.identity is None else self.identity.only(index),
        )

    @property
    def note(self) -> str | None:
        """All notes as one text, or None."""
        return " ".join(self.notes) or None

    @property
    def middle(self) -> int:
        """Index of the slice to show first."""
        return len(self) // 2

    def free(self) -> None:
        """Give back the decoded pixels, and the identity, at once; afterwards the stack is empty.

        What is still decoded ends, and its files are deleted when this returns.

        Without this call they go when the stack is garbage-collected: the file behind them was unlinked
        when it was mapped, so nothing is left on the disk even if the program is killed.
        """
        # The one change a frozen stack allows: who holds it sees that it is empty.
        object.__setattr__(self, "pixels", np.empty((0, 0, 0), self.pixels.dtype))
        object.__setattr__(self, "identity", None)
        if self.pending is not None:
            self.pending.end()

    def facts(self) -> dict[str, Any]:
        """Everything but pixels and identity, as JSON values, for the way between two processes."""
        return {
            "intensity": self.intensity,
            "spacing_mm": self.spacing_mm,
            "source": self.source,
            "window": None if self.window is None else [self.window.width, self.window.level],
            "affines": None if self.affines is None else self.affines.tolist(),
            "notes": list(self.notes),
            "grid": None if self.grid is None else self.grid.tolist(),
        }

    @classmethod
    def from_facts(cls, pixels: NDArray[np.generic], facts: dict[str, Any]) -> "Stack":
        """Build a stack from pixels and what `facts` returned in the other process.

        Raises
        ------
        SliceError
            If the facts do not fit the pixels: the other process worked on an untrusted file.
        """
        try:
            stack = cls(
                pixels=pixels,
                intensity=facts["intensity"],
                spacing_mm=_pair(facts["spacing_mm"]),
                source=str(facts["source"])[:40],
                window=None if facts["window"] is None else Window(*_pair(facts["window"])),
                affines=None if facts["affines"] is None else np.array(facts["affines"], np.float64),
                notes=tuple(str(note)[:_MAX_NOTE_LENGTH] for note in facts["notes"][:_MAX_NOTES]),
                grid=None if facts["grid"] is None else np.array(facts["grid"], np.float64),
                identity=Identity.from_facts(facts.get("identity"), len(pixels)),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise SliceError(_DISAGREES) from error
        kinds = {"HU": ("int16", "float32"), "8-bit": ("uint8",)}
        fits = pixels.ndim == 3 and pixels.dtype.name in kinds.get(stack.intensity, ())
        if stack.affines is not None:
            fits &= stack.affines.shape == (len(pixels), 4, 4) and bool(np.isfinite(stack.affines).all())
        if stack.grid is not None:
            fits &= is_place(stack.grid)
        if not fits:
            raise SliceError(_DISAGREES)
        return stack


_GONE = "This upload is no longer kept; upload it again."
_DISAGREES = "This file could not be decoded: what it says of itself contradicts itself; export it again."


def _step(index: int) -> NDArray[np.float64]:
    """Map (row, column, 0) of slice ``index`` to (row, column, slice) of the stack."""
    step = np.eye(4)
    step[2, 3] = index
    return step


def _pair(values: Any) -> Any:
    if values is None:
        return None
    first, second = (float(value) for value in values)
    if not (np.isfinite(first) and np.isfinite(second)):
        raise ValueError("not finite")
    return first, second

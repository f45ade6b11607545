"""DICOM CT: one file, several files or a whole series become one stack in HU."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ctseg.slices.ct_slice import Intensity, SliceError
from ctseg.slices.dicom.decoding import Decoding
from ctseg.slices.dicom.grouping import Group, by_series, stacks_of, without_copies
from ctseg.slices.dicom.header import read_elements
from ctseg.slices.dicom.order import Places, notes_on_steps, places, step_of
from ctseg.slices.dicom.slices import DicomSlice, Opener, read_image
from ctseg.slices.dicom.values import text
from ctseg.slices.grey import HOUNSFIELD_FROM, to_8_bit
from ctseg.slices.identity import IDENTIFIERS, Identity
from ctseg.slices.stack import Stack

MIN_BY_PARTS = 8
"""Fewer slices are decoded at once."""
DAMAGED = "This DICOM file is damaged or incomplete; export it again."
_GREY = "The file does not say how its numbers become Hounsfield units, so they are shown as grey levels."
_OTHER = "The file's numbers are another quantity than Hounsfield units, so they are shown as grey levels."
_GUESSED = (
    "The file does not say how its numbers become Hounsfield units; they are taken for them because they go "
    f"below {HOUNSFIELD_FROM:.0f}."
)


def read_dicom(openers: Sequence[Opener]) -> Stack:
    """Read the largest stack of CT slices among DICOM files, sorted by position, feet first.

    Slices of one stack share series, size, direction, spacing and whether they are HU, and no place comes
    twice; what is left out for that is told in the stack's notes.

    Parameters
    ----------
    openers : one for each file; called up to twice, so that no more than one file is open at a time

    Returns
    -------
    Stack
        In HU, or in 8 bits where the file does not say how its numbers become HU and none is -100 or less.

    Raises
    ------
    SliceError
        If none of the files is a CT slice, the sentence saying what they are.
    """
    slices, placed, notes = _found(openers)
    return _whole(slices, placed, notes)


def begin_dicom(openers: Sequence[Opener]) -> tuple[Stack, Decoding | None]:
    """Read what `read_dicom` reads without its pixels, and how these are decoded slice by slice.

    Returns
    -------
    Stack
        Its pixels are all 0, unless all were decoded at once: those of few slices, and where the range of all
        is needed for each.
    Decoding or None
        None where nothing is left to be decoded.
    """
    slices, placed, notes = _found(openers)
    if len(slices) < MIN_BY_PARTS or not slices[0].hounsfield:
        return _whole(slices, placed, notes), None
    decoding = Decoding(slices, range(len(slices)))
    blank = np.broadcast_to(np.zeros((), decoding.dtype), decoding.shape)
    return _stack(blank, slices, placed, notes, decoding.shown), decoding


def _whole(slices: list[DicomSlice], placed: Places, notes: list[str]) -> Stack:
    everything = range(len(slices))
    return _stack(Decoding(slices, everything).pixels(), slices, placed, notes, everything)


def read_dicom_slice(openers: Sequence[Opener], index: int | None) -> Stack:
    """Read one slice of what `read_dicom` reads, the middle one if None, with the values it has there.

    Where the files say how their numbers become HU, no other slice is decoded. Raises as `read_dicom`, and if
    there is no such slice.
    """
    slices, placed, notes = _found(openers)
    index = len(slices) // 2 if index is None else index
    if not 0 <= index < len(slices):
        raise SliceError(f"There is no slice {index}; choose one from 0 to {len(slices) - 1}.")
    if not slices[0].hounsfield:
        # Grey levels go by the range of all.
        return _whole(slices, placed, notes).only(index)
    return _stack(Decoding(slices, [index]).pixels(), slices, placed, notes, [index])


def _found(openers: Sequence[Opener]) -> tuple[list[DicomSlice], Places, list[str]]:
    """The slices of the largest stack in order, where they lie, and notes on all of that."""
    slices, refusals = _find_ct(openers)
    if not slices:
        raise SliceError(_most_common(refusals, len(openers)))
    slices, notes = without_copies(slices)
    series, renamed = by_series(slices)
    groups = [group for each in series for group in stacks_of(each)]
    chosen = max(groups, key=lambda group: (len(group.slices), group.slices[0].hounsfield))
    left_out = _left_out(len(series), refusals, len(openers))
    return _ordered(chosen, [*left_out, *notes, *renamed, *chosen.notes])


def _find_ct(openers: Sequence[Opener]) -> tuple[list[DicomSlice], list[str]]:
    slices: list[DicomSlice] = []
    refusals = []
    for opener in openers:
        try:
            slices += read_image(opener)
        except SliceError as error:
            refusals.append(str(error))
        except MemoryError:
            raise
        except Exception:  # damaged headers fail in every way; one must not spoil a series
            refusals.append(DAMAGED)
    return slices, refusals


def _most_common(refusals: list[str], files: int) -> str:
    [(sentence, _)] = Counter(refusals).most_common(1)
    if files == 1:
        return sentence
    return f"None of these {files} DICOM files could be read as a CT slice; the first reason: {sentence}"


def _left_out(series: int, refusals: list[str], files: int) -> list[str]:
    notes = []
    if series > 1:
        notes.append(f"These files hold {series} series; the largest is shown, and the others were left out.")
    # A table of contents lies beside every series on a disc.
    unread = [sentence for sentence in refusals if "DICOMDIR" not in sentence]
    if unread:
        notes.append(f"{len(unread)} of {files} files are no readable CT slices and were left out.")
    return notes


def _ordered(group: Group, notes: list[str]) -> tuple[list[DicomSlice], Places, list[str]]:
    placed = places(group.slices)
    order = sorted(
        range(len(group.slices)),
        key=lambda k: (
            (placed.along[k], group.slices[k].taken, group.slices[k].number or 0)
            if np.ptp(placed.along) > placed.tolerance
            else (0.0, group.slices[k].taken, group.slices[k].number or 0)
        ),
    )
    slices = [group.slices[k] for k in order]
    notes += notes_on_steps(placed)
    notes += [note for each in slices for note in (*each.image.notes, *each.frame.notes)]
    return slices, placed, notes


def _stack(
    pixels: NDArray[np.generic],
    slices: list[DicomSlice],
    placed: Places,
    notes: list[str],
    shown: Sequence[int],
) -> Stack:
    middle = slices[len(slices) // 2].frame
    declared = slices[0].hounsfield
    other = any(each.frame.says_other for each in slices)
    guessed = not declared and not other and float(pixels.min()) <= HOUNSFIELD_FROM
    intensity: Intensity = "HU" if declared or guessed else "8-bit"
    if not declared:
        notes = [*notes, _OTHER if other else _GUESSED if guessed else _GREY]
    if intensity == "8-bit":
        inverted = slices[0].image.header.get("PhotometricInterpretation") == "MONOCHROME1"
        pixels = np.invert(to_8_bit(pixels)) if inverted else to_8_bit(pixels)
    return Stack(
        pixels,
        intensity,
        spacing_mm=middle.spacing_mm,
        source="DICOM",
        window=middle.window if intensity == "HU" else None,
        affines=None if (affines := _affines(slices, placed)) is None else affines[list(shown)],
        notes=tuple(dict.fromkeys(notes)),
        identity=_identity([slices[index] for index in shown]),
    )


def _identity(slices: list[DicomSlice]) -> Identity | None:
    """What a DICOM Segmentation would repeat; None where the first file's elements cannot be read."""
    try:
        with slices[0].image.opener() as file:
            shared = read_elements(file, IDENTIFIERS)
        return Identity(
            {name: str(shared.get(name) or "") for name in IDENTIFIERS},
            [text(each.image.header, "SOPInstanceUID") or "" for each in slices],
        )
    except Exception:  # damaged elements beside good pixels fail in every way; only that output is lost
        return None


def _affines(slices: list[DicomSlice], placed: Places) -> NDArray[np.float64] | None:
    if placed.direction is None:
        return None
    step = placed.direction * step_of(placed)
    affines = [each.frame.affine(step) for each in slices]
    known = [affine for affine in affines if affine is not None]
    return np.stack(known) if len(known) == len(slices) else None

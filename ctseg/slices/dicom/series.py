"""DICOM CT: one file, several files or a whole series become one stack in HU."""

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from ctseg.slices.ct_slice import Intensity, SliceError
from ctseg.slices.dicom.frame import Frame, frame_facts
from ctseg.slices.dicom.header import read_header, read_whole
from ctseg.slices.dicom.kinds import check_is_ct, is_ct_class
from ctseg.slices.dicom.pixels import bytes_a_pixel, frame_count, stored_frames, to_hounsfield
from ctseg.slices.formats.nifti import HOUNSFIELD_FROM
from ctseg.slices.grey import to_8_bit
from ctseg.slices.limits import check_stack
from ctseg.slices.stack import Stack

Opener = Callable[[], AbstractContextManager[BinaryIO]]
_HOUNSFIELD_RANGE = (-32768.0, 32767.0)
# Damaged slopes must not give infinite values.
_ANY_RANGE = (-(2.0**31), 2.0**31)


@dataclass(frozen=True)
class _Picture:
    """One file of a series: how to open it again, its header, and the facts of its frames."""

    opener: Opener
    header: Dataset
    frames: list[Frame]


def read_dicom(openers: Sequence[Opener]) -> Stack:
    """Read the largest CT series among DICOM files, sorted by position along the slices' normal.

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
    pictures, refusals = _find_ct(openers)
    if not pictures:
        raise SliceError(_most_common(refusals, len(openers)))
    series = _by_series(pictures)
    chosen = max(series, key=lambda group: sum(len(picture.frames) for picture in group))
    return _decode(_sorted_by_position(chosen), _note(len(series), len(chosen), len(openers)))


def _find_ct(openers: Sequence[Opener]) -> tuple[list[_Picture], list[str]]:
    pictures, refusals = [], []
    for opener in openers:
        try:
            with opener() as file:
                header = read_header(file)
            check_is_ct(header)
            rows, columns, frames = int(header.Rows), int(header.Columns), frame_count(header)
            check_stack(frames, rows, columns, bytes_a_pixel(header))
            pictures.append(_Picture(opener, header, [frame_facts(header, frame) for frame in range(frames)]))
        except SliceError as error:
            refusals.append(str(error))
        except MemoryError:
            raise
        except Exception:  # damaged headers fail in every way; one must not spoil a series
            refusals.append("This DICOM file is damaged or incomplete; export it again.")
    return pictures, refusals


def _most_common(refusals: list[str], files: int) -> str:
    [(sentence, _)] = Counter(refusals).most_common(1)
    if files == 1:
        return sentence
    return f"None of these {files} DICOM files could be read as a CT slice; the first reason: {sentence}"


def _by_series(pictures: list[_Picture]) -> list[list[_Picture]]:
    """Group pictures that can lie in one stack: same series, size and direction."""
    groups: dict[tuple[object, ...], list[_Picture]] = {}
    for picture in pictures:
        header, orientation = picture.header, picture.frames[0].orientation
        direction = None if orientation is None else tuple(np.round(orientation, 2) + 0.0)
        key = (str(header.get("SeriesInstanceUID")), int(header.Rows), int(header.Columns), direction)
        groups.setdefault(key, []).append(picture)
    return list(groups.values())


def _note(series: int, chosen: int, files: int) -> str | None:
    if series > 1:
        return f"These files hold {series} series; the largest is shown, and the others were left out."
    if chosen < files:
        return f"{files - chosen} of {files} files are no readable CT slices and were left out."
    return None


def _sorted_by_position(pictures: list[_Picture]) -> list[_Picture]:
    def instance(picture: _Picture) -> int:
        number = picture.header.get("InstanceNumber")
        return int(number) if number is not None else 0

    by_number = sorted(pictures, key=instance)
    heights = [picture.frames[0].height_mm for picture in by_number]
    if any(height is None for height in heights):
        return by_number
    return sorted(by_number, key=lambda picture: picture.frames[0].height_mm or 0.0)


def _decode(pictures: list[_Picture], note: str | None) -> Stack:
    frames = [frame for picture in pictures for frame in picture.frames]
    first = pictures[0].header
    rows, columns = int(first.Rows), int(first.Columns)
    whole = all(frame.slope.is_integer() and frame.intercept.is_integer() for frame in frames)
    declared = is_ct_class(first) and all(frame.says_hounsfield for frame in frames)
    dtype = np.dtype(np.int16 if declared and whole else np.float32)
    check_stack(len(frames), rows, columns, dtype.itemsize)
    pixels = np.empty((len(frames), rows, columns), dtype)
    position = 0
    for picture in pictures:
        with picture.opener() as file:
            dataset = read_whole(file)
        decoded = stored_frames(dataset)
        for frame in picture.frames:
            stored = next(decoded, None)
            if stored is None or stored.shape != (rows, columns):
                raise SliceError(
                    "This DICOM file is damaged: frames are missing or differ in size; export it again."
                )
            hounsfield = to_hounsfield(stored, frame, dataset)
            pixels[position] = np.clip(hounsfield, *(_HOUNSFIELD_RANGE if declared else _ANY_RANGE))
            position += 1
    order = _frame_order(frames)
    return _stack(
        pixels[order] if order != list(range(len(frames))) else pixels,
        [frames[k] for k in order],
        declared,
        first,
        note,
    )


def _frame_order(frames: list[Frame]) -> list[int]:
    """Order of all frames along the normal; as stored where a frame does not say where it lies."""
    heights = [frame.height_mm for frame in frames]
    if any(height is None for height in heights):
        return list(range(len(frames)))
    return sorted(range(len(frames)), key=lambda index: heights[index] or 0.0)


def _stack(
    pixels: NDArray[np.generic], frames: list[Frame], declared: bool, header: Dataset, note: str | None
) -> Stack:
    middle = frames[len(frames) // 2]
    intensity: Intensity = "HU" if declared or float(pixels.min()) <= HOUNSFIELD_FROM else "8-bit"
    if intensity == "8-bit":
        inverted = header.get("PhotometricInterpretation") == "MONOCHROME1"
        pixels = np.invert(to_8_bit(pixels)) if inverted else to_8_bit(pixels)
    return Stack(
        pixels,
        intensity,
        spacing_mm=middle.spacing_mm,
        source="DICOM",
        window=middle.window if intensity == "HU" else None,
        affines=_affines(frames),
        notes=(note,) if note else (),
    )


def _affines(frames: list[Frame]) -> NDArray[np.float64] | None:
    heights = [frame.height_mm for frame in frames if frame.height_mm is not None]
    steps = np.diff(heights)
    steps = steps[steps > 0]
    distance = float(np.median(steps)) if steps.size else 1.0
    affines = [frame.affine(distance) for frame in frames]
    known = [affine for affine in affines if affine is not None]
    return np.stack(known) if len(known) == len(frames) else None

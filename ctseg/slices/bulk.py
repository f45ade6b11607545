"""Many files at once: which series lie among them, and several small ones decoded by one process."""

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ctseg.errors import UserError
from ctseg.sandbox.runner import DecoderError, Limits, run_decoder
from ctseg.slices.ct_slice import SliceError
from ctseg.slices.decode import TOO_MUCH_MEMORY, decode, named_facts, open_file
from ctseg.slices.stack import Stack

# Nobody waits at a page; what does not end, ends all the same.
LIMITS = Limits(cpu_seconds=300, wall_seconds=900.0, place_seconds=900.0)
_DISAGREES = "This file could not be decoded: what it says of itself contradicts itself; export it again."

SeriesFacts = dict[str, Any]
StackReader = Callable[[Sequence[Sequence[Path]]], list[Stack | SliceError]]


@dataclass(frozen=True)
class _Decoders:
    """What the decoder's process runs for several sources, and for one alone."""

    several: str
    alone: str


_PLAIN = _Decoders("ctseg.slices.bulk:decode_sources", "ctseg.slices.decode:decode_stack")
_NAMED = _Decoders("ctseg.slices.bulk:decode_named_sources", "ctseg.slices.bulk:decode_named_source")


def read_stacks(sources: Sequence[Sequence[Path]]) -> list[Stack | SliceError]:
    """Read several images, volumes or series, as `ctseg.slices.read_stack` does for one, in one process.

    Where that process dies or goes beyond its limits, each is read in a process of its own, so that only the
    one at fault is refused.

    Parameters
    ----------
    sources : for each the one file, or the DICOM files of one series; together they should be small

    Returns
    -------
    for each its stack, or the error whose message says why there is none

    Raises
    ------
    DecoderError
        If there is no room for what is decoded.
    """
    return _read(sources, _PLAIN)


def read_named_stacks(sources: Sequence[Sequence[Path]]) -> list[Stack | SliceError]:
    """Read as `read_stacks`; a DICOM series has its identity with it, for one output alone."""
    return _read(sources, _NAMED)


def _read(sources: Sequence[Sequence[Path]], decoders: _Decoders) -> list[Stack | SliceError]:
    if len(sources) == 1:
        return [_alone(sources[0], decoders)]
    flat = [path for source in sources for path in source]
    try:
        counts = json.dumps([len(source) for source in sources])
        pixels, facts = run_decoder(decoders.several, flat, LIMITS, settings=[counts])
        return _apart(pixels, facts.get("sources"), len(sources))
    except UserError:
        return [_alone(source, decoders) for source in sources]


def _alone(source: Sequence[Path], decoders: _Decoders) -> Stack | SliceError:
    try:
        return Stack.from_facts(*run_decoder(decoders.alone, source, LIMITS))
    except UserError as error:
        if isinstance(error, DecoderError) and error.why == "disk":  # no fault of the file's
            raise
        return error if isinstance(error, SliceError) else SliceError(str(error))


def _apart(pixels: NDArray[np.generic], facts: Any, count: int) -> list[Stack | SliceError]:
    if not isinstance(facts, list) or len(facts) != count or pixels.dtype != np.uint8:
        raise SliceError(_DISAGREES)
    found: list[Stack | SliceError] = []
    start = 0
    for each in facts:
        if "refused" in each:
            found.append(SliceError(str(each["refused"])))
            continue
        try:
            shape, dtype = tuple(int(length) for length in each["shape"]), np.dtype(str(each["dtype"]))
        except (KeyError, TypeError, ValueError) as error:
            raise SliceError(_DISAGREES) from error
        end = start + math.prod(shape) * dtype.itemsize
        if len(shape) != 3 or min(shape) < 1 or end > pixels.size or dtype.kind not in "iuf":
            raise SliceError(_DISAGREES)
        found.append(Stack.from_facts(pixels[start:end].view(dtype).reshape(shape), each["facts"]))
        start = end
    return found


def decode_sources(*arguments: str) -> tuple[NDArray[np.generic], dict[str, Any]]:
    """Decode several sources, as `run_decoder` wants it: their pixels' bytes one after the other.

    Parameters
    ----------
    arguments : paths, and last the JSON of how many belong to each source
    """
    return _decoded(arguments, Stack.facts)


def decode_named_sources(*arguments: str) -> tuple[NDArray[np.generic], dict[str, Any]]:
    """Decode as `decode_sources` does; the facts have the identity beside them."""
    return _decoded(arguments, named_facts)


def decode_named_source(*paths: str) -> tuple[NDArray[np.generic], dict[str, Any]]:
    """Decode one source; the facts have the identity beside them."""
    stack = decode([Path(path) for path in paths])
    return stack.pixels, named_facts(stack)


def _decoded(
    arguments: Sequence[str], facts_of: Callable[[Stack], dict[str, Any]]
) -> tuple[NDArray[np.generic], dict[str, Any]]:
    *paths, counts = arguments
    facts: list[dict[str, Any]] = []
    parts, first = [np.zeros(1, np.uint8)], 0
    for count in json.loads(counts):
        files = [Path(path) for path in paths[first : first + count]]
        first += count
        try:
            stack = decode(files)
        except SliceError as error:
            if str(error) == TOO_MUCH_MEMORY:  # perhaps only because of those before it
                raise MemoryError from error
            facts.append({"refused": str(error)})
            continue
        pixels = stack.pixels
        parts.append(np.ascontiguousarray(pixels).reshape(-1).view(np.uint8))
        facts.append({"shape": pixels.shape, "dtype": pixels.dtype.name, "facts": facts_of(stack)})
    # The byte that makes an array of nothing possible goes last, so that the pixels stay aligned.
    return np.concatenate([*parts[1:], parts[0]]), {"sources": facts}


def series_of(paths: Sequence[Path]) -> list[SeriesFacts]:
    """Tell for each DICOM file which series it belongs to; only headers are read.

    Returns
    -------
    for each ``series`` and ``patient``, digests that are the same for files of one; or ``refused``, why it is
    no CT slice
    """
    try:
        _, facts = run_decoder("ctseg.slices.bulk:decode_series", paths, LIMITS)
    except DecoderError as error:
        if len(paths) == 1:
            return [{"refused": str(error)}]
        middle = len(paths) // 2
        return [*series_of(paths[:middle]), *series_of(paths[middle:])]
    found = facts.get("files")
    if not isinstance(found, list) or len(found) != len(paths):
        raise SliceError(_DISAGREES)
    return [{str(key): str(value) for key, value in dict(each).items()} for each in found]


def decode_series(*paths: str) -> tuple[NDArray[np.generic], dict[str, Any]]:
    """Read headers for `series_of`, as `run_decoder` wants it."""
    return np.zeros(1, np.uint8), {"files": [_series(Path(path)) for path in paths]}


def _series(path: Path) -> SeriesFacts:
    from hashlib import sha256

    from ctseg.slices.dicom.header import read_elements
    from ctseg.slices.dicom.series import DAMAGED
    from ctseg.slices.dicom.slices import read_image
    from ctseg.slices.dicom.values import text

    try:
        first = read_image(partial(open_file, path))[0]
    except SliceError as error:
        return {"refused": str(error)}
    except MemoryError:
        raise
    except Exception:  # damaged headers fail in every way; one must not spoil the others
        return {"refused": DAMAGED}
    with open_file(path) as file:
        patient = text(read_elements(file, ["PatientID"]), "PatientID")
    # A file that names no series is one of its own.
    series = text(first.image.header, "SeriesInstanceUID") or str(path)
    number = "" if patient is None else sha256(patient.encode()).hexdigest()[:16]
    # Anonymisers give series of several patients one name.
    return {"series": sha256(f"{series} {number}".encode()).hexdigest()[:16], "patient": number}

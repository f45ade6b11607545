"""A submission as NPZ: one array per image, or all in ``label_maps``; pickles are never opened."""

import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import IO

import numpy as np
from numpy.typing import NDArray

from ctseg.leaderboard.submissions import SubmissionError
from ctseg.leaderboard.submissions.expected_images import ExpectedImages
from ctseg.leaderboard.submissions.formats.label_map_stack import LabelMapStack, check_dtype, check_shape
from ctseg.leaderboard.submissions.formats.names import check_images, quoted

SUFFIX = ".npy"
_STACKS = ("label_maps", "arr_0")
_NAMES = "images"
_MAX_HEADER = 10_000
_MAX_NAME = 256
_WIDEST = 8
_THREADS = 2

Entries = dict[str, zipfile.ZipInfo]


def max_array_bytes(layout: ExpectedImages) -> int:
    """Return the bytes that one array of an NPZ for this board may have."""
    return _WIDEST * len(layout.images) * layout.shape[0] * layout.shape[1] + 65536


def read_arrays(
    archive: zipfile.ZipFile, files: list[tuple[str, zipfile.ZipInfo]], stack: LabelMapStack
) -> None:
    """Read the arrays of an NPZ into the stack.

    Either each image has an array of its name (``0.png`` or ``0``), or ``label_maps`` holds all, shape
    (N, H, W), in the board's order or in that of the names in ``images``.

    Raises
    ------
    SubmissionError
        If they are not the board's images, or one of them cannot be read; the sentence names it.
    """
    layout = stack.layout
    keys = [name.removesuffix(SUFFIX) for name, _ in files]
    entries = dict(zip(keys, (entry for _, entry in files), strict=True))
    whole = next((key for key in _STACKS if key in entries and key not in layout.images), None)
    if whole is not None and len(keys) == len(entries) and entries.keys() <= {whole, _NAMES}:
        _read_stack(archive, entries, whole, stack)
        return
    images = [_image_of(key, layout) for key in keys]
    check_images(layout.board, layout.images, images)
    by_image = dict(zip(images, entries.values(), strict=True))

    def read(index: int) -> None:
        image = layout.images[index]
        _named_when_damaged(image, lambda: _read_one(archive, by_image[image], index, stack))

    with ThreadPoolExecutor(_THREADS) as pool:
        for _ in pool.map(read, range(len(layout.images))):
            pass


def _image_of(key: str, layout: ExpectedImages) -> str:
    return f"{key}.png" if f"{key}.png" in layout.images else key


def _named_when_damaged(what: str, read: Callable[[], None]) -> None:
    try:
        read()
    except (SubmissionError, MemoryError):
        raise
    except Exception as error:  # inflaters and parsers fail on damaged files in every way
        raise SubmissionError(
            f"The array {quoted(what)} in this NPZ is damaged or incomplete; save it again."
        ) from error


def _read_one(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, index: int, stack: LabelMapStack) -> None:
    image = stack.layout.images[index]
    with archive.open(entry) as file:
        shape, is_fortran, dtype = _header(file)
        check_dtype(image, dtype)
        check_shape(image, shape, stack.layout.shape)
        stack.put(index, _values(file, shape, dtype, "F" if is_fortran else "C"))


def _read_stack(archive: zipfile.ZipFile, entries: Entries, whole: str, stack: LabelMapStack) -> None:
    layout = stack.layout
    order = list(layout.images)
    if _NAMES in entries:
        _named_when_damaged(
            _NAMES, lambda: order.__setitem__(slice(None), _read_names(archive, entries[_NAMES]))
        )
        order = [_image_of(name, layout) for name in order]
        check_images(layout.board, layout.images, order)

    def read() -> None:
        with archive.open(entries[whole]) as file:
            shape, is_fortran, dtype = _header(file)
            check_dtype(layout.images[0], dtype)
            if shape[:1] != (len(order),) or shape[1:] != layout.shape or is_fortran:
                wanted = " x ".join(map(str, (len(order), *layout.shape)))
                raise SubmissionError(
                    f"The array {whole} has the shape {' x '.join(map(str, shape[:4]))}"
                    f"{' in Fortran order' if is_fortran else ''}; save it as {wanted} in C order."
                )
            for image in order:
                stack.put(layout.images.index(image), _values(file, layout.shape, dtype, "C"))

    _named_when_damaged(whole, read)


def _read_names(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> list[str]:
    with archive.open(entry) as file:
        shape, _, dtype = _header(file)
        if dtype.kind not in "US" or dtype.itemsize > 4 * _MAX_NAME or len(shape) != 1:
            raise SubmissionError("The array images of this NPZ must be a row of names, such as 0.png.")
        length = min(shape[0] * dtype.itemsize, entry.file_size)
        names = np.frombuffer(file.read(length), dtype)
        return [name if isinstance(name, str) else name.decode() for name in names.tolist()]


def _header(file: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype]:
    """Read an array's header, bounded, without ever unpickling."""
    version = np.lib.format.read_magic(file)
    width, read = {
        (1, 0): (2, np.lib.format.read_array_header_1_0),
        (2, 0): (4, np.lib.format.read_array_header_2_0),
    }[version]
    prefix = file.read(width)
    length = int.from_bytes(prefix, "little")
    if length > _MAX_HEADER:
        raise ValueError("no array of integers needs such a header")
    return read(BytesIO(prefix + file.read(length)))


def _values(file: IO[bytes], shape: tuple[int, ...], dtype: np.dtype, order: str) -> NDArray[np.integer]:
    content = file.read(shape[0] * shape[1] * dtype.itemsize)
    values = np.frombuffer(content, dtype).reshape(shape, order=order)  # type: ignore[call-overload]
    return values.astype(dtype.newbyteorder("="), copy=False)

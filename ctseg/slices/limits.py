"""How much of a file is read: every number that bounds an upload, and the sentence for each."""

from collections.abc import Iterable

from ctseg.sandbox.runner import MEBIBYTE
from ctseg.settings import UPLOAD_MB
from ctseg.slices.ct_slice import SliceError

MAX_UPLOAD_BYTES = 64 * MEBIBYTE
MAX_SET_UPLOAD_BYTES = 512 * MEBIBYTE
MAX_SIDE = 4096
MAX_SLICES = 2048
# 1024 slices of 512x512 at two bytes a pixel.
MAX_STACK_BYTES = 512 * MEBIBYTE
MAX_ZIP_ENTRIES = 4096
MAX_ZIP_BYTES = 512 * MEBIBYTE
MAX_ZIP_RATIO = 200
# A ZIP larger than an upload by default may hold so many times its own size.
MAX_LARGE_ZIP_RATIO = 4
# Small entries of one colour deflate a thousandfold without doing harm.
ZIP_RATIO_MATTERS_FROM = 4 * MEBIBYTE


def max_upload_bytes() -> int:
    """Bytes that one upload may have in all: 64 MB, or as the setting says, up to 512 MB."""
    return min(int(UPLOAD_MB.number()) * MEBIBYTE, MAX_SET_UPLOAD_BYTES) or MAX_UPLOAD_BYTES


def check_upload(sizes: Iterable[int], max_bytes: int | None = None) -> None:
    """Refuse no file, empty files, and more bytes in all than `max_upload_bytes`, or than are named."""
    sizes = list(sizes)
    max_bytes = max_upload_bytes() if max_bytes is None else max_bytes
    if not sizes:
        raise SliceError("No file was given; choose a CT slice, a volume or the files of one series.")
    if max(sizes) == 0:
        raise SliceError("This file is empty; export or download it again.")
    total = sum(sizes)
    if total > max_bytes:
        raise SliceError(
            f"The upload has {-(-total // MEBIBYTE)} MB, more than the {max_bytes // MEBIBYTE} MB "
            "read here; upload fewer slices or a smaller volume."
        )


def check_size(height: int, width: int) -> None:
    """Refuse slices with no pixel, or a side of more than 4096 px."""
    if height < 1 or width < 1:
        raise SliceError("This file says that its image has no pixels; export it again.")
    if height > MAX_SIDE or width > MAX_SIDE:
        raise SliceError(
            f"This image has {width} x {height} pixels, more than the {MAX_SIDE} x {MAX_SIDE} read here; "
            "crop or shrink it."
        )


def check_stack(slices: int, height: int, width: int, bytes_a_pixel: int) -> None:
    """Refuse stacks that would take more slices or more memory than allowed, before anything is decoded."""
    check_size(height, width)
    if slices < 1:
        raise SliceError("This file says that it holds no slices; export it again.")
    if slices > MAX_SLICES:
        raise SliceError(
            f"This file holds {slices} slices, more than the {MAX_SLICES} read here; save a part of them."
        )
    needed = slices * height * width * bytes_a_pixel
    if needed > MAX_STACK_BYTES:
        raise SliceError(
            f"Decoded, this file would take {-(-needed // MEBIBYTE)} MB, more than the "
            f"{MAX_STACK_BYTES // MEBIBYTE} MB allowed; save a part of its slices."
        )

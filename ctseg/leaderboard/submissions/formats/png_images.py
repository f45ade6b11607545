"""A submission as a ZIP of PNG label maps, 8 or 16 bit, grey or palette, named as the board's images."""

import zipfile
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO

from ctseg.labelmaps import LabelMapError
from ctseg.labelmaps.files import decode_png
from ctseg.leaderboard.submissions import SubmissionError
from ctseg.leaderboard.submissions.formats.label_map_stack import LabelMapStack, check_shape
from ctseg.leaderboard.submissions.formats.names import check_images

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_THREADS = 2


def max_png_bytes(shape: tuple[int, int]) -> int:
    """Return the bytes that a PNG of this shape, 16 bit and hardly compressible, may have."""
    return 3 * shape[0] * shape[1] + 65536


def read_png_images(
    archive: zipfile.ZipFile, files: list[tuple[str, zipfile.ZipInfo]], stack: LabelMapStack
) -> None:
    """Read all PNG files of a ZIP into the stack.

    Raises
    ------
    SubmissionError
        If they are not the board's images, or one of them cannot be read; the sentence names it.
    """
    layout = stack.layout
    check_images(layout.board, layout.images, [name for name, _ in files])
    entries = dict(files)

    def read(index: int) -> None:
        image = layout.images[index]
        try:
            _read_image(archive.read(entries[image]), image, index, stack)
        except (SubmissionError, MemoryError):
            raise
        except LabelMapError as error:
            raise SubmissionError(f"{image}: {error}") from error
        except Exception as error:  # inflaters and decoders fail on damaged files in every way
            raise SubmissionError(f"{image} in this ZIP is damaged or incomplete; save it again.") from error

    with ThreadPoolExecutor(_THREADS) as pool:
        for _ in pool.map(read, range(len(layout.images))):
            pass


def _read_image(content: bytes, image: str, index: int, stack: LabelMapStack) -> None:
    if not content.startswith(_SIGNATURE):
        raise SubmissionError(f"{image} in this ZIP is no PNG file; save the label map as grey PNG.")
    width, height = int.from_bytes(content[16:20], "big"), int.from_bytes(content[20:24], "big")
    check_shape(image, (height, width), stack.layout.shape)
    stack.put(index, decode_png(BytesIO(content)))

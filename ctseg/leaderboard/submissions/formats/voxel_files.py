"""A submission as a ZIP of NIfTI, MetaImage or NRRD label maps, one an image, laid by their affines."""

import zipfile
from io import BytesIO

import numpy as np
from numpy.typing import NDArray

from ctseg.errors import UserError
from ctseg.labelmaps.checks import as_labels
from ctseg.labelmaps.files.volumes import read_volume
from ctseg.leaderboard.submissions import SubmissionError
from ctseg.leaderboard.submissions.formats.label_map_stack import LabelMapStack
from ctseg.leaderboard.submissions.formats.names import check_images, quoted
from ctseg.slices.laying import lay_on
from ctseg.slices.sniff import SNIFFED_BYTES, VOXELS, sniff_bytes
from ctseg.slices.view import as_seen

SUFFIXES = (".nii.gz", ".nii", ".mha", ".seg.nrrd", ".nrrd")
_HEADER_BYTES = 65536
_BYTES_A_PIXEL = 8


def max_voxel_bytes(shape: tuple[int, int]) -> int:
    """Return the bytes that a file of voxels of this shape may have."""
    return _BYTES_A_PIXEL * shape[0] * shape[1] + _HEADER_BYTES


def read_voxel_files(
    archive: zipfile.ZipFile, files: list[tuple[str, zipfile.ZipInfo]], stack: LabelMapStack
) -> None:
    """Read all files of voxels of a ZIP into the stack; each is named as its image, but for the suffix.

    A board's images are slices the way radiologists look at them, so a label map is turned that way by its
    affine, whatever its voxel order. One without a place lies as it is stored: its first axis runs along the
    rows' pixels, its second from row to row.

    Raises
    ------
    SubmissionError
        If they are not the board's images, or one of them cannot be read; the sentence names it.
    """
    layout = stack.layout
    image_of = {_stem(image): image for image in layout.images}
    named = [(image_of.get(_stem(name), name), entry) for name, entry in files]
    check_images(layout.board, layout.images, [image for image, _ in named])
    entries = dict(named)
    for index, image in enumerate(layout.images):
        try:
            stack.put(index, _label_map(archive.read(entries[image])))
        except (SubmissionError, MemoryError):
            raise
        except UserError as error:
            raise SubmissionError(f"{image}: {error}") from error
        except Exception as error:  # inflaters and decoders fail on damaged files in every way
            name = quoted(entries[image].filename)
            raise SubmissionError(f"{name} in this ZIP is damaged or incomplete; save it again.") from error


def _stem(name: str) -> str:
    suffix = next((suffix for suffix in (*SUFFIXES, ".png") if name.endswith(suffix)), "")
    return name.removesuffix(suffix)


def _label_map(content: bytes) -> NDArray[np.integer]:
    kind = sniff_bytes(content[:SNIFFED_BYTES]).kind
    if kind not in VOXELS:
        raise SubmissionError(
            "A file of this ZIP is no file of voxels, although its name says so; save it again."
        )
    numbers, geometry, _ = read_volume(BytesIO(content), kind, None)
    labels = as_labels(numbers)
    if geometry.affine is None:
        return labels
    if np.array_equal(geometry.affine[:, [1, 0, 2, 3]], np.eye(4)):
        # What is written where nobody thought of a place: rows and columns may be either axis.
        raise SubmissionError(
            "The label maps of this ZIP have an identity matrix for their place, which does not tell how "
            "they lie; save them with the affine of their CT, without one, or as PNG."
        )
    laid, _ = lay_on(labels, geometry, as_seen(geometry))
    return np.ascontiguousarray(laid)

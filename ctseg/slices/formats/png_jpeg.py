"""PNG and JPEG images: grey levels of unknown window, never HU."""

from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image

from ctseg.slices.ct_slice import SliceError
from ctseg.slices.geometry import upright
from ctseg.slices.grey import to_8_bit, to_grey
from ctseg.slices.limits import MAX_SIDE, check_stack
from ctseg.slices.stack import Stack

# The modes whose samples NumPy gets as they are; the others are turned into RGBA first.
_PLAIN = {"1", "L", "LA", "RGB", "RGBA", "I", "I;16", "I;16B", "I;16L", "I;16N", "F"}
# Where a PNG's header says bits a sample and kind of colour, counted from the start of the file.
_PNG_BITS, _PNG_COLOUR = 24, 25
_PNG_GREY = 0
PNG_CHANNELS = (2, 4, 6)
"""Kinds of colour with several samples a pixel: RGB, grey and alpha, RGB and alpha."""
# Markers of JPEG between C0 and CF that are no frames; frames that are read: baseline, extended, progressive.
_JPEG_TABLES, _JPEG_READ = {0xC4, 0xC8, 0xCC}, {0xC0, 0xC1, 0xC2}
_JPEG_ARITHMETIC = {0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF}
_JPEG_HEADER_BYTES = 1 << 20


def read_png(file: BinaryIO) -> Stack:
    """As :func:`read_image`, for a PNG."""
    return read_image(file, "png")


def read_jpeg(file: BinaryIO) -> Stack:
    """As :func:`read_image`, for a JPEG."""
    return read_image(file, "jpeg")


def read_image(file: BinaryIO, kind: str) -> Stack:
    """Read a PNG or JPEG as a stack of one slice.

    Colour becomes luma, transparency black; 16 bits are mapped to 8 by the image's own minimum and
    maximum; the orientation that a camera or viewer noted is applied.

    Parameters
    ----------
    file : an open, seekable file
    kind : "png" or "jpeg"

    Raises
    ------
    SliceError
        If the image is too large, or a JPEG of a coding that is not read here.
    """
    if kind == "jpeg":
        _check_jpeg_coding(file)
    try:
        opened = Image.open(file, formats=[kind.upper()])
    except Image.DecompressionBombError as error:
        raise SliceError(
            f"This image has far more than the {MAX_SIDE} x {MAX_SIDE} pixels read here; crop or shrink it."
        ) from error
    with opened as image:
        width, height = image.size
        check_stack(1, height, width, 4)
        samples = png_samples(file, image) if kind == "png" else samples_of(image)
        samples = upright(samples, orientation_of(image))
    return Stack(to_8_bit(to_grey(samples))[np.newaxis], "8-bit", None, kind.upper())


def _check_jpeg_coding(file: BinaryIO) -> None:
    """Refuse whole JPEG files of a coding not read here, by the marker of their frame (T.81, B.1.1.3)."""
    file.seek(0)
    start = file.read(_JPEG_HEADER_BYTES)
    file.seek(0)
    place = 2
    while place + 5 <= len(start) and start[place] == 0xFF:
        marker, length = start[place + 1], int.from_bytes(start[place + 2 : place + 4], "big")
        if marker == 0xF7:
            raise SliceError("This image is a JPEG-LS file, which is not read here; save it as PNG or DICOM.")
        if 0xC0 <= marker <= 0xCF and marker not in _JPEG_TABLES:
            if marker in _JPEG_ARITHMETIC:
                raise SliceError(
                    "This JPEG is packed by arithmetic coding, which is not read here; save it as PNG."
                )
            if marker not in _JPEG_READ or start[place + 4] != 8:
                raise SliceError(
                    "This JPEG is lossless or has more than 8 bits a sample, and only 8-bit JPEG is read "
                    "here; save it as PNG or DICOM."
                )
            return
        place += 1 if marker == 0xFF else 2 + length


def orientation_of(image: Image.Image) -> int:
    """Orientation tag of an open image, 1 to 8, from Exif or XMP; 1 where there is none."""
    image.load()  # in a PNG it may stand behind the pixels
    found = image.getexif().get(ExifTags.Base.Orientation, 1)
    return int(found) if isinstance(found, int) and 1 <= found <= 8 else 1


def png_samples(file: BinaryIO, image: Image.Image) -> NDArray[np.generic]:
    """Samples of a PNG, shape (H, W) or (H, W, C), palettes resolved and the transparent grey value black.

    Parameters
    ----------
    file : open PNG
    image : the same, opened by Pillow, its size checked
    """
    bits, colour = bits_and_colour(file)
    if bits == 16 and colour != _PNG_GREY:
        return _read_16_bit_channels(file)
    image.load()
    transparent = image.info.get("transparency")
    if colour != _PNG_GREY or bits == 1 or not isinstance(transparent, int):
        return samples_of(image)
    # The value counts in the file's own bits (PNG 11.3.2.1), Pillow's samples in 8 or 16.
    samples = np.array(image)
    samples[samples == transparent * (255 // (2**bits - 1) if bits < 8 else 1)] = 0
    return samples


def samples_of(image: Image.Image) -> NDArray[np.generic]:
    """Samples of a image, shape (H, W) or (H, W, C), palettes resolved."""
    image.load()
    if image.mode in _PLAIN and "transparency" not in image.info:
        return np.asarray(image)
    if image.mode in ("CMYK", "YCbCr", "HSV"):
        return np.asarray(image.convert("RGB"))
    if image.mode == "LAB":
        return np.asarray(image)[..., 0]
    if image.mode.startswith(("I", "F")):
        return np.asarray(image)
    return np.asarray(image.convert("RGBA"))


def bits_and_colour(file: BinaryIO) -> tuple[int, int]:
    """Bits a sample and kind of colour in the header of an open PNG (PNG 11.2.1)."""
    position = file.tell()
    file.seek(0)
    header = file.read(_PNG_COLOUR + 1)
    file.seek(position)
    return header[_PNG_BITS], header[_PNG_COLOUR]


def _read_16_bit_channels(file: BinaryIO) -> NDArray[np.generic]:
    """16-bit colour or alpha, of which Pillow would keep the upper byte only."""
    import cv2

    file.seek(0)
    samples = cv2.imdecode(np.frombuffer(file.read(), np.uint8), cv2.IMREAD_UNCHANGED)
    if samples is None:
        raise SliceError("This PNG file is damaged or incomplete; export it again.")
    if samples.ndim == 3:
        samples = samples[..., [2, 1, 0, *range(3, samples.shape[2])]]
    return np.asarray(samples)

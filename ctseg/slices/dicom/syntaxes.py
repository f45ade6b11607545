"""Transfer syntaxes: which are read, and a sentence for each kind that is not."""

import pydicom  # noqa: F401 the package before its parts
from pydicom.uid import (
    HTJ2K,
    JPEG2000,
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    HTJ2KLossless,
    HTJ2KLosslessRPCL,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)

from ctseg.slices.ct_slice import SliceError

# What is read, in the words of the table of formats.
TRANSFER_SYNTAXES: dict[UID, str] = {
    ImplicitVRLittleEndian: "implicit little endian",
    ExplicitVRLittleEndian: "explicit little endian",
    ExplicitVRBigEndian: "explicit big endian",
    RLELossless: "RLE",
    JPEGBaseline8Bit: "JPEG, 8 bit",
    JPEGExtended12Bit: "JPEG, 12 bit",
    JPEGLossless: "JPEG lossless",
    JPEGLosslessSV1: "JPEG lossless, first-order prediction",
    JPEGLSLossless: "JPEG-LS lossless",
    JPEGLSNearLossless: "JPEG-LS near-lossless",
    JPEG2000Lossless: "JPEG 2000 lossless",
    JPEG2000: "JPEG 2000",
    HTJ2KLossless: "High-Throughput JPEG 2000 lossless",
    HTJ2KLosslessRPCL: "High-Throughput JPEG 2000 lossless, RPCL",
    HTJ2K: "High-Throughput JPEG 2000",
}
NATIVE = (ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian)
# The sentence ends with what to export instead: "uncompressed" would send users of native files in a circle.
_EXPORT = "export it as explicit little endian, or as JPEG 2000"
_REFUSED = {
    DeflatedExplicitVRLittleEndian: (
        "is deflated as a whole, which is not read here because such files can blow up; "
        "export it uncompressed or as JPEG 2000"
    ),
    UID("1.2.840.113619.5.2"): (
        "is in a private encoding of GE (implicit little endian with big-endian pixels), which is not read "
        f"here; {_EXPORT}"
    ),
    UID("1.2.840.10008.1.2.8.1"): f"has deflated frames, which are not read here; {_EXPORT}",
    UID("1.2.840.10008.1.2.1.98"): f"is uncompressed but in fragments, which is not read here; {_EXPORT}",
}
_ELSEWHERE = f"leaves its pixels on a server (JPIP), so that they are not in the file; {_EXPORT}"
_PRIVATE = f"is in a private encoding of {{}}, which is not read here; {_EXPORT}"
_REFUSED_BY_BEGINNING = {
    "1.2.840.10008.1.2.4.11": f"is compressed as JPEG XL, which is not read here; {_EXPORT}",
    "1.2.840.10008.1.2.4.94": _ELSEWHERE,
    "1.2.840.10008.1.2.4.95": _ELSEWHERE,
    "1.2.840.10008.1.2.4.204": _ELSEWHERE,
    "1.2.840.10008.1.2.4.205": _ELSEWHERE,
    "1.2.840.113619.": _PRIVATE.format("GE"),
    "1.3.46.670589.": _PRIVATE.format("Philips"),
    "1.3.12.2.1107.": _PRIVATE.format("Siemens"),
    "1.2.392.200036.9116.": _PRIVATE.format("Toshiba"),
}


def check_syntax(syntax: UID) -> None:
    """Raise a SliceError that names the encoding, unless it is read here."""
    if syntax in TRANSFER_SYNTAXES:
        return
    if syntax in _REFUSED:
        raise SliceError(f"This DICOM file {_REFUSED[syntax]}.")
    for beginning, sentence in _REFUSED_BY_BEGINNING.items():
        if syntax.startswith(beginning):
            raise SliceError(f"This DICOM file {sentence}.")
    name = syntax.name if syntax.name != str(syntax) else "an unknown way"
    raise SliceError(
        f"The image in this DICOM file is compressed as {name}, which is not read here; "
        "export it uncompressed."
    )


def syntax_of_stream(stream: bytes) -> UID | None:
    """The transfer syntax that the markers of a frame's stream are of; None where they tell nothing."""
    if stream.startswith(b"\xff\x4f\xff\x51"):
        return JPEG2000
    if not stream.startswith(b"\xff\xd8\xff"):
        return None
    return _JPEG_BY_MARKER.get(jpeg_frame(stream)[0])


_JPEG_BY_MARKER = {
    0xC0: JPEGBaseline8Bit,
    0xC1: JPEGExtended12Bit,
    0xC3: JPEGLossless,
    0xF7: JPEGLSNearLossless,
}
_WITHOUT_LENGTH = {0x01, *range(0xD0, 0xDA)}


def jpeg_frame(stream: bytes) -> tuple[int, int]:
    """Marker and bits a sample of a JPEG or JPEG-LS stream's frame header; (0, 0) where there is none."""
    at = 2
    while at + 5 <= len(stream) and stream[at] == 0xFF:
        marker = stream[at + 1]
        if marker == 0xFF:
            at += 1
        elif marker in _WITHOUT_LENGTH:
            at += 2
        elif (0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC)) or marker == 0xF7:
            return marker, stream[at + 4]
        else:
            at += 2 + int.from_bytes(stream[at + 2 : at + 4], "big")
    return 0, 0

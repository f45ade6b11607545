"""What a file is, by its content; its name is never asked. Slices, label maps and submissions ask here."""

import re
import struct
import zlib
from dataclasses import dataclass
from typing import BinaryIO

READ_HERE = "upload a PNG, JPEG, TIFF, DICOM or NIfTI file"


@dataclass(frozen=True)
class Format:
    """A format that somebody here reads.

    Attributes
    ----------
    name : as it is called in sentences
    begins : the first bytes of its files, one for each way they begin; empty where `sniff` looks closer
    reads : "module:function" below `ctseg.slices.formats`: from an open file to a `Stack`; "" where none does
    opens : the same for a file of voxels, of which one slice can be had alone: to a `Volume`
    """

    name: str
    begins: tuple[bytes, ...] = ()
    reads: str = ""
    opens: str = ""


FORMATS = {
    "png": Format("PNG", (b"\x89PNG\r\n\x1a\n",), reads="png_jpeg:read_png"),
    "jpeg": Format("JPEG", (b"\xff\xd8\xff",), reads="png_jpeg:read_jpeg"),
    "tiff": Format("TIFF", (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"), reads="tiff:read_tiff"),
    "dicom": Format("DICOM"),
    "nifti": Format("NIfTI", opens="nifti:open_nifti"),
    "metaimage": Format("MetaImage", opens="metaimage:open_metaimage"),
    "nrrd": Format("NRRD", (b"NRRD000",), opens="nrrd:open_nrrd"),
    "npy": Format("NumPy", (b"\x93NUMPY",), opens="numpy_array:open_npy"),
    "zip": Format("ZIP", (b"PK\x03\x04", b"PK\x05\x06")),
}
"""By kind; a new format of slices is a row here and its module."""
NAMES = {kind: each.name for kind, each in FORMATS.items()}
VOXELS = tuple(kind for kind, each in FORMATS.items() if each.opens)
"""Kinds of files of voxels."""

SNIFFED_BYTES = 1024

_KINDS = {begin: kind for kind, each in FORMATS.items() for begin in each.begins}
_GZIP = b"\x1f\x8b"
_OTHERS = {
    b"%PDF": "a PDF document",
    b"MZ": "a program",
    b"\x7fELF": "a program",
    b"\xcf\xfa\xed\xfe": "a program",
    b"\xca\xfe\xba\xbe": "a program",
    b"#!": "a program",
    b"GIF8": "a GIF image",
    b"BM": "a BMP image",
    b"8BPS": "a Photoshop image",
    b"\x00\x00\x00\x0cjP  ": "a bare JPEG 2000 image",
    b"\xff\x4f\xff\x51": "a bare JPEG 2000 image",
    b"\x00\x00\x00\x0cJXL ": "a JPEG XL image",
    b"\xff\x0a": "a JPEG XL image",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive",
    b"Rar!": "a RAR archive",
    b"BZh": "a bzip2 archive",
    b"\xfd7zXZ": "an xz archive",
    b"\x28\xb5\x2f\xfd": "a Zstandard archive",
    b"\x89HDF": "an HDF5 file",
    b"\x80\x02": "a Python pickle",
    b"\x80\x03": "a Python pickle",
    b"\x80\x04": "a Python pickle",
    b"\x80\x05": "a Python pickle",
    b"SQLite": "a database",
    b"MATLAB ": "a MATLAB file",
    b"CDF\x01": "a NetCDF or MINC file",
    b"CDF\x02": "a NetCDF or MINC file",
    b"# vtk DataFile": "a VTK file",
    b"P5": "a PGM image",
    b"P6": "a PPM image",
    b"qoif": "a QOI image",
    b"\x1aE\xdf\xa3": "a video",
    b"OggS": "a video or sound",
    b"ID3": "a sound",
    b"\x00\x00\x01\xba": "a video",
    b"\x00\x00\x01\xb3": "a video",
    b"{\\rtf": "a text document",
    b"\xd0\xcf\x11\xe0": "an Office document",
}
_MGH = (
    "a FreeSurfer volume (MGH)",
    "This file is a FreeSurfer volume (MGH), which is not read here; convert it by mri_convert to .nii.gz.",
)
_RIFF = {b"WEBP": "a WebP image", b"AVI ": "a video", b"WAVE": "a sound"}
# The object identifier of enveloped data (RFC 5652 6), as secure DICOM media have it (PS3.10 7.4).
_ENVELOPED = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03"
# The groups a data set without preamble may begin with.
_FIRST_GROUPS = (0x0002, 0x0008)
_VALUE_REPRESENTATION = re.compile(rb"[A-Z]{2}")
# A MetaImage header is lines "Key = Value"; one of these two comes first, or after a comment or a name.
_METAIMAGE = re.compile(
    rb"\s*(ObjectType|NDims)\s*[=:]|\s*(Comment|Name)\s*=.*\n\s*(ObjectType|NDims)\s*=", re.S
)


@dataclass(frozen=True)
class Sniffed:
    """What a file is.

    Attributes
    ----------
    kind : a key of `NAMES`, or "" for what nobody here reads; a packed NIfTI file is "nifti"
    noun : how to name it in a sentence, with its article, such as "a PDF document"
    refusal : the sentence for who wants slices of it, where more can be told than its name, else ""
    """

    kind: str
    noun: str
    refusal: str = ""


def sniff(file: BinaryIO) -> Sniffed:
    """Tell the format of an open file, which stands at its start again afterwards."""
    file.seek(0)
    start = file.read(SNIFFED_BYTES)
    file.seek(0)
    return sniff_bytes(start)


def sniff_bytes(start: bytes) -> Sniffed:
    """Tell the format of a file by its first 1024 bytes."""
    kind = _kind(start)
    if kind:
        article = "an" if kind == "nrrd" else "a"
        return Sniffed(kind, f"{article} {NAMES[kind]} file")
    if start.startswith(_GZIP):
        return _inside_gzip(start)
    if _is_mgh(start):
        return Sniffed("", *_MGH)
    if _ENVELOPED in start[:32]:
        noun = "encrypted (CMS, as secure DICOM files are)"
        return Sniffed("", noun, f"This file is {noun}; decrypt it and upload what was in it.")
    return Sniffed("", _name(start))


def _kind(start: bytes) -> str:
    # Before the images: the free bytes at the start of a DICOM file may be a TIFF header.
    if start[128:132] == b"DICM":
        return "dicom"
    for magic, kind in _KINDS.items():
        if start.startswith(magic):
            return kind
    if _is_nifti(start):
        return "nifti"
    if _METAIMAGE.match(start):
        return "metaimage"
    return "dicom" if is_bare_dicom(start) else ""


def is_dicom(start: bytes) -> bool:
    """Whether a file that begins with these bytes is DICOM, with the usual preamble or without."""
    return start[128:132] == b"DICM" or is_bare_dicom(start)


def is_bare_dicom(start: bytes) -> bool:
    """Whether these first bytes look like a DICOM data set that lacks the usual preamble."""
    if len(start) < 16:
        return False
    little = int.from_bytes(start[:2], "little")
    big = int.from_bytes(start[:2], "big")
    if _VALUE_REPRESENTATION.fullmatch(start[4:6]):
        return little in _FIRST_GROUPS or big in _FIRST_GROUPS
    return little in _FIRST_GROUPS and int.from_bytes(start[4:8], "little") < 256


def _is_nifti(start: bytes) -> bool:
    if start[344:348] in (b"n+1\0", b"ni1\0") or start[4:8] in (b"n+2\0", b"ni2\0"):
        return True
    # Analyze 7.5, the format's ancestor, has no magic word, only the header's length.
    return len(start) >= 348 and start[:4] in (b"\x5c\x01\0\0", b"\0\0\x01\x5c")


def _is_mgh(start: bytes) -> bool:
    """Whether this begins as FreeSurfer's volumes do: version 1, four lengths and one of seven types."""
    numbers = struct.unpack(">7i", start[:28]) if len(start) >= 284 else (0,) * 7
    return numbers[0] == 1 and all(0 < length < 1 << 20 for length in numbers[1:5]) and 0 <= numbers[5] < 11


def _inside_gzip(start: bytes) -> Sniffed:
    try:
        inner = zlib.decompressobj(wbits=31).decompress(start, SNIFFED_BYTES)
    except zlib.error:
        return Sniffed("", "a damaged gzip file", "This gzip file is damaged; export or download it again.")
    if _is_nifti(inner):
        return Sniffed("nifti", "a NIfTI file")
    if _is_mgh(inner):
        return Sniffed("", *_MGH)
    if inner[257:262] == b"ustar":
        return Sniffed(
            "",
            "a tar archive",
            "This file is a tar archive, not a CT slice; unpack it and upload a file from it.",
        )
    if inner[128:132] == b"DICM":
        noun = "a DICOM file packed with gzip"
        return Sniffed("", noun, f"This is {noun}; unpack it and upload it as it is.")
    return Sniffed(
        "",
        "a gzip file that holds no NIfTI volume",
        "This gzip file holds no NIfTI volume; unpack it and upload the file in it.",
    )


def _name(start: bytes) -> str:
    for magic, name in _OTHERS.items():
        if start.startswith(magic):
            return name
    if start[:4] == b"RIFF":
        return _RIFF.get(start[8:12], "a sound or video")
    if start[4:8] == b"ftyp":
        return "a HEIC or AVIF image" if start[8:11] in (b"hei", b"avi", b"mif") else "a video"
    if start[257:262] == b"ustar":
        return "a tar archive"
    if re.match(rb"\s*(<!doctype html|<html)", start, re.IGNORECASE):
        return "a web page"
    if re.match(rb"(\xef\xbb\xbf)?\s*<", start):
        return "an XML or SVG text"
    if not start.strip(b"\0"):
        return "nothing but zeros"
    if all(byte >= 32 or byte in b"\t\r\n\f" for byte in start):
        return "a text"
    return "of an unknown format"

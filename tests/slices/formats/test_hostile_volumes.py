"""MetaImage, NRRD, NumPy and DICOM label maps made to harm, broken or lying: one sentence each."""

import bz2
import gzip
import io
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ctseg.labelmaps import LabelMapError
from ctseg.labelmaps.files import decode_label_map, write_metaimage, write_seg_nrrd
from ctseg.slices import SliceError, Stack, read_stack
from ctseg.slices.decode import decode, decode_one
from ctseg.slices.geometry import Geometry

LABELS = np.arange(20, dtype=np.uint8).reshape(4, 5)
MHA = (
    "ObjectType = Image\nNDims = 3\nDimSize = {size}\nElementType = {kind}\n{more}ElementDataFile = {file}\n"
)
NRRD = "NRRD0004\ntype: {kind}\ndimension: 3\nsizes: {size}\nencoding: {encoding}\n{more}\n"


def mha(
    size: str = "5 4 3", kind: str = "MET_SHORT", more: str = "", file: str = "LOCAL", data: bytes = b""
) -> bytes:
    return MHA.format(size=size, kind=kind, more=more, file=file).encode() + data


def nrrd(
    size: str = "5 4 3", kind: str = "short", encoding: str = "raw", more: str = "", data: bytes = b""
) -> bytes:
    return NRRD.format(size=size, kind=kind, encoding=encoding, more=more).encode() + data


def npy(descr: str = "'<i2'", shape: str = "(3, 4, 5)", data: bytes = b"") -> bytes:
    header = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}}}\n".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + data


def zipped(**entries: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name.replace("_", "."), data)
    return packed.getvalue()


def refusal(data: bytes, folder: Path) -> str:
    (folder / "upload").write_bytes(data)
    with pytest.raises(SliceError) as refused:
        decode([folder / "upload"])
    with pytest.raises(SliceError):
        decode_one(folder / "upload", None)
    with pytest.raises(LabelMapError):
        decode_label_map(folder / "upload")
    sentence = str(refused.value)
    assert sentence.endswith(".")
    assert "\n" not in sentence
    return sentence


ZEROS = bytes(120)
REFUSED = {
    "mha cut": (mha(data=ZEROS[:-1]), "ends before its last voxel"),
    "mha of nothing": (mha("5 0 3"), "no slice"),
    "mha negative": (mha("5 -4 3"), "no slice"),
    "mha without end": (b"ObjectType = Image\n" + b"A = 1\n" * 600, "header"),
    "mha without size": (b"ObjectType = Image\nNDims = 3\nElementDataFile = LOCAL\n", "header"),
    "mha of words": (mha("five 4 3"), "header"),
    "mha colours": (mha(more="ElementNumberOfChannels = 3\n", data=ZEROS * 3), "unusual kind"),
    "mha text": (mha(more="BinaryData = False\n"), "as text"),
    "mha elsewhere": (mha(file="/etc/passwd"), "comes without its voxels"),
    "mha list": (mha(file="LIST"), "comes without its voxels"),
    "mha times": (mha("5 4 3 2").replace(b"NDims = 3", b"NDims = 4"), "several volumes"),
    "mha no zlib": (mha(more="CompressedData = True\n", data=ZEROS), "damaged"),
    "nrrd cut": (nrrd(data=ZEROS[:-1]), "ends before its last voxel"),
    "nrrd of nothing": (nrrd("5 4 0"), "header"),
    "nrrd without end": (b"NRRD0004\n" + b"# x\n" * 99, "header"),
    "nrrd dimensions": (nrrd("5 4"), "header"),
    "nrrd block": (nrrd(kind="block"), "unusual kind"),
    "nrrd text": (nrrd(encoding="ascii"), "as text"),
    "nrrd elsewhere": (nrrd(more="data file: /etc/passwd\n"), "without its voxels"),
    "nrrd skip": (nrrd(more="byte skip: 5\n", data=ZEROS), "skips a part"),
    "nrrd colours": (nrrd("3 4 5", more="kinds: RGB-color domain domain\n", data=ZEROS), "colours"),
    "nrrd no gzip": (nrrd(encoding="gzip", data=ZEROS), "damaged"),
    "nrrd cut gzip": (nrrd(encoding="gzip", data=gzip.compress(ZEROS)[:12]), "before its last|damaged"),
    "npy cut": (npy(data=ZEROS[:-1]), "ends before its last voxel"),
    "npy objects": (npy("'|O'", "(4, 5)", b"\x80\x04."), "never opened"),
    "npy records": (npy("[('a', '<i2')]"), "values"),
    "npy complex": (npy("'<c16'"), "complex"),
    "npy row": (npy(shape="(9,)"), "array of 9 numbers"),
    "npy code": (npy("__import__('os').system('true')"), "header"),
    "npy negative": (npy(shape="(-4, 5)"), "header|array of"),
    "npy colours": (npy("'|u1'", "(9, 9, 3)", bytes(243)), "colour image"),
    "npz of two": (zipped(a_npy=npy(data=ZEROS), b_npy=npy(data=ZEROS)), "holds 2 volumes"),
    "npz of a pickle": (zipped(a_npy=npy("'|O'", "(4, 5)", b"\x80\x04.")), "never opened"),
    "mhd alone": (zipped(a_mhd=mha(file="a.raw")), "lacks the file"),
    "mhd outside": (zipped(a_mhd=mha(file="../../etc/passwd")), "lacks the file"),
    "mhd cut": (zipped(a_mhd=mha(file="a.raw"), a_raw=ZEROS[:9]), "ends before its last voxel"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_bad_files_give_one_sentence(kind: str, tmp_path: Path) -> None:
    data, message = REFUSED[kind]
    sentence = refusal(data, tmp_path)
    assert any(part in sentence for part in message.split("|")), sentence


@pytest.mark.parametrize(
    "data",
    [
        mha("1024 1024 1024"),
        nrrd("1024 1024 1024"),
        npy(shape="(1024, 1024, 1024)"),
        mha("9000 9000 9"),
        nrrd("9000 9000 9"),
        npy(shape="(9, 9000, 9000)"),
    ],
)
def test_enormous_sizes_are_refused_before_anything_is_read(data: bytes, tmp_path: Path) -> None:
    assert "more than the" in refusal_of_stack(data, tmp_path)


def refusal_of_stack(data: bytes, folder: Path) -> str:
    (folder / "upload").write_bytes(data)
    with pytest.raises(SliceError) as refused:
        decode([folder / "upload"])
    return str(refused.value)


@pytest.mark.parametrize("pack", ["gzip", "zlib", "bzip2"])
def test_bombs_are_inflated_only_as_far_as_the_header_says(pack: str, tmp_path: Path) -> None:
    zeros = bytes(16 << 20)
    data = {
        "gzip": lambda: nrrd(encoding="gzip", data=gzip.compress(zeros)),
        "zlib": lambda: mha(more="CompressedData = True\n", data=zlib.compress(zeros)),
        "bzip2": lambda: nrrd(encoding="bzip2", data=bz2.compress(zeros)),
    }[pack]()
    (tmp_path / "a").write_bytes(data)
    assert decode([tmp_path / "a"]).pixels.shape == (3, 4, 5)


def test_a_process_of_its_own_reads_them_too(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(mha(data=struct.pack("<60h", *range(-1000, -940))))
    assert read_stack(tmp_path / "a").pixels.min() == -1000
    (tmp_path / "a").write_bytes(mha(data=ZEROS[:-1]))
    with pytest.raises(SliceError, match="ends before its last voxel"):
        read_stack(tmp_path / "a")


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """One folder for all examples."""
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def valid() -> list[bytes]:
    """A small file of each kind."""
    place = Geometry((4, 5), np.diag([-1.0, -1, 2, 1])[:, [1, 0, 2, 3]], (1.0, 1.0))
    files = [mha(data=ZEROS), nrrd(data=ZEROS), npy(data=ZEROS), zipped(a_npy=npy(data=ZEROS))]
    files.append(zipped(a_mhd=mha(file="a.raw"), a_raw=ZEROS))
    with tempfile.TemporaryDirectory() as name:
        for write in (write_metaimage, write_seg_nrrd):
            write(Path(name) / "l", LABELS, place)
            files.append((Path(name) / "l").read_bytes())
    return files


@settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
@given(
    st.sampled_from(valid()),
    st.lists(
        st.tuples(st.integers(0, 10**6), st.sampled_from([0, 10, 45, 48, 57, 255]) | st.integers(0, 255))
    ),
    st.none() | st.integers(0, 10**6),
)
def test_mutated_files_are_read_or_refused(
    folder: Path, content: bytes, changes: list[tuple[int, int]], length: int | None
) -> None:
    changed = bytearray(content)
    for place, value in changes[:8]:
        changed[place % len(changed)] = value
    path = folder / "m"
    path.write_bytes(changed if length is None else changed[: max(1, length % len(changed))])
    with suppress(SliceError):
        stack = decode([path])
        assert Stack.from_facts(stack.pixels, stack.facts()).facts() == stack.facts()
    with suppress(SliceError):
        assert len(decode_one(path, None)) == 1
    with suppress(LabelMapError):
        label_map, _ = decode_label_map(path)
        assert label_map.ndim == 2
        assert label_map.dtype.kind in "iu"

"""Random and mutated bytes give a stack or a SliceError, and nothing else."""

import faulthandler
import gzip
import io
import os
import signal
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import nibabel
import numpy as np
import pytest
import tifffile
from dicom_files import ct_dataset
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from pydicom.data import get_testdata_file
from pydicom.uid import JPEG2000Lossless, JPEGLSLossless, RLELossless

from ctseg.slices import SliceError, Stack, read_stack
from ctseg.slices.decode import decode
from ctseg.slices.limits import MAX_SIDE, MAX_SLICES

pytestmark = pytest.mark.filterwarnings("ignore")
QUICK = settings(
    max_examples=80,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
MAGIC = [b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"II*\0", b"MM\0*", bytes(128) + b"DICM"]
MAGIC += [b"PK\x03\x04", b"\x1f\x8b\x08\0", b"\x5c\x01\0\0" + bytes(340) + b"n+1\0"]
MAGIC += [b"\x08\0\x05\0CS", b"II+\0\x08\0\0\0"]


@cache
def valid_files() -> dict[str, bytes]:
    """A small file of each kind."""
    image = Image.fromarray((np.arange(1200).reshape(30, 40) % 251).astype(np.uint8))
    files: dict[str, bytes] = {}
    for kind in ("PNG", "JPEG", "TIFF"):
        buffer = io.BytesIO()
        image.save(buffer, kind)
        files[kind] = buffer.getvalue()
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, np.arange(600, dtype=np.uint16).reshape(2, 15, 20), compression="zlib")
    files["TIFF pages"] = buffer.getvalue()
    for syntax in (None, RLELossless, JPEGLSLossless, JPEG2000Lossless):
        dataset = ct_dataset()
        if syntax is not None:
            dataset.compress(syntax)
        buffer = io.BytesIO()
        dataset.save_as(buffer, enforce_file_format=True)
        files[f"DICOM {syntax}"] = buffer.getvalue()
    files["DICOM with sequences"] = Path(get_testdata_file("CT_small.dcm")).read_bytes()
    volume = nibabel.Nifti1Image(np.arange(60, dtype=np.int16).reshape(3, 4, 5) - 1000, np.diag([1, 2, 3, 1]))
    files["NIfTI"] = volume.to_bytes()
    files["NIfTI gz"] = gzip.compress(volume.to_bytes())
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", files["DICOM None"])
        archive.writestr("b", files["DICOM with sequences"])
    files["ZIP"] = buffer.getvalue()
    return files


def assert_stack_or_sentence(data: bytes, path: Path, read: Callable[[list[Path]], Stack] = decode) -> None:
    path.write_bytes(data)
    try:
        stack = read([path])
    except SliceError as error:
        sentence = str(error)
        assert sentence.endswith(".")
        assert 20 < len(sentence) < 400
        return
    assert_sound(stack)


def assert_stack_or_sentence_or_crash(data: bytes, path: Path) -> None:
    """In a fork: native codecs abort on some damaged files, which the sandbox makes a sentence of."""
    pid = os.fork()
    if pid == 0:
        status = 1
        faulthandler.disable()
        try:
            assert_stack_or_sentence(data, path)
            status = 0
        finally:
            os._exit(status)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    assert status in (0, -signal.SIGABRT, -signal.SIGSEGV, -signal.SIGFPE, -signal.SIGBUS)


def assert_sound(stack: Stack) -> None:
    slices, height, width = stack.pixels.shape
    assert 1 <= slices <= MAX_SLICES
    assert 1 <= height <= MAX_SIDE
    assert 1 <= width <= MAX_SIDE
    assert np.isfinite(stack[stack.middle].pixels).all()
    # The way to the other process and back must hold for whatever was decoded.
    assert Stack.from_facts(stack.pixels, stack.facts()).facts() == stack.facts()


def test_valid_files_are_read(tmp_path: Path) -> None:
    for kind, data in valid_files().items():
        (tmp_path / "a").write_bytes(data)
        assert len(decode([tmp_path / "a"])) >= 1, kind


@QUICK
@given(magic=st.sampled_from(MAGIC), rest=st.binary(max_size=2000))
def test_random_bytes(magic: bytes, rest: bytes, tmp_path: Path) -> None:
    assert_stack_or_sentence(magic + rest, tmp_path / "a")


@st.composite
def mutations(draw: st.DrawFn, data: bytes) -> bytes:
    """A valid file with some bytes changed, and perhaps its end missing or a piece doubled."""
    # Headers decide, so most changes fall into the beginning.
    reach = len(data) if draw(st.booleans()) else min(len(data), 700)
    mutated = bytearray(data)
    for _ in range(draw(st.integers(1, 6))):
        telling = st.sampled_from([0, 1, 127, 128, 255])
        mutated[draw(st.integers(0, reach - 1))] = draw(telling | st.integers(0, 255))
    cut = draw(st.none() | st.integers(0, len(data)))
    if cut is not None:
        return bytes(mutated[:cut] + (mutated[cut // 2 :] if draw(st.booleans()) else b""))
    return bytes(mutated)


@pytest.mark.thorough
@pytest.mark.parametrize("kind", sorted(valid_files()))
@settings(QUICK, max_examples=30)
@given(data=st.data())
def test_mutated_files(kind: str, data: st.DataObject, tmp_path: Path) -> None:
    mutated = data.draw(mutations(valid_files()[kind]))
    native = kind.startswith("DICOM 1.2")
    (assert_stack_or_sentence_or_crash if native else assert_stack_or_sentence)(mutated, tmp_path / "a")


@pytest.mark.thorough
@settings(QUICK, max_examples=5)
@given(data=st.data())
def test_mutated_files_in_a_process_of_their_own(data: st.DataObject, tmp_path: Path) -> None:
    kind = data.draw(st.sampled_from(sorted(valid_files())))
    assert_stack_or_sentence(data.draw(mutations(valid_files()[kind])), tmp_path / "a", read_stack)

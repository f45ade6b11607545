"""How large files may be: on the page as the setting says, in the library as memory allows."""

import gzip
import subprocess
import sys
import tracemalloc
import zipfile
from pathlib import Path

import nibabel
import numpy as np
import pytest
from dicom_files import stored_values, write_ct

from ctseg.slices import SliceError, limits, read_stack
from ctseg.slices.decode import decode, decode_folder, decode_folder_slice, decode_one
from ctseg.slices.limits import MEBIBYTE, check_upload, max_upload_bytes


@pytest.mark.parametrize(
    ("text", "megabytes"),
    [("", 64), ("64", 64), ("512", 512), ("9999", 512), ("0", 64), ("a", 64), ("20", 20)],
)
def test_the_setting_reaches_to_512(text: str, megabytes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CTSEG_UPLOAD_MB", text)
    assert max_upload_bytes() == megabytes * MEBIBYTE
    check_upload([megabytes * MEBIBYTE])
    with pytest.raises(SliceError, match=f"more than the {megabytes} MB"):
        check_upload([megabytes * MEBIBYTE, 1])


def test_an_upload_larger_than_usual_is_read_where_the_setting_allows_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MAX_UPLOAD_BYTES", 1000)
    monkeypatch.setenv("CTSEG_UPLOAD_MB", "0")
    path = write_ct(tmp_path / "a")
    with pytest.raises(SliceError, match="more than the"):
        read_stack(path)
    with pytest.raises(SliceError, match="more than the"):
        read_stack(path, max_bytes=1000)
    monkeypatch.setenv("CTSEG_UPLOAD_MB", "1")
    assert len(read_stack(path)) == 1


def series(folder: Path, **elements: object) -> Path:
    folder.mkdir()
    for k in range(5):
        write_ct(folder / f"{k}", stored_values() // (k + 1), ImagePositionPatient=[0, 0, 3 * k], **elements)
    return folder


@pytest.mark.parametrize("elements", [{}, {"RescaleSlope": None}, {"RescaleSlope": 0.5}])
def test_one_slice_of_a_series_is_what_it_is_in_the_stack(
    elements: dict[str, object], tmp_path: Path
) -> None:
    folder = series(tmp_path / "s", **elements)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for path in folder.iterdir():
            archive.write(path, path.name)
    stack = decode([tmp_path / "a.zip"])
    for asked, index in ((None, 2), (0, 0), (4, 4)):
        alone = decode_one(tmp_path / "a.zip", asked)
        assert len(alone) == 1
        assert np.array_equal(alone.pixels[0], stack.pixels[index])
        assert alone.pixels.dtype == stack.pixels.dtype
        assert alone.facts() == stack.only(index).facts()
    whole, _ = decode_folder(str(folder))
    one, facts = decode_folder_slice(str(folder), "3")
    assert np.array_equal(one[0], whole[3])
    assert facts == stack.only(3).facts()
    with pytest.raises(SliceError, match="no slice 5; choose one from 0 to 4"):
        decode_folder_slice(str(folder), "5")


def test_a_large_zip_may_hold_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = series(tmp_path / "s")
    for name, method in (("stored.zip", zipfile.ZIP_STORED), ("packed.zip", zipfile.ZIP_DEFLATED)):
        with zipfile.ZipFile(tmp_path / name, "w", method) as archive:
            for path in folder.iterdir():
                archive.write(path, path.name)
            archive.writestr("zeros", bytes(100_000 if method else 1))
    monkeypatch.setattr("ctseg.slices.formats.zip.MAX_ZIP_BYTES", 10_000)
    assert len(decode([tmp_path / "stored.zip"])) == 5
    with pytest.raises(SliceError, match="Unpacked, this ZIP would take more"):
        decode([tmp_path / "packed.zip"])


def test_a_late_slice_is_read_without_the_volume(tmp_path: Path) -> None:
    voxels = np.zeros((128, 128, 640), np.int16)
    voxels[..., 630] = np.arange(128 * 128).reshape(128, 128) % 4000 - 1000
    nibabel.save(nibabel.Nifti1Image(voxels, np.diag([1, 1, 1, 1.0])), tmp_path / "v.nii.gz")
    tracemalloc.start()
    try:
        alone = decode_one(tmp_path / "v.nii.gz", 630)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < voxels.nbytes / 4
    assert alone.intensity == "HU"
    assert alone.pixels.max() == 2999


_MEMORY_OF_A_SLICE = """
import sys
from pathlib import Path
from ctseg.slices.decode import decode_one
import ctseg.slices.formats.nifti
def peak():
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1])
before = peak()
alone = decode_one(Path(sys.argv[1]), 2043)
print(alone.pixels[0, 0, 0], alone.intensity, peak() - before)
"""


@pytest.mark.slow
@pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="only Linux tells the most memory had so far"
)
def test_a_late_slice_of_a_gigabyte_takes_little_memory(tmp_path: Path) -> None:
    header = nibabel.Nifti1Image(np.zeros((512, 512, 1), np.int16), np.diag([1, 1, 1, 1.0])).header
    header.set_data_shape((512, 512, 2048))
    header["vox_offset"] = 352
    planes = np.broadcast_to(np.arange(-1000, -992, dtype="<i2")[:, np.newaxis, np.newaxis], (8, 512, 512))
    packed = gzip.compress(planes.tobytes(), 1)
    with (tmp_path / "v.nii.gz").open("wb") as file:  # as pigz writes, of packed blocks
        file.write(gzip.compress(header.binaryblock + bytes(4)))
        for _ in range(256):
            file.write(packed)
    ran = subprocess.run(
        [sys.executable, "-c", _MEMORY_OF_A_SLICE, str(tmp_path / "v.nii.gz")],
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    value, intensity, kibibytes = ran.stdout.split()
    assert (float(value), intensity) == (-1000 + 2043 % 8, "HU")
    slice_kibibytes = 512 * 512 * 4 / 1024
    assert int(kibibytes) <= 150 * 1024 + slice_kibibytes

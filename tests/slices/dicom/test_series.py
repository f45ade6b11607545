"""Several DICOM files, or a ZIP of them, become one stack in anatomical order."""

import zipfile
from pathlib import Path

import numpy as np
import pytest
from dicom_files import OTHER_SERIES, stored_values, write_ct

from ctseg.slices import SliceError, read_stack
from ctseg.slices.decode import decode

pytestmark = pytest.mark.filterwarnings("ignore")
HEIGHTS = [30.0, 10.0, 20.0, 45.0]


def write_series(
    folder: Path, heights: list[float] = HEIGHTS, first: int = 0, **elements: object
) -> list[Path]:
    """One file a height, whose values begin with the height and whose names do not sort."""
    folder.mkdir(exist_ok=True)
    paths = []
    for index, height in enumerate(heights):
        pixels = stored_values()
        pixels[0, 0] = height
        values = {"ImagePositionPatient": [-10, -20, height], "InstanceNumber": index, **elements}
        paths.append(write_ct(folder / f"IM{index}", pixels, **values))
    return paths


def zip_of(path: Path, files: list[Path]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in files:
            archive.write(file, f"series/{file.name}")
    return path


def first_values(stack: object) -> list[int]:
    return (stack.pixels[:, 0, 0].astype(int) + 1024).tolist()  # type: ignore[attr-defined]


def test_sorted_by_position(tmp_path: Path) -> None:
    stack = decode(write_series(tmp_path / "a"))
    assert first_values(stack) == [10, 20, 30, 45]
    assert stack.notes == ("The steps between slices are uneven: from 10 to 15 mm.",)
    assert stack.affines is not None
    assert stack.affines[:, 2, 3].tolist() == [10, 20, 30, 45]
    assert stack.affines[0, 2, 2] == 10
    assert stack.middle == 2


@pytest.mark.thorough
def test_own_process_reads_series_and_zip_alike(tmp_path: Path) -> None:
    files = write_series(tmp_path / "a")
    stack, unpacked = read_stack(files), read_stack(zip_of(tmp_path / "a.zip", files))
    assert first_values(stack) == first_values(unpacked) == [10, 20, 30, 45]
    assert stack.facts() == unpacked.facts()


def test_sagittal_series_is_sorted_along_its_own_normal(tmp_path: Path) -> None:
    files = []
    for index, left in enumerate([5.0, -5.0, 0.0]):
        pixels = stored_values()
        pixels[0, 0] = index
        files.append(
            write_ct(
                tmp_path / str(index),
                pixels,
                ImageOrientationPatient=[0, 1, 0, 0, 0, -1],
                ImagePositionPatient=[left, 0, 0],
            )
        )
    # Rows run to the back, columns to the feet, so the normal points to the right.
    assert first_values(decode(files)) == [0, 2, 1]


def test_without_positions_the_numbers_decide(tmp_path: Path) -> None:
    files = write_series(tmp_path / "a", ImagePositionPatient=None)
    assert first_values(decode(files[::-1])) == [30, 10, 20, 45]


def test_largest_series_is_taken(tmp_path: Path) -> None:
    files = write_series(tmp_path / "a") + write_series(
        tmp_path / "b", HEIGHTS[:2], SeriesInstanceUID=OTHER_SERIES
    )
    stack = decode(files)
    assert len(stack) == 4
    assert stack.note is not None
    assert "2 series" in stack.note


def test_scout_views_and_others_are_left_out(tmp_path: Path) -> None:
    files = write_series(tmp_path / "a")
    files.append(write_ct(tmp_path / "scout", ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"]))
    files.append(write_ct(tmp_path / "mr", SOPClassUID="1.2.840.10008.5.1.4.1.1.4", Modality="MR"))
    (tmp_path / "broken").write_bytes(files[0].read_bytes()[:300])
    stack = decode([*files, tmp_path / "broken"])
    assert len(stack) == 4
    assert stack.note is not None
    assert stack.note.startswith("3 of 7 files")


def test_slices_of_another_size_are_another_series(tmp_path: Path) -> None:
    files = write_series(tmp_path / "a")
    files.append(write_ct(tmp_path / "small", stored_values(8, 8)))
    stack = decode(files)
    assert stack.pixels.shape == (4, 40, 36)
    assert stack.note is not None


def test_slices_of_different_rescale(tmp_path: Path) -> None:
    one = write_ct(tmp_path / "1", RescaleSlope=2)
    two = write_ct(tmp_path / "2", RescaleIntercept=-1000.5, ImagePositionPatient=[0, 0, 99])
    stack = decode([two, one])
    assert (stack.pixels[0] == stored_values() * 2.0 - 1024).all()
    assert (stack.pixels[1] == stored_values() - np.float32(1000.5)).all()


def test_none_is_a_ct(tmp_path: Path) -> None:
    files = [
        write_ct(tmp_path / str(k), SOPClassUID="1.2.840.10008.5.1.4.1.1.4", Modality="MR") for k in range(3)
    ]
    with pytest.raises(SliceError, match=r"None of these 3 DICOM files.*\(MR\)"):
        decode(files)


def test_several_files_that_are_not_dicom(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    with pytest.raises(SliceError, match="one file at a time"):
        decode([write_ct(tmp_path / "a"), tmp_path / "a.png"])


def test_other_files_in_a_zip_are_passed_over(tmp_path: Path) -> None:
    files = write_series(tmp_path / "a")
    (tmp_path / "README").write_text("hello")
    (tmp_path / "empty").touch()
    stack = decode([zip_of(tmp_path / "a.zip", [*files, tmp_path / "README", tmp_path / "empty"])])
    assert first_values(stack) == [10, 20, 30, 45]


def test_zip_without_dicom(tmp_path: Path) -> None:
    (tmp_path / "README").write_text("hello")
    with pytest.raises(SliceError, match="holds no DICOM"):
        decode([zip_of(tmp_path / "a.zip", [tmp_path / "README"])])
    with pytest.raises(SliceError, match="holds no DICOM"):
        decode([zip_of(tmp_path / "a.zip", [])])


@pytest.mark.parametrize("method", [9, 93])
def test_zip_of_a_rare_method_is_not_called_damaged(method: int, tmp_path: Path) -> None:
    path = zip_of(tmp_path / "a.zip", write_series(tmp_path / "a"))
    packed = bytearray(path.read_bytes())
    for magic, place in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        at = packed.find(magic)
        while at >= 0:
            packed[at + place] = method
            at = packed.find(magic, at + 4)
    path.write_bytes(packed)
    with pytest.raises(SliceError, match="rare method"):
        decode([path])

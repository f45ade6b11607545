"""Submissions in every format give the same label maps; what is wrong with one is said in one sentence."""

import gzip
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from submission_files import (
    BOARD,
    FORMATS,
    IMAGES,
    SHAPE,
    Maps,
    csv,
    label_maps,
    npz,
    npz_stack,
    png,
    png8_zip,
    write_zip,
)

from ctseg.labelmaps import LabelMapError
from ctseg.leaderboard.results.result import canonical_label_map
from ctseg.leaderboard.submissions import SubmissionError
from ctseg.leaderboard.submissions.expected_images import layout_of
from ctseg.leaderboard.submissions.formats.decode import decode_submission
from ctseg.leaderboard.submissions.formats.names import check_images
from ctseg.leaderboard.submissions.read import read_submission

LAYOUT = json.dumps(asdict(layout_of(BOARD)))


def decode(path: Path) -> np.ndarray:
    """What the decoder's process does, in this one."""
    return decode_submission(str(path), LAYOUT)[0]


def refusal(path: Path) -> str:
    with pytest.raises((SubmissionError, LabelMapError)) as refused:
        decode(path)
    message = str(refused.value)
    assert message.endswith(".")
    assert "\n" not in message
    return message


def canonical(maps: Maps) -> np.ndarray:
    return np.stack([canonical_label_map(maps[image]) for image in IMAGES])


@pytest.mark.parametrize("write", FORMATS)
def test_every_format_gives_the_same_label_maps(write: Callable[[Path, Maps], Path], tmp_path: Path) -> None:
    maps = label_maps()
    in_any_order = {image: maps[image] for image in ("2.png", "0.png", "1.png")}
    read = decode(write(tmp_path, in_any_order))
    assert read.dtype == np.uint8
    assert np.array_equal(read, canonical(maps))


@pytest.mark.parametrize("write", [csv, png8_zip, npz])
def test_the_reader_of_strangers_files_runs_in_its_own_process(
    write: Callable[[Path, Maps], Path], tmp_path: Path
) -> None:
    maps = label_maps()
    submission = read_submission(write(tmp_path, maps), BOARD, tmp_path)
    assert submission.board == "small"
    assert submission.images == IMAGES
    assert np.array_equal(submission.label_maps, canonical(maps))
    assert not submission.label_maps.flags.writeable
    assert list(tmp_path.glob("ctseg-*")) == []


def test_many_structures_take_two_bytes(tmp_path: Path) -> None:
    maps = {**label_maps(), "1.png": np.arange(SHAPE[0] * SHAPE[1], dtype=np.uint16).reshape(SHAPE)}
    read = decode(npz(tmp_path, maps))
    assert read.dtype == np.uint16
    assert np.array_equal(read, canonical(maps))


def test_more_values_than_structures_can_be_are_refused(tmp_path: Path) -> None:
    board = json.dumps({"board": "wide", "images": ["0.png"], "shape": [1, 5000]})
    for count, reaches in ((4096, True), (4097, False)):
        np.savez(tmp_path / "y.npz", **{"0.png": np.minimum(np.arange(5000), count - 1)[np.newaxis]})
        if reaches:
            assert decode_submission(str(tmp_path / "y.npz"), board)[0].max() == count - 1
        else:
            with pytest.raises(SubmissionError, match=r"0\.png has more than 4096 different values"):
                decode_submission(str(tmp_path / "y.npz"), board)
    np.savez(tmp_path / "y.npz", **{"0.png": 1 + np.minimum(np.arange(5000), 4095)[np.newaxis]})
    assert decode_submission(str(tmp_path / "y.npz"), board)[0].max() == 4096


@settings(deadline=None)
@given(
    st.lists(st.sampled_from(["0.png", "1.png", "2.png", "3.png", "<b>x</b>", "\u202ex"]), max_size=9),
)
def test_the_set_of_images_must_be_exact(found: list[str]) -> None:
    if sorted(found) == list(IMAGES):
        check_images("small", IMAGES, found)
        return
    with pytest.raises(SubmissionError) as refused:
        check_images("small", IMAGES, found)
    message = str(refused.value)
    assert ("missing" in message) == (not set(IMAGES) <= set(found))
    assert ("not on the board" in message) == (not set(found) <= set(IMAGES))
    assert ("repeated" in message) == (len(found) > len(set(found)))
    assert message.isprintable()


def test_the_first_five_are_named() -> None:
    with pytest.raises(SubmissionError) as refused:
        check_images("b", [f"{k}.png" for k in range(20)], ["0.png", "0.png", *(f"x{k}" for k in range(9))])
    message = str(refused.value)
    assert "19 are missing (1.png, 2.png, 3.png, 4.png, 5.png, …)" in message
    assert "9 are not on the board (x0, x1, x2, x3, x4, …)" in message
    assert "1 is repeated (0.png)" in message


def changed(value: object, dtype: object = None) -> Maps:
    maps: Maps = {name: each.astype(dtype or np.int64) for name, each in label_maps().items()}
    maps["1.png"][7, 9] = value
    return maps


@pytest.mark.parametrize(
    ("maps", "message"),
    [
        (changed(-4), r"1\.png has the value -4 in row 7, column 9"),
        (changed(65536), r"1\.png has the value 65536 in row 7, column 9"),
        (changed(2**63, np.uint64), r"1\.png has the value 9223372036854775808 in row 7, column 9"),
        (changed(0.5, np.float32), r"0\.png holds float32 values"),
        ({**label_maps(), "1.png": np.zeros((24, 33), np.uint8)}, r"1\.png has 24 x 33 pixels.*24 x 32"),
        ({**label_maps(), "1.png": np.zeros((24, 32, 3), np.uint8)}, r"1\.png has 24 x 32 x 3 pixels"),
        ({**label_maps(), "1.png": np.zeros((), np.uint8)}, r"1\.png has no pixels"),
        ({**label_maps(), "3.png": np.zeros(SHAPE, np.uint8)}, r"1 is not on the board \(3\.png\)"),
        ({"0.png": np.zeros(SHAPE, np.uint8)}, r"2 are missing \(1\.png, 2\.png\)"),
        ({**label_maps(), "label_maps": np.zeros(SHAPE, np.uint8)}, "not on the board"),
    ],
)
def test_what_is_wrong_with_arrays_is_told(maps: Maps, message: str, tmp_path: Path) -> None:
    path = npz(tmp_path, maps)
    with pytest.raises(SubmissionError, match=message):
        decode(path)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"label_maps": np.zeros((2, *SHAPE), np.uint8)}, "2 x 24 x 32; save it as 3 x 24 x 32"),
        ({"arr_0": np.zeros((3, *SHAPE), np.uint8, order="F")}, "Fortran order"),
        ({"label_maps": np.zeros((3, *SHAPE))}, "float64"),
        ({"label_maps": np.zeros((2, *SHAPE), np.uint8), "images": np.array(["0.png", "2.png"])}, "missing"),
        ({"label_maps": np.zeros((3, *SHAPE), np.uint8), "images": np.arange(3)}, "row of names"),
        (
            {"label_maps": np.zeros((3, *SHAPE), np.uint8), "images": np.array([b"\xff", b"b", b"c"])},
            "damaged",
        ),
    ],
)
def test_what_is_wrong_with_one_array_for_all_is_told(
    arrays: dict[str, np.ndarray], message: str, tmp_path: Path
) -> None:
    np.savez(tmp_path / "y.npz", **arrays)  # type: ignore[arg-type]
    assert message in refusal(tmp_path / "y.npz")


def test_one_array_without_names_is_in_the_boards_order(tmp_path: Path) -> None:
    maps = label_maps()
    np.savez(tmp_path / "y.npz", np.stack(list(maps.values())))
    assert np.array_equal(decode(tmp_path / "y.npz"), canonical(maps))
    np.savez(
        tmp_path / "y.npz", label_maps=np.stack(list(maps.values())), images=np.array([b"0", b"1", b"2"])
    )
    assert np.array_equal(decode(tmp_path / "y.npz"), canonical(maps))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("Pixel 5,0,-1,0", "'-1' in row 'Pixel 5' (line 7), column '1.png'"),
        ("Pixel 5,0,0.5,0", "'0.5' in row 'Pixel 5' (line 7), column '1.png'"),
        ("Pixel 5,0,,0", "'' in row 'Pixel 5' (line 7), column '1.png'"),
        ("Pixel 5,0,256,0", "'256' in row 'Pixel 5' (line 7), column '1.png'"),
        ("Pixel 5,0,0", "has 2 values"),
        ("Pixel 6,0,0,0", "must be 'Pixel 5'"),
    ],
)
def test_what_is_wrong_with_a_table_is_told(line: str, message: str, tmp_path: Path) -> None:
    lines = csv(tmp_path, label_maps()).read_text(encoding="utf-8").splitlines()
    lines[6] = line
    (tmp_path / "y.csv").write_text("\n".join(lines), encoding="utf-8")
    assert message in refusal(tmp_path / "y.csv")


def test_headers_are_judged_before_pixels(tmp_path: Path) -> None:
    (tmp_path / "y.csv").write_text(",0.png,7.png,0.png\nnonsense", encoding="utf-8")
    message = refusal(tmp_path / "y.csv")
    assert "2 are missing (1.png, 2.png)" in message
    assert "1 is not on the board (7.png)" in message
    assert "1 is repeated (0.png)" in message


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"0.png": b"no image", "1.png": b"", "2.png": b""}, "0.png in this ZIP is no PNG file"),
        ({"0.png": png(np.zeros((9, 9), np.uint8))}, "2 are missing"),
        ({name: png(np.zeros((9, 9), np.uint8)) for name in IMAGES}, "9 x 9 pixels"),
        ({name: png(np.zeros((*SHAPE, 3), np.uint8)) for name in IMAGES}, "colour"),
        ({name: png(np.zeros(SHAPE, np.uint8))[:-30] for name in IMAGES}, "0.png in this ZIP is damaged"),
        ({"y.csv": b",0.png"}, "upload the CSV itself"),
        ({}, "This ZIP is empty"),
        ({"0.png.npy": b"", "1.png": b"", "2.png": b""}, "mixes"),
        ({"a/b/0.png": b""}, "without folders"),
    ],
)
def test_what_is_wrong_with_a_zip_is_told(files: dict[str, bytes], message: str, tmp_path: Path) -> None:
    assert message in refusal(write_zip(tmp_path / "y.zip", files))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (png(np.zeros(SHAPE, np.uint8)), "one PNG image"),
        (b"\x93NUMPY\x01\x00", "savez_compressed"),
        (b"\x80\x04K\x01.", "pickle"),
        (b"\x00\x01\x02", "no submission"),
        (b"%PDF-1.7\n", "first cell"),
        (gzip.compress(b"\x00" * 300, mtime=0), "no table"),
    ],
)
def test_other_files_are_told_apart(content: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(content)
    assert message in refusal(tmp_path / "file")


def test_a_file_that_is_not_there_or_too_large_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(SubmissionError, match=r"no file y\.csv"):
        read_submission(tmp_path / "y.csv", BOARD)
    with (tmp_path / "y.csv").open("wb") as file:
        file.truncate(513 << 20)
    with pytest.raises(SubmissionError, match="513 MB, more than the 512 MB"):
        read_submission(tmp_path / "y.csv", BOARD)


@pytest.mark.parametrize("write", [csv, png8_zip, npz, npz_stack])
def test_a_cut_file_is_one_sentence(write: Callable[[Path, Maps], Path], tmp_path: Path) -> None:
    path = write(tmp_path, label_maps())
    whole = path.read_bytes()
    for length in np.linspace(1, len(whole) - 2, 12).astype(int):
        path.write_bytes(whole[:length])
        refusal(path)


@pytest.mark.parametrize("before", ["./", "labels/", "./labels/", "labels\\"])
def test_names_in_a_zip_as_common_programs_write_them(before: str, tmp_path: Path) -> None:
    maps = label_maps()
    path = write_zip(tmp_path / "y.zip", {before + name: png(maps[name]) for name in IMAGES})
    assert (decode(path) == canonical(maps)).all()


def voxel_zip(path: Path, maps: Maps, axes: str | None, suffix: str = ".nii.gz") -> Path:
    """Label maps as files of voxels in this order of axes, or without a place."""
    import nibabel

    files = {}
    for name, label_map in maps.items():
        # Seen as radiologists do: columns run to the left, rows to the back.
        place = np.array([[-0.7, 0, 0, 100], [0, -0.7, 0, 90], [0, 0, 2, 30], [0, 0, 0, 1.0]])
        voxels = nibabel.Nifti1Image(label_map.T[..., np.newaxis].astype(np.uint16), place if axes else None)
        if axes:
            wanted = nibabel.orientations.axcodes2ornt(axes)
            own = nibabel.orientations.io_orientation(place)
            voxels = voxels.as_reoriented(nibabel.orientations.ornt_transform(own, wanted))
        content = voxels.to_bytes()
        files[name.removesuffix(".png") + suffix] = gzip.compress(content) if suffix == ".nii.gz" else content
    return write_zip(path / "y.zip", files)


@pytest.mark.parametrize("axes", ["LPS", "RAS", "LAI", "PIR", "SAL", None])
@pytest.mark.parametrize("suffix", [".nii.gz", ".nii"])
def test_any_voxel_order_gives_the_same_label_maps(axes: str | None, suffix: str, tmp_path: Path) -> None:
    maps = label_maps()
    assert (decode(voxel_zip(tmp_path, maps, axes, suffix)) == canonical(maps)).all()


def test_what_is_wrong_with_files_of_voxels_is_said(tmp_path: Path) -> None:
    import nibabel

    def file(voxels: np.ndarray, affine: np.ndarray | None) -> bytes:
        return bytes(nibabel.Nifti1Image(voxels.astype(np.uint8), affine).to_bytes())

    height, width = SHAPE
    for content, message in (
        (file(np.zeros((width, height, 1)), np.eye(4)), "identity matrix"),
        (file(np.zeros((width, height, 3)), np.diag([-1, -1, 2, 1.0])), "save the one slice"),
        (file(np.zeros((width + 1, height)), np.diag([-1, -1, 2, 1.0])), "the board's images have"),
        (file(np.full((width, height), 1), None)[:-5], "ends before its last voxel"),
        (png(np.zeros(SHAPE, np.uint8)), "no file of voxels"),
    ):
        names = [name.replace(".png", ".nii") for name in IMAGES]
        assert message in refusal(write_zip(tmp_path / "y.zip", dict.fromkeys(names, content)))
    assert "missing" in refusal(write_zip(tmp_path / "y.zip", {"7.nii": content}))

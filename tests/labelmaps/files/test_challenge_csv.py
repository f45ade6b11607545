"""The challenge's table: exact layout, round trips, and errors that name the place."""

import gzip
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray
from PIL import Image

from ctseg.labelmaps import LabelMapError, largest_structures
from ctseg.labelmaps.files import read_challenge_csv, write_challenge_csv
from ctseg.metrics import ari

TABLE = ",0.png,1.png\nPixel 0,0,7\nPixel 1,255,0\nPixel 2,3,1\nPixel 3,0,0\n"


def test_the_layout_is_exact(tmp_path: Path) -> None:
    label_maps = {"0.png": np.array([[0, 255], [3, 0]]), "1.png": np.array([[7, 0], [1, 0]], np.uint16)}
    write_challenge_csv(tmp_path / "y.csv", label_maps)
    write_challenge_csv(tmp_path / "y.csv.gz", label_maps)
    assert (tmp_path / "y.csv").read_text(encoding="utf-8") == TABLE
    assert gzip.decompress((tmp_path / "y.csv.gz").read_bytes()).decode() == TABLE


@settings(deadline=None)
@given(
    array_shapes(min_dims=2, max_dims=2, max_side=6).flatmap(
        lambda shape: st.lists(arrays(np.uint8, shape), min_size=1, max_size=4)
    ),
    st.sampled_from(["y.csv", "y.csv.gz"]),
)
def test_tables_come_back(
    tmp_path_factory: pytest.TempPathFactory, maps: list[NDArray[np.uint8]], name: str
) -> None:
    path = tmp_path_factory.getbasetemp() / name
    # Not in the order of text.
    label_maps = {f"{9 + k}.png": label_map for k, label_map in enumerate(maps)}
    write_challenge_csv(path, label_maps)
    read = read_challenge_csv(path, shape=maps[0].shape)
    assert list(read) == list(label_maps)
    for image, label_map in label_maps.items():
        assert read[image].dtype == np.uint8
        assert np.array_equal(read[image], label_map)


def test_large_labels_are_renumbered(tmp_path: Path) -> None:
    label_map = np.array([[0, 70_000], [300, 300]])
    write_challenge_csv(tmp_path / "y.csv", {"0.png": label_map})
    assert ari(read_challenge_csv(tmp_path / "y.csv", (2, 2))["0.png"], label_map) == 1.0


def test_more_structures_than_bytes_are_refused_unless_the_largest_are_kept(tmp_path: Path) -> None:
    label_map = np.arange(400).reshape(20, 20)
    with pytest.raises(ValueError, match=r"8\.png has 399 structures"):
        write_challenge_csv(tmp_path / "y.csv", {"8.png": label_map})
    write_challenge_csv(tmp_path / "y.csv", {"8.png": largest_structures(label_map, 255)})
    assert read_challenge_csv(tmp_path / "y.csv", (20, 20))["8.png"].max() == 255


@pytest.mark.parametrize(
    ("label_maps", "message"),
    [
        ({}, "no label maps"),
        ({"0.png": np.zeros((2, 2), int), "1.png": np.zeros((2, 3), int)}, "different shapes"),
        ({"0,1.png": np.zeros((2, 2), int)}, "comma"),
        ({"0.png": np.zeros((2, 2))}, "integers"),
    ],
)
def test_what_is_no_table_is_not_written(
    tmp_path: Path, label_maps: dict[str, NDArray[np.generic]], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        write_challenge_csv(tmp_path / "y.csv", label_maps)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "table",
    [
        TABLE.replace("\n", "\r\n"),
        "\ufeff" + TABLE,
        TABLE.rstrip("\n"),
        TABLE.replace("0.png", '"0.png"').replace("Pixel 0", '"Pixel 0"'),
        "".join(f"{line},\n" for line in TABLE.splitlines()),
        "".join(f"{line} , \r\n" for line in TABLE.splitlines()).replace(" ,", ","),
        TABLE.replace("255", "2.550000000000000000e+02").replace("3,1", "3.000000000000000000e+00, 1.0e+00"),
    ],
    ids=["windows", "byte order mark", "no last line end", "quotes", "commas", "windows commas", "savetxt"],
)
def test_harmless_differences_are_read(tmp_path: Path, table: str) -> None:
    (tmp_path / "y.csv").write_bytes(table.encode())
    read = read_challenge_csv(tmp_path / "y.csv", (2, 2))
    assert {name: each.tolist() for name, each in read.items()} == {
        "0.png": [[0, 255], [3, 0]],
        "1.png": [[7, 0], [1, 0]],
    }


@pytest.mark.parametrize(
    ("table", "message"),
    [
        *(
            (TABLE.replace("255,0", f"{value},0"), f"{value!r} in row 'Pixel 1'.*column '0.png'")
            for value in ("256", "-1", "1.5", "", "liver", "5 ", "1e2", "99999999999999999999")
        ),
        (TABLE.replace("3,1", "3,1,1"), "'Pixel 2' .*has 3 values; the header names 2"),
        (TABLE.replace("3,1", "3"), "'Pixel 2' .*has 1 values; the header names 2"),
        (TABLE.replace("Pixel 3,0,0\n", ""), "has 3 rows.*need 4"),
        (TABLE + "Pixel 4,0,0\n", "more than 4 rows.*need 4"),
        (TABLE.replace("Pixel 1", "Pixel 9"), "Row 2 .*'Pixel 9'.*'Pixel 1'"),
        (TABLE.replace("Pixel 1", ""), "Row 2 .*''"),
        ("id" + TABLE, "first cell of this table is 'id'"),
        (TABLE.replace("1.png", "0.png"), "0.png has two columns"),
        (TABLE.replace("1.png", ""), "no image name"),
        (TABLE[TABLE.index("\n") + 1 :], "first cell of this table is 'Pixel 0'"),
        (TABLE.replace("255", "2.555e+02"), "'2.555e\\+02' in row 'Pixel 1'"),
        ("PK\x03\x04 a table", "is a ZIP file, not a table"),
        ("BZh9 a table", "is a bzip2 archive, not a table"),
        ("\0".join(TABLE), "in UTF-16"),
        ("", "no header"),
        ("\n\n", "no header"),
        ("an image\x00\x01", "no table"),
        ("\r\x00", "no table"),
        (",0.png", "has 0 rows"),
        (',0.png\n"Pixel 0,1\n', "rows|cannot be read|values"),
    ],
)
def test_errors_name_the_place(tmp_path: Path, table: str, message: str) -> None:
    (tmp_path / "y.csv").write_text(table, encoding="utf-8", newline="")
    with pytest.raises(LabelMapError, match=message) as refused:
        read_challenge_csv(tmp_path / "y.csv", (2, 2))
    assert str(refused.value).endswith(".")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("length", [30, -4])
def test_a_cut_gzip_file_is_refused(tmp_path: Path, length: int) -> None:
    (tmp_path / "y.csv.gz").write_bytes(gzip.compress(TABLE.encode())[:length])
    with pytest.raises(LabelMapError, match="damaged or incomplete"):
        read_challenge_csv(tmp_path / "y.csv.gz", (2, 2))


def test_no_more_text_is_unpacked_than_allowed(tmp_path: Path) -> None:
    (tmp_path / "y.csv.gz").write_bytes(gzip.compress(bytes(3_000_000)))
    with pytest.raises(LabelMapError, match="more than 1 MB"):
        read_challenge_csv(tmp_path / "y.csv.gz", max_bytes=1024**2)


def test_a_table_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(LabelMapError, match=r"no file y\.csv"):
        read_challenge_csv(tmp_path / "y.csv")


@settings(deadline=None)
@given(st.binary(max_size=300), st.booleans())
def test_any_bytes_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, after_a_header: bool
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(TABLE.encode() + content if after_a_header else content)
    try:
        read = read_challenge_csv(path, (2, 2))
    except LabelMapError:
        return
    assert all(label_map.size == math.prod((2, 2)) for label_map in read.values())


@pytest.mark.thorough
@pytest.mark.data
@pytest.mark.parametrize("split", ["train", "val"])
def test_the_data_in_both_forms_is_the_same(ct_fewshot: Path, tmp_path: Path, split: str) -> None:
    packed = ct_fewshot / split / "Y.csv.gz"
    label_maps = read_challenge_csv(packed)
    images = list((ct_fewshot / split / "labels").glob("*.png"))
    assert {path.name for path in images} == set(label_maps)
    for path in images:
        assert np.array_equal(label_maps[path.name], np.asarray(Image.open(path)))
    write_challenge_csv(tmp_path / "y.csv", label_maps)
    assert (tmp_path / "y.csv").read_bytes() == gzip.decompress(packed.read_bytes())


PLAIN = ",0.png,1.png\nPixel 0,0,7\nPixel 1,5,0\nPixel 2,3,1\nPixel 3,0,0\n"


@pytest.mark.parametrize(
    "text",
    [
        PLAIN + "\n",
        PLAIN + "\n\n  \n",
        PLAIN + ",,\n",
        PLAIN.replace("\n", "\r\n") + "\r\n",
        PLAIN.replace(",0.png,1.png", ", 0.png, 1.png"),
        PLAIN.replace(",0.png,1.png", ",./0.png,./1.png"),
        PLAIN.replace(",0.png,1.png", "Unnamed: 0,0.png,1.png"),
        PLAIN.replace(",0.png,1.png", "index,0.png,1.png"),
        PLAIN.replace(",0.png,1.png", "Pixel,0.png,1.png"),
        PLAIN.replace(",0.png,1.png", '"0.png","1.png"').replace("Pixel 1", '"Pixel 1"'),
        *(
            PLAIN.replace(",0.png,1.png", f"{first},0.png,1.png")
            for first in ("X", "...1", "V1", '"rowname"', "Row", "Column1", "_c0", "__index_level_0__")
        ),
        PLAIN.replace("\n", "\r\r\n"),
        PLAIN.replace("0,7", "0.0000e+000,7.0000e+000"),
        PLAIN.replace("5,0", "5.0,-0.0").replace("0,7", "-0.000000000000000000e+00,7"),
        PLAIN.replace("0,7", " 0.0, 7.0"),
        PLAIN.replace("Pixel 1,5,0", "Pixel 1,5.000,0."),
        PLAIN.replace("Pixel 2,3,1", "Pixel 2, 3, 1"),
        PLAIN.replace("Pixel 2", " Pixel 2"),
        PLAIN.rstrip("\n"),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_tables_of_common_writers(text: str, encoding: str, tmp_path: Path) -> None:
    (tmp_path / "plain.csv").write_text(PLAIN, encoding="utf-8")
    expected = read_challenge_csv(tmp_path / "plain.csv", (2, 2))
    (tmp_path / "y.csv").write_bytes(text.encode(encoding))
    (tmp_path / "y.csv.gz").write_bytes(gzip.compress(text.encode(encoding)))
    for name in ("y.csv", "y.csv.gz"):
        found = read_challenge_csv(tmp_path / name, (2, 2))
        assert list(found) == list(expected)
        assert all((found[image] == expected[image]).all() for image in expected)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (PLAIN.replace("0,7", "0,7.5"), "'7.5'"),
        (PLAIN.replace("0,7", "0,256.0"), "'256'"),
        (PLAIN.replace("0,7", "0,-1.0"), "'-1.0'"),
        (PLAIN.replace("0,7", "0,nan"), "'nan'"),
        (PLAIN.replace("0,7", " 0.0,"), "''"),
        (PLAIN.replace(",0.png,1.png", "0.png"), "first cell of this table is '0.png'"),
        (PLAIN.replace(",0.png,1.png", "0.png,1.png,2.png"), "first cell of this table is '0.png'"),
        (PLAIN.replace(",", ";"), "not separated by commas"),
        (PLAIN.replace("\n", "\r"), "old Macs"),
        (PLAIN.replace("Pixel 1,5,0\n", "\n"), "Pixel 2"),
    ],
)
def test_what_has_no_meaning_is_still_refused(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "y.csv").write_text(text, encoding="utf-8")
    with pytest.raises(LabelMapError, match=message):
        read_challenge_csv(tmp_path / "y.csv", (2, 2))


def test_own_tables_of_any_size_are_read_back(tmp_path: Path) -> None:
    label_maps = {f"{k}.png": (np.arange(35).reshape(5, 7) // (k + 3)).astype(np.uint8) for k in range(3)}
    write_challenge_csv(tmp_path / "y.csv", label_maps)
    found = read_challenge_csv(tmp_path / "y.csv", shape=None)
    assert all((found[name].ravel() == label_maps[name].ravel()).all() for name in label_maps)
    with pytest.raises(LabelMapError, match="35 rows of pixels"):
        read_challenge_csv(tmp_path / "y.csv")

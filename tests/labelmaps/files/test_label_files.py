"""Label maps come back from files as they went in, and bad files give one sentence."""

import gzip
import struct
import tempfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import nibabel
import numpy as np
import pytest
import tifffile
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray
from PIL import Image

from ctseg.labelmaps import LabelMapError, colours
from ctseg.labelmaps.files import (
    decode_label_map,
    read_label_map,
    write_coloured_png,
    write_nifti,
    write_png16,
)
from ctseg.slices.geometry import Geometry
from ctseg.slices.laying import lay_on

SHAPES = array_shapes(min_dims=2, max_dims=2, max_side=12)
NIFTI_TYPES = st.sampled_from([np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.int64, np.uint64])


def label_maps(dtype: Any, largest: int) -> st.SearchStrategy[NDArray[Any]]:
    """Label maps of one type with labels up to ``largest``."""
    return arrays(dtype, SHAPES, elements=st.integers(0, largest))


@st.composite
def affines(draw: st.DrawFn) -> NDArray[np.float64]:
    """A rigid position with any turn, and any spacing."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    affine = np.eye(4)
    affine[:3, :3] = turn * rng.uniform(0.2, 5, 3)
    affine[:3, 3] = rng.uniform(-300, 300, 3)
    return affine


@pytest.fixture(scope="module")
def folder() -> Any:
    """One folder for all examples of the property-based tests."""
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


@settings(deadline=None)
@given(label_maps(np.int32, 65535))
def test_png_keeps_labels_to_65535(folder: Path, label_map: NDArray[np.integer]) -> None:
    write_png16(folder / "l.png", label_map)
    read = read_label_map(folder / "l.png")
    assert read.dtype == np.uint16
    assert np.array_equal(read, label_map)


@settings(deadline=None)
@given(label_maps(np.int64, 255))
def test_coloured_png_keeps_labels_to_255_and_shows_their_colours(
    folder: Path, label_map: NDArray[np.integer]
) -> None:
    write_coloured_png(folder / "c.png", label_map)
    assert np.array_equal(read_label_map(folder / "c.png"), label_map)
    shown = np.asarray(Image.open(folder / "c.png").convert("RGB"))
    assert np.array_equal(shown, np.vstack([np.zeros((1, 3), np.uint8), colours(255)])[label_map])


def test_coloured_png_of_many_labels_is_an_image(tmp_path: Path) -> None:
    label_map = np.array([[0, 1, 2**40 + 1, 300]])
    write_coloured_png(tmp_path / "c.png", label_map)
    shown = np.asarray(Image.open(tmp_path / "c.png"))
    expected = [(0, 0, 0), *(tuple(colours(24)[(label - 1) % 24]) for label in label_map[0, 1:].tolist())]
    assert [tuple(pixel) for pixel in shown[0]] == expected
    with pytest.raises(LabelMapError, match="colour image"):
        read_label_map(tmp_path / "c.png")


@pytest.mark.thorough
@settings(deadline=None)
@given(NIFTI_TYPES.flatmap(lambda dtype: label_maps(dtype, np.iinfo(dtype).max)), affines(), st.booleans())
def test_nifti_keeps_labels_type_and_place(
    folder: Path, label_map: NDArray[np.integer], affine: NDArray[np.float64], packed: bool
) -> None:
    path = folder / ("l.nii.gz" if packed else "l.nii")
    write_nifti(path, label_map, affine=affine)
    read, facts = decode_label_map(path)
    assert read.dtype == label_map.dtype
    assert np.array_equal(read, label_map)
    assert facts["format"] == "NIfTI"
    assert np.allclose(facts["affine"], affine, rtol=1e-5, atol=1e-4)
    assert facts["spacing_mm"] == pytest.approx(np.linalg.norm(affine[:3, :2], axis=0), rel=1e-5)
    # nibabel puts every labelled pixel where the slice's own affine puts it.
    image = nibabel.load(path)
    for voxel in np.ndindex(image.shape):
        row, column = voxel[1], voxel[0]
        assert np.asarray(image.dataobj)[voxel] == label_map[row, column]
        expected = affine @ [row, column, 0, 1]
        assert np.allclose(image.affine @ [*voxel, 1], expected, rtol=1e-5, atol=1e-3)


@settings(deadline=None)
@given(st.tuples(st.floats(0.1, 9), st.floats(0.1, 9)))
def test_nifti_keeps_spacing_without_a_place(folder: Path, spacing: tuple[float, float]) -> None:
    label_map = np.arange(6, dtype=np.uint8).reshape(2, 3)
    write_nifti(folder / "s.nii", label_map, spacing_mm=spacing)
    read, facts = decode_label_map(folder / "s.nii")
    assert np.array_equal(read, label_map)
    assert facts["spacing_mm"] == pytest.approx(spacing, rel=1e-6)
    assert facts["affine"] is None


@pytest.mark.parametrize(
    "affine", [None, np.zeros((4, 4)), np.full((4, 4), np.nan)], ids=["none", "singular", "nan"]
)
def test_nifti_without_spacing_or_a_usable_affine_claims_neither(
    tmp_path: Path, affine: NDArray[np.float64] | None
) -> None:
    write_nifti(tmp_path / "n.nii.gz", np.eye(3, dtype=bool), affine=affine)
    label_map, facts = decode_label_map(tmp_path / "n.nii.gz")
    assert np.array_equal(label_map, np.eye(3))
    assert facts["grid"] == [[0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]
    message = {key: facts[key] for key in ("format", "spacing_mm", "affine", "note")}
    assert message == {"format": "NIfTI", "spacing_mm": None, "affine": None, "note": None}


def test_a_slice_without_thickness_gets_one_in_the_file(tmp_path: Path) -> None:
    affine = np.diag([-0.7, -0.7, 0.0, 1.0])[:, [1, 0, 2, 3]]
    write_nifti(tmp_path / "n.nii", np.eye(3, dtype=np.uint8), affine=affine)
    image = nibabel.load(tmp_path / "n.nii")
    assert abs(np.linalg.det(image.affine[:3, :3])) == pytest.approx(0.49)


def test_the_same_label_map_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.nii.gz", "b.nii.gz"):
        write_nifti(tmp_path / name, np.eye(5, dtype=np.int32), affine=np.eye(4))
    assert (tmp_path / "a.nii.gz").read_bytes() == (tmp_path / "b.nii.gz").read_bytes()


def test_writers_refuse_what_the_format_cannot_hold(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"65536.*relabel"):
        write_png16(tmp_path / "l.png", np.array([[65536]]))
    with pytest.raises(ValueError, match=r"does not end in \.nii"):
        write_nifti(tmp_path / "l.img", np.array([[1]]))


@pytest.mark.parametrize("mode", ["L", "P", "1", "I;16"])
def test_grey_and_palette_pngs_are_read_as_stored(tmp_path: Path, mode: str) -> None:
    stored = np.array([[0, 1, 0], [1, 1, 0]], np.uint16 if mode == "I;16" else np.uint8)
    opened = Image.fromarray(stored) if mode != "1" else Image.fromarray(stored * 255).convert("1")
    if mode == "P":
        opened.putpalette([255, 0, 0, 0, 255, 0])
    opened.save(tmp_path / "labels", format="PNG")
    assert read_label_map(tmp_path / "labels").tolist() == stored.tolist()


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int32", "uint32", "int64", "float32", "bool"])
@pytest.mark.parametrize("compression", [None, "zlib"])
def test_tiffs_of_whole_numbers_are_read(tmp_path: Path, dtype: str, compression: str | None) -> None:
    stored = np.array([[0, 1, 0], [1, 0, 1]]).astype(dtype)
    byte_order = ">" if dtype == "uint16" else "<"
    tifffile.imwrite(
        tmp_path / "l.tif", stored, compression=compression, byteorder=byte_order, photometric="minisblack"
    )
    read = read_label_map(tmp_path / "l.tif")
    assert read.tolist() == stored.astype(int).tolist()
    assert read.dtype == {"float32": "int32", "bool": "uint8"}.get(dtype, dtype)


def test_tiff_with_lzw_is_read_too(tmp_path: Path) -> None:
    stored = np.arange(600, dtype=np.uint16).reshape(20, 30)
    Image.fromarray(stored).save(tmp_path / "l.tif", compression="tiff_lzw")
    assert np.array_equal(read_label_map(tmp_path / "l.tif"), stored)


def test_scaled_whole_numbers_are_labels(tmp_path: Path) -> None:
    content = _nifti(np.arange(6, dtype=np.int16).reshape(2, 3, 1), slope=(112, "<ff", (2.0, 0.0)))
    (tmp_path / "l.nii").write_bytes(content)
    label_map = read_label_map(tmp_path / "l.nii")
    assert label_map.tolist() == [[0, 6], [2, 8], [4, 10]]
    assert label_map.dtype == np.int32


def test_a_place_in_metres_is_told_in_millimetres(tmp_path: Path) -> None:
    image = nibabel.Nifti1Image(np.eye(3, dtype=np.uint8), np.diag([0.002, 0.001, 1, 1]))
    image.header.set_xyzt_units("meter")
    nibabel.save(image, tmp_path / "l.nii")
    facts = decode_label_map(tmp_path / "l.nii")[1]
    assert facts["spacing_mm"] == pytest.approx([1.0, 2.0])
    assert np.allclose(facts["affine"][1], [1, 0, 0, 0])


def test_nifti_two_is_read(tmp_path: Path) -> None:
    nibabel.save(
        nibabel.Nifti2Image(np.arange(6, dtype=np.uint8).reshape(2, 3), np.eye(4)), tmp_path / "l.nii"
    )
    assert read_label_map(tmp_path / "l.nii").tolist() == [[0, 3], [1, 4], [2, 5]]


def _nifti(array: NDArray[Any], **fields: Any) -> bytes:
    image = nibabel.Nifti1Image(array, np.eye(4))
    content = bytearray(image.to_bytes())
    for offset, layout, values in fields.values():
        struct.pack_into(layout, content, offset, *values)
    return bytes(content)


def _png(width: int, height: int) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunk = b"IHDR" + header
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))


def _saved(save: Callable[[Path], Any]) -> bytes:
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "file"
        save(path)
        return path.read_bytes()


def _image(mode: str, kind: str, **options: Any) -> bytes:
    return _saved(lambda path: Image.new(mode, (4, 3)).save(path, format=kind, **options))


def _tiff(array: NDArray[Any], **options: Any) -> bytes:
    return _saved(lambda path: tifffile.imwrite(path, array, **options))


REFUSED = {
    "empty": (b"", "empty"),
    "text": (b"label,area\n1,2\n" * 40, "not a label map"),
    "numpy": (b"\x93NUMPY" + bytes(400), "NumPy file is damaged"),
    "rgb": (_image("RGB", "PNG"), "colour image"),
    "rgba": (_image("RGBA", "PNG"), "colour image"),
    "grey with alpha": (_image("LA", "PNG"), "colour image"),
    "jpeg": (_image("L", "JPEG"), "JPEG"),
    "animated": (
        _image("L", "PNG", save_all=True, append_images=[Image.new("L", (4, 3), 9)]),
        "2 images",
    ),
    "huge png": (_png(14000, 14000), "4096 x 4096"),
    "cut png": (_png(40, 40), "damaged"),
    "coloured tiff": (_tiff(np.zeros((4, 5, 3), np.uint8), photometric="rgb"), "colour image"),
    "two pages": (_tiff(np.zeros((2, 4, 5), np.uint8), photometric="minisblack"), "2 images"),
    "wide tiff": (_tiff(np.zeros((1, 5000), np.uint8)), "4096 x 4096"),
    "complex tiff": (_tiff(np.zeros((4, 5), np.complex64)), "complex64"),
    "fractions": (_tiff(np.full((4, 5), 0.5, np.float32)), "fractions"),
    "not a number": (_tiff(np.full((4, 5), np.nan, np.float32)), "fractions"),
    "negative": (_tiff(np.full((4, 5), -1, np.int16)), "negative"),
    "large float": (_tiff(np.full((4, 5), 1e12, np.float64)), "2147483647"),
    "volume": (_nifti(np.zeros((4, 5, 6), np.uint8)), "4 x 5 x 6"),
    "one dimension": (_nifti(np.zeros(4, np.uint8)), "4 voxels"),
    "wide nifti": (_nifti(np.zeros((4, 5), np.uint8), dim=(42, "<h", (30000,))), "4096 x 4096"),
    "colour nifti": (_nifti(np.zeros((4, 5), [(c, "u1") for c in "RGB"])), "values"),
    "cut nifti": (_nifti(np.zeros((40, 50), np.uint8))[:900], "damaged"),
    "far voxels": (_nifti(np.zeros((4, 5), np.uint8), offset=(108, "<f", (2e9,))), "damaged"),
    "pair": (_nifti(np.zeros((4, 5), np.uint8)).replace(b"n+1\0", b"ni1\0"), "without its pixels"),
    "packed text": (gzip.compress(b"hello" * 99), "not a label map"),
    "cut gzip": (
        gzip.compress(_nifti(np.random.default_rng(0).integers(0, 9, (40, 50), "u1")))[:300],
        "damaged",
    ),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_bad_files_give_one_sentence(tmp_path: Path, kind: str) -> None:
    content, message = REFUSED[kind]
    (tmp_path / "file.png").write_bytes(content)
    with pytest.raises(LabelMapError, match=message) as refused:
        read_label_map(tmp_path / "file.png")
    sentence = str(refused.value)
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert sentence.count(". ") == 0


def test_a_file_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(LabelMapError, match=r"no file labels\.png"):
        read_label_map(tmp_path / "labels.png")


GOOD = [
    _image("L", "PNG"),
    _tiff(np.arange(20, dtype=np.uint16).reshape(4, 5)),
    _nifti(np.arange(20, dtype=np.uint8).reshape(4, 5)),
    gzip.compress(_nifti(np.arange(20, dtype=np.uint8).reshape(4, 5))),
]


@settings(deadline=None)
@given(
    st.sampled_from(GOOD),
    st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), max_size=8),
    st.integers(0, 10**6),
)
@example(GOOD[0], [], 10**6)
def test_mutated_files_are_read_or_refused(
    folder: Path, content: bytes, changes: list[tuple[int, int]], length: int
) -> None:
    changed = bytearray(content)
    for place, value in changes:
        changed[place % len(changed)] = value
    (folder / "m").write_bytes(changed[: max(length % (2 * len(changed)), 1)])
    try:
        label_map, facts = decode_label_map(folder / "m")
    except LabelMapError:
        return
    assert label_map.ndim == 2
    assert label_map.dtype.kind in "iu"
    assert label_map.min() >= 0
    assert max(label_map.shape) <= 4096
    assert set(facts) == {"format", "note", "spacing_mm", "affine", "grid"}


@settings(deadline=None)
@given(affines(), st.integers(0, 7))
def test_a_turned_label_map_is_turned_back(affine: NDArray[np.float64], way: int) -> None:
    label_map = np.arange(12).reshape(3, 4)
    # Each way is a mirrored or turned copy with the affine that keeps its pixels in place.
    to_original = np.eye(4)
    turned = label_map
    if way & 1:
        turned = turned[::-1]
        to_original = to_original @ _flip(0, turned.shape[0])
    if way & 2:
        turned = turned[:, ::-1]
        to_original = to_original @ _flip(1, turned.shape[1])
    if way & 4:
        turned = turned.T
        to_original = to_original[:, [1, 0, 2, 3]]
    own = Geometry((turned.shape[0], turned.shape[1]), affine @ to_original)
    laid, note = lay_on(turned, own, Geometry((3, 4), affine))
    assert np.array_equal(laid, label_map)
    assert note is None


def _flip(axis: int, length: int) -> NDArray[np.float64]:
    flip = np.eye(4)
    flip[axis, axis], flip[axis, 3] = -1, length - 1
    return flip


def four_labels() -> NDArray[np.uint8]:
    """What ``data/optimised.png`` was before ``optipng -o5`` made it a palette of 2 bits."""
    labels = np.full((64, 64), 9, np.uint8)
    labels[:12, :12], labels[20:40, 20:44], labels[50:60, 5:60] = 0, 3, 200
    return labels


def test_a_grey_label_map_optimised_to_a_palette_keeps_its_labels() -> None:
    path = Path(__file__).parent / "data" / "optimised.png"
    with Image.open(path) as opened:
        assert opened.mode == "P"
        assert np.unique(np.asarray(opened)).tolist() == [0, 1, 2, 3]
    assert (read_label_map(path) == four_labels()).all()


def test_a_palette_of_greys_in_any_order_keeps_its_labels(tmp_path: Path) -> None:
    order = np.array([9, 200, 0, 3], np.uint8)  # background is the third
    indices = np.argmax(four_labels()[..., np.newaxis] == order, axis=-1).astype(np.uint8)
    opened = Image.fromarray(indices, mode="P")
    opened.putpalette(np.repeat(order, 3).tobytes())
    opened.save(tmp_path / "a.png")
    assert (read_label_map(tmp_path / "a.png") == four_labels()).all()


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("kind", ["png", "tiff"])
def test_a_grey_label_map_saved_in_colour_keeps_its_labels(
    kind: str, dtype: type[np.unsignedinteger[Any]], channels: int, tmp_path: Path
) -> None:
    labels = (np.arange(6 * 5).reshape(6, 5) % 7 * 30).astype(dtype)
    opaque = np.full(labels.shape, np.iinfo(dtype).max, dtype)
    samples = np.dstack([labels, labels, labels, opaque][:channels])

    def saved() -> Path:
        path = tmp_path / f"a.{kind}"
        if kind == "png":
            cv2.imwrite(str(path), samples[..., [2, 1, 0, 3][:channels]])
        else:
            tifffile.imwrite(path, samples, photometric="rgb", extrasamples=[2] * (channels - 3))
        return path

    assert (read_label_map(saved()) == labels).all()
    samples[2, 3, channels - 1] -= 1
    with pytest.raises(LabelMapError, match="colour image"):
        read_label_map(saved())


def test_a_palette_of_colours_keeps_its_indices(tmp_path: Path) -> None:
    indices = four_labels() % 7
    opened = Image.fromarray(indices, mode="P")
    opened.putpalette(bytes([90, 90, 90, *range(1, 61)]))
    opened.save(tmp_path / "a.png")
    assert (read_label_map(tmp_path / "a.png") == indices).all()

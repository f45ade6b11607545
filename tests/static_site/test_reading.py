"""What the browser reads of files is what the app reads of them; the rest it refuses in one sentence."""

import base64
import gzip
import io
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pydicom
import pytest
from PIL import Image
from test_static_page import Page

from ctseg.datasets.phantom import phantom_slice, write_dicom
from ctseg.slices import read_stack
from ctseg.ui.compare.frames import slice_head

PHANTOM = phantom_slice(3, "abdomen")
pytestmark = [pytest.mark.browser, pytest.mark.thorough]


@pytest.fixture(scope="module")
def page(browser: Any, address: str) -> Any:
    opened = Page(browser, address)
    yield opened
    opened.close()


def asked(page: Page, *files: Path) -> Any:
    given = [{"name": "file", "data": base64.b64encode(path.read_bytes()).decode()} for path in files]
    return page.ask(files=given)


def png(folder: Path, kind: str) -> Path:
    rng = np.random.default_rng(7)
    grey = rng.integers(0, 256, (31, 45)).astype(np.uint8)
    made = {
        "grey": Image.fromarray(grey),
        "bits": Image.fromarray(grey > 128),
        "deep": Image.fromarray((grey.astype(np.uint16) * 200 + 77).astype(np.uint16)),
        "colour": Image.fromarray(rng.integers(0, 256, (31, 45, 3)).astype(np.uint8)),
        "alpha": Image.fromarray(rng.integers(0, 256, (31, 45, 4)).astype(np.uint8)),
        "grey alpha": Image.fromarray(np.stack([grey, grey[::-1]], axis=2)),
        "palette": Image.fromarray(rng.integers(0, 256, (31, 45, 3)).astype(np.uint8)).quantize(13),
    }[kind]
    path = folder / "made.png"
    made.save(path, **({"transparency": 17} if kind == "grey" else {}))
    return path


def nifti(folder: Path, kind: str) -> Path:
    rng = np.random.default_rng(11)
    voxels = rng.integers(-1000, 1500, (13, 11, 7)).astype(np.int16)
    affine = np.diag([-0.8, -0.7, 2.5, 1.0])
    if kind == "turned":
        affine = np.array([[0, 0, 2.5, 3], [0.8, 0, 0, -5], [0, -0.7, 0, 9], [0, 0, 0, 1]])
    image = nibabel.Nifti1Image(voxels, affine)
    if kind == "scaled":
        image = nibabel.Nifti1Image(np.abs(voxels).astype(np.float32) / 3, affine)
    if kind == "beyond":
        voxels = voxels.astype(np.float32)
        voxels[3, 3, 3], voxels[4, 4, 3] = 4e9, -1e30
        image = nibabel.Nifti1Image(voxels, affine)
    if kind == "placeless":
        image.set_sform(None, 0)
        image.set_qform(None, 0)
    data = image.to_bytes()
    path = folder / ("made.nii.gz" if kind == "packed" else "made.nii")
    path.write_bytes(gzip.compress(data) if kind == "packed" else data)
    return path


def cut_phantom(path: Path, row: int = 230) -> pydicom.Dataset:
    """A phantom's DICOM file, of which a small part is left."""
    write_dicom(PHANTOM, path)
    data = pydicom.dcmread(path)
    part = np.ascontiguousarray(data.pixel_array[row : row + 30, 240:281])
    data.Rows, data.Columns, data.PixelData = *part.shape, part.tobytes()
    data.save_as(path)
    return data


def dicom(folder: Path, kind: str) -> Path:
    path = folder / "made.dcm"
    data = cut_phantom(path)
    if kind == "unused bits":
        data.BitsStored, data.HighBit = 12, 11
        stored = np.frombuffer(data.PixelData, "<u2").copy()
        data.PixelData = (stored | 0xA000).astype("<u2").tobytes()
    if kind == "padding":
        data.add_new(
            "PixelPaddingValue", "SS" if data.PixelRepresentation else "US", int(data.pixel_array[0, 0])
        )
    if kind == "implicit":
        data.file_meta.TransferSyntaxUID = pydicom.uid.ImplicitVRLittleEndian
        data.save_as(path, implicit_vr=True, little_endian=True, enforce_file_format=True)
        return path
    data.save_as(path, enforce_file_format=True)
    return path


@pytest.mark.parametrize(
    ("make", "kind"),
    [(png, kind) for kind in ("grey", "bits", "deep", "colour", "alpha", "grey alpha", "palette")]
    + [(nifti, kind) for kind in ("plain", "packed", "turned", "scaled", "placeless", "beyond")]
    + [(dicom, kind) for kind in ("explicit", "implicit", "unused bits", "padding")],
    ids=lambda each: each if isinstance(each, str) else each.__name__,
)
def test_a_file_holds_what_the_app_reads(page: Page, tmp_path: Path, make: Any, kind: str) -> None:
    path = make(tmp_path, kind)
    stack = read_stack(path)
    answer = asked(page, path)
    shown = stack[answer["opened"]["index"]]
    assert answer["opened"]["slices"] == len(stack)
    assert answer["opened"]["index"] == stack.middle
    assert answer["slice"]["intensity"] == shown.intensity
    assert answer["slice"]["facts"] == slice_head(shown, stack.middle, len(stack))["facts"]
    assert answer["slice"]["spacing_mm"] == pytest.approx(shown.spacing_mm)
    assert np.array_equal(np.array(answer["pixels"]).reshape(shown.shape), np.rint(shown.pixels))


def test_a_grey_jpeg_holds_what_the_app_reads(page: Page, tmp_path: Path) -> None:
    path = tmp_path / "made.jpg"
    ramp = np.add.outer(np.arange(40), np.arange(56) * 3).astype(np.uint8)
    Image.fromarray(ramp).save(path, quality=90)
    shown = read_stack(path)[0]
    difference = np.array(asked(page, path)["pixels"]).reshape(shown.shape) - shown.pixels.astype(int)
    assert np.abs(difference).max() <= 1


def test_a_series_lies_feet_first(page: Page, tmp_path: Path) -> None:
    paths = []
    for place in (12.5, -4.0, 3.0):
        path = tmp_path / f"{place}.dcm"
        data = cut_phantom(path, 200 + int(place))
        data.ImagePositionPatient = [*data.ImagePositionPatient[:2], place]
        data.SeriesInstanceUID = "1.2.3"
        data.save_as(path)
        paths.append(path)
    answer = asked(page, *paths)
    assert answer["opened"]["slices"] == 3
    middle = read_stack(paths[2])[0]
    assert np.array_equal(np.array(answer["pixels"]).reshape(middle.shape), middle.pixels)


def _changed(tmp_path: Path, **elements: Any) -> Path:
    path = dicom(tmp_path, "explicit")
    data = pydicom.dcmread(path)
    for keyword, value in elements.items():
        if value is None:
            delattr(data, keyword)
        else:
            setattr(data, keyword, value)
    data.save_as(path)
    return path


def test_what_is_not_read_is_refused_in_one_sentence(page: Page, tmp_path: Path) -> None:
    picture = io.BytesIO()
    Image.fromarray(np.zeros((9, 9), np.uint8)).save(picture, "TIFF")
    turned = tmp_path / "turned.jpg"
    exif = Image.Exif()
    exif[274] = 6
    Image.fromarray(np.zeros((9, 9), np.uint8)).save(turned, exif=exif)
    damaged = png(tmp_path, "colour").read_bytes()
    files: list[tuple[bytes, str]] = [
        (picture.getvalue(), "none of PNG, JPEG, NIfTI and DICOM"),
        (turned.read_bytes(), "turn it upright"),
        (damaged[:-40], "damaged or incomplete"),
        (damaged[:60] + b"\0" + damaged[61:], "damaged or incomplete"),
        (_changed(tmp_path, RescaleSlope=None).read_bytes(), "how its values become Hounsfield units"),
        (_changed(tmp_path, Modality="MR").read_bytes(), "not a single CT image"),
        (_changed(tmp_path, Rows=20).read_bytes(), "contradict each other"),
        (_changed(tmp_path, NumberOfFrames=2).read_bytes(), "several images"),
        (dicom(tmp_path, "explicit").read_bytes()[:-900], "before its last pixel"),
        (nifti(tmp_path, "plain").read_bytes()[:-200], "before its last voxel"),
        (nifti(tmp_path, "plain").read_bytes()[:300] + b"\0" * 100, "none of PNG"),
    ]
    for number, (content, sentence) in enumerate(files):
        path = tmp_path / str(number)
        path.write_bytes(content)
        with pytest.raises(Exception, match=sentence):
            asked(page, path)

"""DICOM CT: stored values become HU in every transfer syntax, and other objects a sentence."""

import io
from pathlib import Path
from typing import Any

import gdcm
import numpy as np
import pydicom
import pytest
from dicom_files import SERIES, ct_dataset, stored_values, write, write_ct
from PIL import Image
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence
from pydicom.uid import (
    MPEG2MPML,
    UID,
    EnhancedCTImageStorage,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLSLossless,
    RLELossless,
    SecondaryCaptureImageStorage,
)

from ctseg.slices import SliceError, Window
from ctseg.slices.decode import decode
from ctseg.slices.dicom.header import read_whole
from ctseg.slices.dicom.syntaxes import TRANSFER_SYNTAXES

HOUNSFIELD = stored_values().astype(int) - 1024
UNCOMPRESSED = [ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian]
GDCM_KINDS = ["JPEGLosslessProcess14", "JPEGLosslessProcess14_1", "JPEGLSLossless", "JPEG2000Lossless"]
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.mark.parametrize("syntax", UNCOMPRESSED)
def test_uncompressed(syntax: UID, tmp_path: Path) -> None:
    stack = decode([write(ct_dataset(), tmp_path / "a", syntax)])
    assert (stack.pixels[0] == HOUNSFIELD).all()
    assert stack.pixels.dtype == np.int16
    assert stack.intensity == "HU"
    assert stack.spacing_mm == (0.5, 0.75)
    assert stack.source == "DICOM"
    assert stack.note is None


@pytest.mark.parametrize("syntax", [RLELossless, JPEGLSLossless, JPEG2000Lossless])
@pytest.mark.parametrize("signed", [0, 1])
def test_compressed_without_loss(syntax: UID, signed: int, tmp_path: Path) -> None:
    if signed:
        dataset = ct_dataset(HOUNSFIELD.astype(np.int16), PixelRepresentation=1, RescaleIntercept=0)
        dataset.BitsStored, dataset.HighBit = 16, 15
    else:
        dataset = ct_dataset()
    dataset.compress(syntax)
    dataset.save_as(tmp_path / "a", enforce_file_format=True)
    assert (decode([tmp_path / "a"]).pixels[0] == HOUNSFIELD).all()


@pytest.mark.parametrize(
    "kind",
    ["JPEGLosslessProcess14", "JPEGLosslessProcess14_1", "JPEGLSLossless", "JPEG2000Lossless", "RLELossless"],
)
def test_compressed_by_gdcm(kind: str, tmp_path: Path) -> None:
    reader = gdcm.ImageReader()
    reader.SetFileName(str(write_ct(tmp_path / "plain")))
    assert reader.Read()
    change = gdcm.ImageChangeTransferSyntax()
    change.SetTransferSyntax(gdcm.TransferSyntax(getattr(gdcm.TransferSyntax, kind)))
    change.SetInput(reader.GetImage())
    assert change.Change()
    writer = gdcm.ImageWriter()
    writer.SetFileName(str(tmp_path / "a"))
    writer.SetFile(reader.GetFile())
    writer.SetImage(change.GetOutput())
    assert writer.Write()
    assert pydicom.dcmread(tmp_path / "a").file_meta.TransferSyntaxUID.is_compressed
    assert (decode([tmp_path / "a"]).pixels[0] == HOUNSFIELD).all()


def test_jpeg_of_8_bits(tmp_path: Path) -> None:
    smooth = np.tile(np.arange(0, 256, 4, dtype=np.uint8), (64, 1))
    encoded = io.BytesIO()
    Image.fromarray(smooth).save(encoded, "JPEG", quality=95)
    dataset = ct_dataset(smooth, BitsAllocated=8, BitsStored=8, HighBit=7)
    dataset.PixelData = encapsulate([encoded.getvalue()])
    dataset.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    dataset.save_as(tmp_path / "a", enforce_file_format=True)
    assert np.abs(decode([tmp_path / "a"]).pixels[0] - (smooth.astype(int) - 1024)).max() <= 4


def test_jpeg_of_12_bits(tmp_path: Path) -> None:
    dataset = pydicom.dcmread(get_testdata_file("JPGExtended.dcm"))
    dataset.Modality, dataset.RescaleSlope, dataset.RescaleIntercept = "CT", 1, -1024
    dataset.save_as(tmp_path / "a")
    stack = decode([tmp_path / "a"])
    assert stack.pixels.shape == (1, 1024, 256)
    # The largest value that the file's own header tells of is 278 before the lossy compression.
    assert (stack.pixels.min(), stack.pixels.max()) == (-1024, 264 - 1024)


def test_list_of_transfer_syntaxes_can_all_be_decoded() -> None:
    from pydicom.pixels import get_decoder

    compressed = [syntax for syntax in TRANSFER_SYNTAXES if syntax.is_compressed]
    assert len(compressed) == 12
    assert all(get_decoder(syntax).is_available for syntax in compressed)


@pytest.mark.parametrize("kept_meta", [True, False])
@pytest.mark.parametrize("syntax", UNCOMPRESSED)
def test_without_preamble(syntax: UID, kept_meta: bool, tmp_path: Path) -> None:
    data = write(ct_dataset(), tmp_path / "a", syntax).read_bytes()
    meta_length = 12 + int.from_bytes(data[140:144], "little")
    (tmp_path / "a").write_bytes(data[132 if kept_meta else 132 + meta_length :])
    assert (decode([tmp_path / "a"]).pixels[0] == HOUNSFIELD).all()


def test_class_named_in_the_meta_only(tmp_path: Path) -> None:
    dataset = ct_dataset(SOPClassUID=None, Modality=None)
    dataset.save_as(tmp_path / "a")
    assert decode([tmp_path / "a"]).intensity == "HU"


@pytest.mark.parametrize("slope", [2, 0.5, -1])
def test_rescale(slope: float, tmp_path: Path) -> None:
    stack = decode([write_ct(tmp_path / "a", RescaleSlope=slope, RescaleIntercept=-1000)])
    assert (stack.pixels[0] == stored_values() * float(slope) - 1000).all()
    assert stack.pixels.dtype == (np.float32 if slope == 0.5 else np.int16)


def test_monochrome1_does_not_invert_hounsfield_units(tmp_path: Path) -> None:
    stack = decode([write_ct(tmp_path / "a", PhotometricInterpretation="MONOCHROME1")])
    assert (stack.pixels[0] == HOUNSFIELD).all()


def test_monochrome1_inverts_grey_levels(tmp_path: Path) -> None:
    elements = {"RescaleSlope": None, "RescaleIntercept": None}
    plain = decode([write_ct(tmp_path / "a", **elements)])
    inverted = decode([write_ct(tmp_path / "b", PhotometricInterpretation="MONOCHROME1", **elements)])
    assert plain.intensity == inverted.intensity == "8-bit"
    assert (plain.pixels == 255 - inverted.pixels).all()


def test_padding_becomes_the_lowest_value_outside_it(tmp_path: Path) -> None:
    pixels = stored_values().astype(np.int16)
    pixels[:3] = -2000
    elements: dict[str, Any] = {"PixelRepresentation": 1, "BitsStored": 16, "HighBit": 15}
    stack = decode([write_ct(tmp_path / "a", pixels, PixelPaddingValue=-2000, **elements)])
    assert (stack.pixels[0, 3:] == HOUNSFIELD[3:]).all()
    assert (stack.pixels[0, :3] == HOUNSFIELD[3:].min()).all()


def test_padding_range(tmp_path: Path) -> None:
    stack = decode([write_ct(tmp_path / "a", PixelPaddingValue=3000, PixelPaddingRangeLimit=4095)])
    assert stack.pixels.max() < 3000 - 1024
    assert (stack.pixels[0] == np.where(stored_values() >= 3000, HOUNSFIELD.min(), HOUNSFIELD)).all()


def test_nothing_but_padding(tmp_path: Path) -> None:
    stack = decode([write_ct(tmp_path / "a", np.full((4, 4), 7, np.uint16), PixelPaddingValue=7)])
    assert (stack.pixels == -1024).all()


def test_negative_padding_written_as_unsigned(tmp_path: Path) -> None:
    dataset = ct_dataset(np.array([[-2000, 5]], np.int16), PixelRepresentation=1, BitsStored=16, HighBit=15)
    dataset.add_new("PixelPaddingValue", "US", 65536 - 2000)
    assert decode([write(dataset, tmp_path / "a")]).pixels.tolist() == [[[5 - 1024, 5 - 1024]]]


@pytest.mark.parametrize(
    ("width", "level", "window"),
    [
        (400, 40, Window(400, 40)),
        ([400, 1500], [40, -600], Window(400, 40)),
        (0, 40, None),
        (None, 40, None),
    ],
)
def test_window_of_the_file(width: Any, level: Any, window: Window | None, tmp_path: Path) -> None:
    stack = decode([write_ct(tmp_path / "a", WindowWidth=width, WindowCenter=level)])
    assert stack.window == window
    assert stack[0].window == window


@pytest.mark.parametrize("spacing", [None, [0, 1], [-1, 1], [5000, 1]])
def test_spacing_that_is_no_spacing(spacing: Any, tmp_path: Path) -> None:
    stack = decode([write_ct(tmp_path / "a", PixelSpacing=spacing)])
    assert stack.spacing_mm is None
    assert stack[0].affine is None


def test_affine_leads_to_the_patient(tmp_path: Path) -> None:
    affine = decode([write_ct(tmp_path / "a")])[0].affine
    assert affine is not None
    # DICOM: column to the left, row to the back; RAS+ counts to the right and to the front.
    assert (affine @ [0, 0, 0, 1]).tolist() == [10, 20, 30, 1]
    assert (affine @ [2, 4, 0, 1]).tolist() == [10 - 4 * 0.75, 20 - 2 * 0.5, 30, 1]


@pytest.mark.parametrize("orientation", [None, [1, 0, 0, 1, 0, 0], [0, 0, 0, 0, 0, 0]])
def test_orientation_that_is_none(orientation: Any, tmp_path: Path) -> None:
    stack = decode([write_ct(tmp_path / "a", ImageOrientationPatient=orientation)])
    assert stack.affines is None
    assert (stack.pixels[0] == HOUNSFIELD).all()


def test_no_rescale_but_numbers_like_hounsfield_units(tmp_path: Path) -> None:
    elements: dict[str, Any] = {"PixelRepresentation": 1, "BitsStored": 16, "HighBit": 15}
    pixels = HOUNSFIELD.astype(np.int16)
    stack = decode([write_ct(tmp_path / "a", pixels, RescaleSlope=None, RescaleIntercept=None, **elements)])
    assert stack.intensity == "HU"
    assert (stack.pixels[0] == HOUNSFIELD).all()


def test_numbers_of_another_kind_are_not_hounsfield_units(tmp_path: Path) -> None:
    stack = decode([write_ct(tmp_path / "a", RescaleType="Z_EFF", RescaleIntercept=0)])
    assert stack.intensity == "8-bit"


def multi_frame(tmp_path: Path, heights: list[float]) -> Path:
    frames = np.stack([stored_values() // 2 + index for index in range(len(heights))])
    dataset = ct_dataset(frames, SOPClassUID=EnhancedCTImageStorage, NumberOfFrames=len(heights))
    for keyword in ("PixelSpacing", "ImageOrientationPatient", "ImagePositionPatient"):
        delattr(dataset, keyword)
    del dataset.RescaleSlope, dataset.RescaleIntercept
    shared = Dataset()
    shared.PixelMeasuresSequence = Sequence([item(PixelSpacing=[0.5, 0.75])])
    shared.PlaneOrientationSequence = Sequence([item(ImageOrientationPatient=[1, 0, 0, 0, 1, 0])])
    dataset.SharedFunctionalGroupsSequence = Sequence([shared])
    groups = []
    for index, height in enumerate(heights):
        group = Dataset()
        group.PlanePositionSequence = Sequence([item(ImagePositionPatient=[-10, -20, height])])
        group.PixelValueTransformationSequence = Sequence(
            [item(RescaleSlope=1, RescaleIntercept=-1000 - index, RescaleType="HU")]
        )
        group.FrameVOILUTSequence = Sequence([item(WindowCenter=40, WindowWidth=400)])
        groups.append(group)
    dataset.PerFrameFunctionalGroupsSequence = Sequence(groups)
    return write(dataset, tmp_path / "enhanced")


def item(**elements: Any) -> Dataset:
    dataset = Dataset()
    for keyword, value in elements.items():
        setattr(dataset, keyword, value)
    return dataset


def test_enhanced_multi_frame(tmp_path: Path) -> None:
    stack = decode([multi_frame(tmp_path, [7.0, 5.0, 3.0])])
    # Sorted from the feet upwards; rescale and values shift by one with each frame and cancel out.
    assert len(stack) == 3
    assert (stack.pixels == stored_values().astype(int) // 2 - 1000).all()
    assert stack.affines is not None
    assert stack.affines[:, 2, 3].tolist() == [3, 5, 7]
    assert stack.affines[0, 2, 2] == 2
    assert stack.spacing_mm == (0.5, 0.75)
    assert stack.window == Window(400, 40)


def test_plain_multi_frame_compressed(tmp_path: Path) -> None:
    frames = np.stack([stored_values(), stored_values()[::-1], stored_values() // 2])
    dataset = ct_dataset(frames, NumberOfFrames=3)
    dataset.compress(JPEG2000Lossless)
    dataset.save_as(tmp_path / "a", enforce_file_format=True)
    stack = decode([tmp_path / "a"])
    assert (stack.pixels == frames.astype(int) - 1024).all()


def test_32_bits(tmp_path: Path) -> None:
    pixels = stored_values().astype(np.uint32)
    stack = decode([write_ct(tmp_path / "a", pixels, BitsAllocated=32, BitsStored=32, HighBit=31)])
    assert (stack.pixels[0] == HOUNSFIELD).all()


@pytest.mark.parametrize(
    ("elements", "word"),
    [
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.4", "Modality": "MR"}, r"\(MR\)"),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.4", "Modality": None}, r"\(MR\)"),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.128", "Modality": "PT"}, "PET"),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.1.1", "Modality": "DX"}, r"radiograph \(DX\)"),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.66.4", "Modality": "SEG"}, "segmentation"),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.481.3", "Modality": "CT"}, "RTSTRUCT"),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.104.1", "Modality": "DOC"}, "document"),
        ({"SOPClassUID": SecondaryCaptureImageStorage, "Modality": "OT"}, "secondary capture"),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.77.1.6", "Modality": "ZZ"}, "VL Whole Slide"),
        ({"SOPClassUID": "1.2.3.4", "Modality": "ZZ"}, "an unknown kind"),
        ({"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]}, "scout view"),
        ({"PhotometricInterpretation": "PALETTE COLOR"}, "colour image"),
        ({"Rows": None}, "holds no image"),
        ({"Rows": 0}, "no pixels"),
        ({"Columns": 5000}, "5000 x 40 pixels"),
        ({"NumberOfFrames": 3000}, "3000 slices"),
        ({"NumberOfFrames": 2}, "damaged"),
        ({"BitsAllocated": 17}, "damaged"),
    ],
)
def test_refused_with_a_sentence_of_its_own(elements: dict[str, Any], word: str, tmp_path: Path) -> None:
    with pytest.raises(SliceError, match=word):
        decode([write_ct(tmp_path / "a", **elements)])


def test_colour_is_refused(tmp_path: Path) -> None:
    dataset = ct_dataset(np.zeros((24, 60), np.uint8), SamplesPerPixel=3, PhotometricInterpretation="RGB")
    dataset.Columns, dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 20, 8, 8, 7
    dataset.PlanarConfiguration = 0
    with pytest.raises(SliceError, match="colour image"):
        decode([write(dataset, tmp_path / "a")])


def test_grey_capture_of_a_ct_is_read_as_grey_levels(tmp_path: Path) -> None:
    pixels = np.arange(12, dtype=np.uint8).reshape(3, 4)
    dataset = ct_dataset(pixels, SOPClassUID=SecondaryCaptureImageStorage, RescaleIntercept=0)
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 8, 8, 7
    assert decode([write(dataset, tmp_path / "a")]).intensity == "8-bit"


def test_no_pixels_behind_the_header(tmp_path: Path) -> None:
    dataset = ct_dataset()
    del dataset.PixelData
    with pytest.raises(SliceError, match="holds no image"):
        decode([write(dataset, tmp_path / "a")])


@pytest.mark.parametrize(("syntax", "word"), [(MPEG2MPML, "MPEG2"), (UID("1.2.3.4"), "an unknown way")])
def test_other_transfer_syntaxes_are_refused(syntax: UID, word: str, tmp_path: Path) -> None:
    dataset = ct_dataset()
    dataset.PixelData = encapsulate([b"1234"])
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.save_as(tmp_path / "a", implicit_vr=False, little_endian=True)
    with pytest.raises(SliceError, match=f"compressed as {word}"):
        decode([tmp_path / "a"])


def test_names_of_patients_are_passed_over(tmp_path: Path) -> None:
    with write_ct(tmp_path / "a").open("rb") as file:
        dataset = read_whole(file)
    assert "PatientName" not in dataset
    assert "PatientID" not in dataset
    assert dataset.SeriesInstanceUID == SERIES

"""Formats of the field under mutated bytes, in the sandbox; ``--fuzz-seconds 600`` for ten minutes each."""

import io
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import nibabel
import numpy as np
import pytest
from dicom_files import stored_values, write_ct
from fuzzing import PLACED
from PIL import Image
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, JPEG2000Lossless, RTStructureSetStorage

from ctseg.labelmaps.files import write_dicom_seg, write_metaimage, write_seg_nrrd
from ctseg.sandbox.runner import Limits, run_decoder
from ctseg.slices.decode import decode
from ctseg.slices.identity import IDENTIFIERS

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]
LABELS = np.arange(20 * 24).reshape(20, 24) // 50


def _zip(content: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    return packed.getvalue()


def _metaimage(path: Path) -> None:
    write_metaimage(path, LABELS, PLACED)


def _mhd(path: Path) -> None:
    header = "ObjectType = Image\nNDims = 3\nElementSpacing = 1 2 3\nDimSize = 24 20 1\n"
    header += "ElementType = MET_SHORT\nElementDataFile = a.raw\n"
    path.write_bytes(_zip({"a.mhd": header.encode(), "a.raw": LABELS.astype("<i2").tobytes()}))


def _nrrd(path: Path) -> None:
    write_seg_nrrd(path, LABELS, PLACED)


def _npy(path: Path) -> None:
    with path.open("wb") as file:
        np.save(file, LABELS)


def _npz(path: Path) -> None:
    with path.open("wb") as file:
        np.savez_compressed(file, LABELS)


def _seg(path: Path) -> None:
    identity = dict.fromkeys(IDENTIFIERS, "") | {"FrameOfReferenceUID": "1.2.3"}
    uids = {"StudyInstanceUID": "1.2.4", "SeriesInstanceUID": "1.2.5", "SOPInstanceUID": "1.2.6"}
    sop_class = {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.2"}
    write_dicom_seg(path, LABELS, PLACED, identity | uids | sop_class)


def _structures(path: Path) -> None:
    contour, structure, file = Dataset(), Dataset(), Dataset()
    contour.ContourGeometricType, contour.NumberOfContourPoints = "CLOSED_PLANAR", 4
    contour.ContourData = [-4, -6, 0, -30, -6, 0, -30, -40, 0, -4, -40, 0]
    structure.ReferencedROINumber, structure.ContourSequence = 1, [contour]
    file.SOPClassUID, file.ROIContourSequence = RTStructureSetStorage, [structure]
    file.file_meta = FileMetaDataset()
    file.file_meta.MediaStorageSOPClassUID, file.SOPInstanceUID = RTStructureSetStorage, "1.2.3"
    file.file_meta.MediaStorageSOPInstanceUID = "1.2.3"
    file.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    file.save_as(path, enforce_file_format=True)


def _series(path: Path) -> None:
    for k in range(3):
        write_ct(path.with_name(f"{k}"), stored_values(8, 9), ImagePositionPatient=[0, 0, 3 * k])
    path.write_bytes(_zip({f"{k}": path.with_name(f"{k}").read_bytes() for k in range(3)}))


def _jpeg_2000(path: Path) -> None:
    import pydicom

    dataset = pydicom.dcmread(get_testdata_file("CT_small.dcm"))
    dataset.compress(JPEG2000Lossless)
    dataset.save_as(path)


def _nifti(path: Path) -> None:
    volume = nibabel.Nifti1Image(LABELS[..., np.newaxis].astype(np.int16), np.diag([1, 2, 3, 1.0]))
    path.write_bytes(volume.to_bytes())


def _tiff(path: Path) -> None:
    import tifffile

    pages = np.stack([LABELS, LABELS + 300]).astype(np.uint16)
    with path.open("wb") as file:
        tifffile.imwrite(file, pages, compression="zlib", predictor=True, photometric="minisblack")


def _tiff_of_imagej(path: Path) -> None:
    import tifffile

    with path.open("wb") as file:
        tifffile.imwrite(file, np.stack([LABELS, LABELS]).astype(np.uint16), imagej=True)


def _png(path: Path) -> None:
    Image.fromarray(LABELS.astype(np.uint16)).save(path, format="PNG")


def _palette(path: Path) -> None:
    image = Image.fromarray(LABELS.astype(np.uint8)).convert("P")
    image.save(path, format="PNG", transparency=0)


def _jpeg(path: Path) -> None:
    Image.fromarray(LABELS.astype(np.uint8)).save(path, format="JPEG")


WRITERS: dict[str, Callable[[Path], None]] = {
    "MetaImage": _metaimage,
    "MetaImage in a ZIP": _mhd,
    "NRRD": _nrrd,
    "NumPy": _npy,
    "NumPy NPZ": _npz,
    "DICOM SEG": _seg,
    "RTSTRUCT": _structures,
    "DICOM series": _series,
    "JPEG 2000": _jpeg_2000,
    "NIfTI": _nifti,
    "TIFF": _tiff,
    "TIFF of ImageJ": _tiff_of_imagej,
    "PNG": _png,
    "PNG with a palette": _palette,
    "JPEG": _jpeg,
}


@pytest.mark.parametrize("kind", WRITERS)
def test_mutated_bytes_give_a_result_or_a_sentence(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pytestconfig: pytest.Config
) -> None:
    monkeypatch.setenv(
        "PYTHONPATH", os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])
    )
    seconds = int(pytestconfig.getoption("fuzz_seconds"))
    WRITERS[kind](tmp_path / "valid")
    limits = Limits(cpu_seconds=seconds + 60, wall_seconds=seconds + 120.0)
    counts, _ = run_decoder("fuzzing:fuzz", [tmp_path / "valid"], limits, tmp_path, [str(seconds), kind])
    tried, read = counts.tolist()
    print(f"{kind}: {tried} files, {read} results in {seconds} s")
    assert tried > 0
    if kind not in ("DICOM SEG", "RTSTRUCT"):  # which are no slices, nor label maps without one
        assert len(decode([tmp_path / "valid"])) >= 1

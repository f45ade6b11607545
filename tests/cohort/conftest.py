"""A small folder of patients: numbered images, a volume with masks, DICOM series, and files that are none."""

import shutil
from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.data import get_testdata_file
from pydicom.uid import generate_uid

SIDE = 48


def blocks(rng: np.random.Generator, shape: tuple[int, ...], low: int, high: int) -> np.ndarray:
    """Blocks of 12 px, each of one value."""
    small = rng.integers(low, high, tuple(length // 12 if length == SIDE else length for length in shape))
    for axis, length in enumerate(shape):
        if length == SIDE:
            small = np.repeat(small, 12, axis)
    return small


def save_volume(path: Path, voxels: np.ndarray, step: float = 1.5) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    nibabel.save(nibabel.Nifti1Image(voxels, np.diag([step, step, step, 1.0])), path)


@pytest.fixture(scope="session")
def patients(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with 3 images, a volume of 3 slices with 2 masks, 2 series of one patient, and what is none."""
    folder, rng = tmp_path_factory.mktemp("cohort") / "patients", np.random.default_rng(3)
    (folder / "images").mkdir(parents=True)
    for number in (2, 9, 10):
        grey = blocks(rng, (SIDE, SIDE), 0, 255).astype(np.uint8)
        Image.fromarray(grey).save(folder / "images" / f"{number}.png")
    voxels = blocks(rng, (SIDE, SIDE, 3), -1000, 1000).astype(np.int16)
    save_volume(folder / "s0001" / "ct.nii.gz", voxels)
    for name, low in (("liver", -500), ("spleen", 200)):
        mask = ((voxels > low) & (voxels < low + 400)).astype(np.uint8)
        save_volume(folder / "s0001" / "segmentations" / f"{name}.nii.gz", mask)
    _write_series(folder / "export")
    (folder / "broken.png").write_bytes((folder / "images" / "2.png").read_bytes()[:90])
    (folder / "empty.dcm").touch()
    (folder / "read me.txt").write_text("Three patients.")
    (folder / ".hidden.png").write_bytes(b"nothing")
    return folder


def _write_series(folder: Path) -> None:
    """Two series of one patient in one folder, and a file that is cut short."""
    folder.mkdir()
    source = Path(str(get_testdata_file("CT_small.dcm")))
    for series in range(2):
        uid = generate_uid(entropy_srcs=["series", str(series)])
        for number in range(2):
            dataset = pydicom.dcmread(source)
            dataset.SeriesInstanceUID = uid
            dataset.SOPInstanceUID = generate_uid(entropy_srcs=[uid, str(number)])
            dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
            dataset.ImagePositionPatient = [-158.1, -179.0, -75.7 + 5 * number]
            dataset.InstanceNumber = number + 1
            dataset.save_as(folder / f"{series}{number}")
    shutil.copy(source, folder / "cut")
    (folder / "cut").write_bytes(source.read_bytes()[:400])

"""SimpleITK, and dcm2niix with nibabel, put the same HU at the same places as ctseg does.

`DIFFERENCES` names every situation in which one of them is known to say something else, and the clause of the
standard (or of the tool's own documentation) by which ctseg says what it says.
"""

import math
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from agreement import Volume, agree
from dicom_files import ct_dataset, stored_values, write, write_ct
from pydicom.data import get_testdata_file
from pydicom.uid import UID, ExplicitVRBigEndian, ImplicitVRLittleEndian, JPEG2000Lossless, RLELossless

from ctseg.slices import Stack
from ctseg.slices.decode import decode_folder

sitk = pytest.importorskip("SimpleITK")
dcm2niix = pytest.importorskip("dcm2niix")
pytestmark = pytest.mark.filterwarnings("ignore")

DIFFERENCES = {
    (
        "SimpleITK",
        "two phases",
    ): "PS3.3 C.7.6.2.1.1: two images at one Image Position (Patient) are no "
    "volume; the reader puts one behind the other",
    ("dcm2niix", "two phases"): "as above: both are kept, along a fourth axis",
    ("SimpleITK", "a gap"): "PS3.3 C.7.6.2.1.1: the place of a slice is its own Image Position (Patient); an "
    "ITK image has one spacing for all slices",
    ("dcm2niix", "a gap"): "as above: a NIfTI volume has one spacing for all slices",
    ("SimpleITK", "disc 77654033"): "a gap of 202.5 mm, as above",
    ("dcm2niix", "disc 77654033"): "a gap of 202.5 mm, as above",
    ("SimpleITK", "copies"): "PS3.3 C.12.1: one SOP Instance UID is one image; the reader stacks copies",
    ("SimpleITK", "693_J2KI"): "PS3.3 C.7.5.1.1.2: Pixel Padding Value marks what is no part of the image; "
    "ctseg gives it the lowest value outside it",
    ("dcm2niix", "693_J2KI"): "as above",
    (
        "dcm2niix",
        "J2K_pixelrep_mismatch",
    ): "PS3.5 8.2.4: Pixel Representation says that the values are "
    "signed, the stream that they are not; pydicom and GDCM extend the sign of its 13 bits as ctseg does",
}


def written(folder: Path, **elements: Any) -> None:
    """Five slices, whose files are named against their order."""
    for k in range(5):
        write_ct(
            folder / f"IM{9 - k}",
            stored_values() // (k + 1),
            **{"ImagePositionPatient": [-10, -20, 3.0 * k], "InstanceNumber": 9 - k, **elements},
        )


def along(direction: list[float], folder: Path, step: float = 2.5) -> None:
    normal = np.cross(direction[:3], direction[3:])
    for k in range(5):
        position = [round(float(x), 6) for x in np.array([-10.0, -20.0, 30.0]) + step * k * normal]
        write_ct(
            folder / f"IM{9 - k}",
            stored_values() // (k + 1),
            ImagePositionPatient=position,
            ImageOrientationPatient=direction,
            InstanceNumber=k + 1,
        )


def per_slice(folder: Path) -> None:
    for k in range(5):
        write_ct(folder / f"{k}", ImagePositionPatient=[0, 0, 3 * k], RescaleIntercept=-1000 - k)


def phases(folder: Path) -> None:
    for k in range(10):
        write_ct(
            folder / f"{k}",
            stored_values() // (k + 1),
            ImagePositionPatient=[0, 0, 3 * (k % 5)],
            AcquisitionNumber=k // 5 + 1,
            InstanceNumber=k + 1,
        )


def gap(folder: Path) -> None:
    for k, z in enumerate((0, 3, 6, 12, 15)):
        write_ct(
            folder / f"{k}", stored_values() // (k + 1), ImagePositionPatient=[0, 0, z], InstanceNumber=k
        )


def copies(folder: Path) -> None:
    written(folder)
    for path in list(folder.iterdir()):
        (folder / f"{path.name}-copy").write_bytes(path.read_bytes())


def encoded(syntax: UID) -> Callable[[Path], None]:
    def write_all(folder: Path) -> None:
        for k in range(5):
            dataset = ct_dataset(
                stored_values() // (k + 1), ImagePositionPatient=[0, 0, 3 * k], InstanceNumber=k + 1
            )
            if not syntax.is_compressed:
                write(dataset, folder / f"{k}", syntax)
                continue
            dataset.compress(syntax)
            dataset.save_as(folder / f"{k}", enforce_file_format=True)

    return write_all


def signed(folder: Path) -> None:
    for k in range(5):
        write_ct(
            folder / f"{k}",
            (stored_values().astype(np.int16) - 2048) & 0xFFF,
            PixelRepresentation=1,
            RescaleIntercept=0,
            ImagePositionPatient=[0, 0, 3 * k],
            InstanceNumber=k + 1,
        )


def overlay(folder: Path) -> None:
    for k in range(5):
        write_ct(
            folder / f"{k}",
            stored_values() | np.uint16(0x5000),
            ImagePositionPatient=[0, 0, 3 * k],
            InstanceNumber=k + 1,
        )


def wheel(name: str) -> Callable[[Path], None]:
    def write_one(folder: Path) -> None:
        (folder / "IM0").write_bytes(Path(str(get_testdata_file(name))).read_bytes())

    return write_one


def disc(name: str) -> Callable[[Path], None]:
    """A series of pydicom's sample discs."""

    def write_all(folder: Path) -> None:
        home = Path(str(get_testdata_file("CT_small.dcm"))).parent / "dicomdirtests" / name
        for path in home.iterdir():
            (folder / path.name).write_bytes(path.read_bytes())

    return write_all


TURN = [math.cos(0.4), math.sin(0.4), 0, -math.sin(0.4), math.cos(0.4), 0]
TILT = [1, 0, 0, 0, math.cos(0.3), math.sin(0.3)]
SITUATIONS: dict[str, Callable[[Path], None]] = {
    "supine": written,
    "seen from above": lambda folder: along([-1, 0, 0, 0, 1, 0], folder),
    "prone": lambda folder: along([-1, 0, 0, 0, -1, 0], folder),
    "decubitus": lambda folder: along([0, 1, 0, -1, 0, 0], folder),
    "turned": lambda folder: along(TURN, folder),
    "tilted": lambda folder: along(TILT, folder),
    "coronal": lambda folder: along([1, 0, 0, 0, 0, -1], folder),
    "sagittal": lambda folder: along([0, 1, 0, 0, 0, -1], folder),
    "rescale of each slice": per_slice,
    "two phases": phases,
    "a gap": gap,
    "copies": copies,
    "signed 12 bits": signed,
    "overlay bits": overlay,
    "implicit": encoded(ImplicitVRLittleEndian),
    "big endian": encoded(ExplicitVRBigEndian),
    "RLE": encoded(RLELossless),
    "JPEG 2000": encoded(JPEG2000Lossless),
    "CT_small": wheel("CT_small.dcm"),
    "693_J2KI": wheel("693_J2KI.dcm"),
    "J2K_pixelrep_mismatch": wheel("J2K_pixelrep_mismatch.dcm"),
    "disc 77654033": disc("77654033/CT2"),
    "disc 98892001": disc("98892001/CT5N"),
}


def by_simpleitk(folder: Path) -> Volume:
    names = sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(folder))
    image = sitk.ReadImage(list(names))
    direction = np.array(image.GetDirection()).reshape(3, 3) * np.array(image.GetSpacing())
    place = np.eye(4)
    place[:3, :3], place[:3, 3] = direction, image.GetOrigin()
    # From x, y, z in LPS to slice, row, column in RAS.
    place = np.diag([-1.0, -1.0, 1.0, 1.0]) @ place
    return sitk.GetArrayFromImage(image), place[:, [2, 1, 0, 3]]


def by_dcm2niix(folder: Path, out: Path) -> Volume:
    out.mkdir()
    subprocess.run(
        [dcm2niix.bin, "-z", "n", "-b", "n", "-f", "a", "-o", str(out), str(folder)],
        check=True,
        capture_output=True,
    )
    volume = nibabel.load(sorted(out.glob("a*.nii"))[0])
    return np.asanyarray(volume.dataobj), np.array(volume.affine)


@pytest.mark.parametrize("situation", SITUATIONS)
@pytest.mark.parametrize("tool", ["SimpleITK", "dcm2niix"])
def test_the_same_values_at_the_same_places(tool: str, situation: str, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    SITUATIONS[situation](folder)
    stack = Stack.from_facts(*decode_folder(str(folder)))
    other = by_simpleitk(folder) if tool == "SimpleITK" else by_dcm2niix(folder, tmp_path / "out")
    # A difference that went away must leave the table.
    assert agree(stack, other) == ((tool, situation) not in DIFFERENCES)

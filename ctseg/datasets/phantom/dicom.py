"""Writes a phantom slice as a CT image in DICOM, with HU."""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from ctseg.datasets.phantom.scene import PhantomSlice

if TYPE_CHECKING:
    from pydicom import Dataset
    from pydicom.uid import UID

_INTERCEPT = -1024


def write_dicom(phantom: PhantomSlice, path: Path) -> None:
    """Write a phantom slice as a DICOM CT image; the same slice gives the same bytes.

    UIDs follow from region, seed and pixels. There is no patient: the name and identifier are "PHANTOM".

    Parameters
    ----------
    phantom : PhantomSlice
    path : file to write, replaced if it is there
    """
    from pydicom import Dataset, FileMetaDataset
    from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = CTImageStorage
    meta.MediaStorageSOPInstanceUID = _uid(phantom, "image")
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = _root("ctseg phantom")

    image = Dataset()
    image.file_meta = meta
    image.SOPClassUID = CTImageStorage
    image.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    image.StudyInstanceUID = _uid(phantom, "study")
    image.SeriesInstanceUID = _uid(phantom, "series")
    image.FrameOfReferenceUID = _uid(phantom, "frame of reference")
    _identify(image, phantom)
    _describe_pixels(image, phantom)
    image.save_as(path, enforce_file_format=True)


def _identify(image: "Dataset", phantom: PhantomSlice) -> None:
    image.SpecificCharacterSet = "ISO_IR 100"
    image.ImageType = ["DERIVED", "SECONDARY", "AXIAL"]
    image.Modality = "CT"
    image.PatientName = "PHANTOM"
    image.PatientID = "PHANTOM"
    image.PatientBirthDate = ""
    image.PatientSex = ""
    image.StudyID = ""
    image.StudyDate = ""
    image.StudyTime = ""
    image.AccessionNumber = ""
    image.ReferringPhysicianName = ""
    image.Manufacturer = "ctseg phantom"
    image.SeriesDescription = f"Synthetic {phantom.region}, seed {phantom.seed}"
    image.BodyPartExamined = "CHEST" if phantom.region == "thorax" else "ABDOMEN"
    image.SeriesNumber = 1
    image.AcquisitionNumber = 1
    image.InstanceNumber = 1
    image.KVP = "120"


def _describe_pixels(image: "Dataset", phantom: PhantomSlice) -> None:
    rows, columns = phantom.hounsfield.shape
    image.Rows, image.Columns = rows, columns
    image.SamplesPerPixel = 1
    image.PhotometricInterpretation = "MONOCHROME2"
    image.BitsAllocated = 16
    image.BitsStored = 12
    image.HighBit = 11
    image.PixelRepresentation = 0
    image.RescaleIntercept = str(_INTERCEPT)
    image.RescaleSlope = "1"
    image.RescaleType = "HU"
    image.WindowCenter = str(int(phantom.window.level))
    image.WindowWidth = str(int(phantom.window.width))
    image.PixelSpacing = [f"{distance:.3f}" for distance in phantom.spacing_mm]
    image.SliceThickness = "5"
    image.PatientPosition = "HFS"
    image.PositionReferenceIndicator = ""
    image.ImageOrientationPatient = ["1", "0", "0", "0", "1", "0"]
    corner = [
        -distance * (count - 1) / 2
        for distance, count in zip(phantom.spacing_mm, (columns, rows), strict=True)
    ]
    image.ImagePositionPatient = [f"{corner[0]:.3f}", f"{corner[1]:.3f}", "0"]
    image.PixelData = (phantom.hounsfield.astype("<i4") - _INTERCEPT).astype("<u2").tobytes()


def _uid(phantom: PhantomSlice, what: str) -> "UID":
    pixels = hashlib.sha256(phantom.hounsfield.tobytes()).hexdigest()
    return _root(f"{phantom.region}/{phantom.seed}/{pixels}/{what}")


def _root(text: str) -> "UID":
    """Return a UID under 2.25, the arc for identifiers that need no registration."""
    import pydicom  # noqa: F401 the package before its parts
    from pydicom.uid import UID

    digest = hashlib.sha256(text.encode()).digest()
    return UID(f"2.25.{int.from_bytes(digest[:15], 'big')}")

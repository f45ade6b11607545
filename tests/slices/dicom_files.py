"""Small DICOM CT files written for the tests."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, CTImageStorage, ExplicitVRLittleEndian, generate_uid

SERIES = generate_uid(entropy_srcs=["series"])
OTHER_SERIES = generate_uid(entropy_srcs=["other series"])


def stored_values(height: int = 40, width: int = 36) -> NDArray[np.uint16]:
    """Twelve-bit values without symmetry."""
    return ((np.arange(height * width).reshape(height, width) * 37) % 4096).astype(np.uint16)


def ct_dataset(pixels: NDArray[Any] | None = None, **elements: Any) -> Dataset:
    """Data set of a CT slice, 12 bits, intercept -1024; ``elements`` overrides, None leaves out."""
    pixels = stored_values() if pixels is None else pixels
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = CTImageStorage
    dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    values: dict[str, Any] = {
        "SOPClassUID": CTImageStorage,
        "SOPInstanceUID": dataset.file_meta.MediaStorageSOPInstanceUID,
        "PatientName": "Doe^Jane",
        "PatientID": "4711",
        "Modality": "CT",
        "SeriesInstanceUID": SERIES,
        "Rows": pixels.shape[-2],
        "Columns": pixels.shape[-1],
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "BitsAllocated": 16,
        "BitsStored": 12,
        "HighBit": 11,
        "PixelRepresentation": 0,
        "RescaleSlope": 1,
        "RescaleIntercept": -1024,
        "PixelSpacing": [0.5, 0.75],
        "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
        "ImagePositionPatient": [-10, -20, 30],
        **elements,
    }
    for keyword, value in values.items():
        if value is not None:
            setattr(dataset, keyword, value)
    dataset.PixelData = pixels.tobytes()
    return dataset


def write(dataset: Dataset, path: Path, syntax: UID = ExplicitVRLittleEndian) -> Path:
    """Write a data set of 16-bit pixels in an uncompressed transfer syntax."""
    dataset.file_meta.TransferSyntaxUID = syntax
    little = syntax.is_little_endian
    if not little:
        dataset.PixelData = np.frombuffer(dataset.PixelData, np.uint16).byteswap().tobytes()
    dataset.save_as(path, enforce_file_format=True, implicit_vr=syntax.is_implicit_VR, little_endian=little)
    return path


def write_ct(path: Path, pixels: NDArray[Any] | None = None, **elements: Any) -> Path:
    """Write a CT slice as explicit little endian."""
    return write(ct_dataset(pixels, **elements), path)

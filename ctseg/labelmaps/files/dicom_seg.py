"""Label maps as DICOM Segmentation of type LABELMAP (PS3.3 A.51, 2025), through highdicom."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ctseg.labelmaps.checks import checked
from ctseg.labelmaps.errors import LabelMapError
from ctseg.slices.geometry import FROM_LPS, Geometry

CARRIES = "The DICOM Segmentation carries the patient's name and number of its source, as the standard asks."
VIEWERS = "Viewers that do not know DICOM's LABELMAP of 2025 yet, such as SimpleITK's, cannot open it."
MAX_STRUCTURES = 65535
_NO_DATE, _NO_TIME = "19000101", "000000"


@dataclass(frozen=True)
class SegInstance:
    """What tells one DICOM Segmentation from all others.

    Attributes
    ----------
    series_uid, uid, dimensions_uid : of its series, of itself, of its order of frames
    number : of the instance in its series, from 1
    date, time : when its content was made, as DICOM writes it
    """

    series_uid: str
    uid: str
    dimensions_uid: str
    number: int
    date: str
    time: str


def derived_instance(identity: Mapping[str, str], content: str, number: int) -> SegInstance:
    """Return an instance that follows from source and content, so that the same work gives the same bytes.

    Its date is that of the study: the day on which it was made would differ.

    Parameters
    ----------
    identity : as for `write_dicom_seg`
    content : a digest of all label maps of the series
    number : of the instance in its series, from 1
    """
    series = f"{identity['SeriesInstanceUID']} {content}"
    date, time = identity["StudyDate"] or _NO_DATE, identity["StudyTime"] or _NO_TIME
    return SegInstance(
        _uid(series), _uid(f"{series} {number}"), _uid(f"{series} {number} frames"), number, date, time
    )


def _uid(name: str) -> str:
    """A UID made of a name-based UUID (PS3.5 B.2, RFC 9562)."""
    return f"2.25.{uuid.uuid5(uuid.NAMESPACE_OID, name).int}"


def write_dicom_seg(
    path: str | PathLike[str],
    label_map: NDArray[np.generic],
    geometry: Geometry,
    identity: Mapping[str, str],
    names: Mapping[int, str] | None = None,
    instance: SegInstance | None = None,
) -> None:
    """Write a label map as DICOM Segmentation (LABELMAP) of the CT slice that it belongs to.

    Structures are separated, not named: all segments have one property type, "anatomical structure".

    Parameters
    ----------
    path : where to write; an existing file is replaced
    label_map : ndarray of integers or bool, shape (H, W), non-negative; the segments' numbers are its labels
    geometry : of the slice, whose place must be known
    identity : the source's identifiers by keyword, as `ctseg.slices.identity` finds them
    names : label to what the user called the structure
    instance : its identifiers; new ones, and the present time, if None

    Raises
    ------
    LabelMapError
        If nothing is marked, a label is too large, or the slice's place is unknown.
    """
    import pydicom  # noqa: F401 the package before its parts, which highdicom begins with

    # isort: split
    import highdicom as hd
    from pydicom.sr.codedict import codes

    label_map = checked(label_map)
    labels = np.unique(label_map[label_map > 0]).tolist()
    if not labels:
        raise LabelMapError("A DICOM Segmentation must mark something; choose another format.")
    if labels[-1] > MAX_STRUCTURES:
        raise LabelMapError(f"A DICOM Segmentation ends at label {MAX_STRUCTURES}; choose another format.")
    source = _source(label_map.shape, geometry, identity)
    structure = codes.SCT.AnatomicalStructure
    segments = [
        hd.seg.SegmentDescription(
            segment_number=label,
            segment_label=(" ".join((names or {}).get(label, "").split()) or f"Structure {label}")[:64],
            segmented_property_category=structure,
            segmented_property_type=structure,
            algorithm_type=hd.seg.SegmentAlgorithmTypeValues.AUTOMATIC,
            algorithm_identification=hd.AlgorithmIdentificationSequence(
                name="ctseg", family=codes.DCM.ArtificialIntelligence, version="1"
            ),
        )
        for label in labels
    ]
    dtype = np.uint8 if labels[-1] <= np.iinfo(np.uint8).max else np.uint16
    written = hd.seg.Segmentation(
        source_images=[source],
        pixel_array=label_map.astype(dtype)[np.newaxis],
        segmentation_type=hd.seg.SegmentationTypeValues.LABELMAP,
        segment_descriptions=segments,
        series_instance_uid=hd.UID() if instance is None else instance.series_uid,
        series_number=1,
        sop_instance_uid=hd.UID() if instance is None else instance.uid,
        instance_number=1 if instance is None else instance.number,
        manufacturer="ctseg",
        manufacturer_model_name="ctseg",
        software_versions="1",
        device_serial_number="0",
        content_label="STRUCTURES",
        content_description="Structures are separated, not named",
        omit_empty_frames=False,
    )
    if instance is not None:
        _set_instance(written, instance)
    written.save_as(path)


def _set_instance(written: Any, instance: SegInstance) -> None:
    """Put what highdicom takes from the clock and from chance into an instance's own words."""
    del written.InstanceCreationDate, written.InstanceCreationTime
    for each in written.get("ContributingEquipmentSequence", ()):
        each.pop("ContributionDateTime", None)
    written.ContentDate, written.ContentTime = instance.date, instance.time
    for each in (*written.DimensionOrganizationSequence, *written.DimensionIndexSequence):
        each.DimensionOrganizationUID = instance.dimensions_uid


def _source(shape: tuple[int, ...], geometry: Geometry, identity: Mapping[str, str]) -> Any:
    """The slice as highdicom wants to see it: identifiers, size and place, no pixels."""
    from pydicom import Dataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian

    if geometry.affine is None or not identity.get("FrameOfReferenceUID"):
        raise LabelMapError(
            "A DICOM Segmentation needs a DICOM slice whose place is known; choose another format."
        )
    affine = FROM_LPS @ geometry.affine
    spacing = np.linalg.norm(affine[:3, :2], axis=0)
    source = Dataset()
    for name, value in identity.items():
        setattr(source, name, value)
    source.Modality = "CT"
    source.Rows, source.Columns = shape
    source.ImagePositionPatient = [round(float(value), 6) for value in affine[:3, 3]]
    cosines = [*(affine[:3, 1] / spacing[1]), *(affine[:3, 0] / spacing[0])]
    source.ImageOrientationPatient = [round(float(value), 9) for value in cosines]
    source.PixelSpacing = [round(float(value), 9) for value in spacing]
    source.SliceThickness = round(float(np.linalg.norm(affine[:3, 2])), 6)
    source.file_meta = FileMetaDataset()
    source.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return source

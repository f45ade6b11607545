"""Elements of one frame, wherever a file of one frame or of many keeps them."""

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from ctseg.slices.dicom.values import numbers, present, text

_GROUPS = {
    "PixelSpacing": "PixelMeasuresSequence",
    "SliceThickness": "PixelMeasuresSequence",
    "ImagePositionPatient": "PlanePositionSequence",
    "ImageOrientationPatient": "PlaneOrientationSequence",
    "RescaleSlope": "PixelValueTransformationSequence",
    "RescaleIntercept": "PixelValueTransformationSequence",
    "RescaleType": "PixelValueTransformationSequence",
    "WindowCenter": "FrameVOILUTSequence",
    "WindowWidth": "FrameVOILUTSequence",
    "StackID": "FrameContentSequence",
    "InStackPositionNumber": "FrameContentSequence",
    "FrameAcquisitionNumber": "FrameContentSequence",
    "TemporalPositionIndex": "FrameContentSequence",
    "DimensionIndexValues": "FrameContentSequence",
    "NominalPercentageOfCardiacPhase": "CardiacSynchronizationSequence",
    "ConvolutionKernel": "CTReconstructionSequence",
    "KVP": "CTXRayDetailsSequence",
    "FrameType": "CTImageFrameTypeSequence",
}
# Without groups these facts of a file of many frames are those of its first: the others lie elsewhere.
_OF_THE_FIRST = ("ImagePositionPatient", "SliceLocation")


class Elements:
    """Elements of frame ``frame`` of ``frames``: its own groups, the shared ones, or the data set itself."""

    def __init__(self, dataset: Dataset, frame: int, frames: int) -> None:
        per_frame = dataset.get("PerFrameFunctionalGroupsSequence") or []
        shared = dataset.get("SharedFunctionalGroupsSequence") or []
        self._groups = (*per_frame[frame : frame + 1], *shared[:1])
        self._dataset = dataset
        self._alone = frames == 1

    def numbers(self, keyword: str, count: int) -> NDArray[np.float64] | None:
        """As `ctseg.slices.dicom.values.numbers`."""
        holder = self._holder(keyword)
        return None if holder is None else numbers(holder, keyword, count)

    def text(self, keyword: str) -> str | None:
        """As `ctseg.slices.dicom.values.text`."""
        holder = self._holder(keyword)
        return None if holder is None else text(holder, keyword)

    def has(self, keyword: str) -> bool:
        """Whether the element is there and not empty."""
        return self._holder(keyword) is not None

    def _holder(self, keyword: str) -> Dataset | None:
        sequence = _GROUPS.get(keyword)
        for groups in self._groups if sequence else ():
            for item in (groups.get(sequence) or [])[:1]:
                if present(item, keyword):
                    return item
        if keyword in _OF_THE_FIRST and not self._alone:
            return None
        return self._dataset if present(self._dataset, keyword) else None

"""Whose slices they are: what a DICOM Segmentation repeats of its source, for that output alone.

It stays in memory beside the pixels, and is in no fact, note, log, report or link.
"""

from collections.abc import Mapping, Sequence
from typing import Any

IDENTIFIERS = (
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "StudyInstanceUID",
    "StudyDate",
    "StudyTime",
    "StudyID",
    "AccessionNumber",
    "ReferringPhysicianName",
    "SeriesInstanceUID",
    "FrameOfReferenceUID",
    "SOPClassUID",
    "SOPInstanceUID",
)
_MAX_LENGTH = 256


class Identity:
    """The identifiers of a DICOM stack; printing it tells none of them.

    Parameters
    ----------
    shared : values of `IDENTIFIERS` that all slices have
    instances : SOPInstanceUID of each slice
    """

    def __init__(self, shared: Mapping[str, str], instances: Sequence[str]) -> None:
        self._shared = {name: str(shared.get(name) or "")[:_MAX_LENGTH] for name in IDENTIFIERS}
        self._instances = [str(each)[:_MAX_LENGTH] for each in instances]

    def __len__(self) -> int:
        return len(self._instances)

    def of(self, index: int) -> dict[str, str]:
        """Return the identifiers of a slice by keyword, "" where the file has none."""
        return self._shared | {"SOPInstanceUID": self._instances[index]}

    def only(self, index: int) -> "Identity":
        """Return that of one slice alone."""
        return Identity(self._shared, self._instances[index : index + 1])

    def facts(self) -> dict[str, Any]:
        """Return it as JSON values, for the way between two processes."""
        return {"shared": self._shared, "instances": self._instances}

    @classmethod
    def from_facts(cls, facts: Any, slices: int) -> "Identity | None":
        """Return what `facts` said, or None where that is nothing or does not fit a stack."""
        if not isinstance(facts, dict):
            return None
        shared, instances = facts.get("shared"), facts.get("instances")
        if not isinstance(shared, dict) or not isinstance(instances, list) or len(instances) != slices:
            return None
        return cls(shared, instances)

"""Folders of volumes with true structures: TotalSegmentator's published layout, and pairs of files."""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ctseg.datasets.folders import read_index
from ctseg.datasets.split import DatasetError

SEGMENTATIONS = "segmentations"
"""Beside a volume of TotalSegmentator's datasets (v1, doi 10.5281/zenodo.6802614, and v2): its masks."""
META = "meta.csv"
_SUFFIXES = (".nii.gz", ".nii")
_PAIRED = (("images", "labels"), ("imagesTr", "labelsTr"))
# nnU-Net numbers the channels of an image.
_CHANNEL = re.compile(r"_0000$")


@dataclass(frozen=True)
class LabelledVolume:
    """A CT volume and its true structures.

    Attributes
    ----------
    name : unique in its folder
    patient : whose it is
    image : path below the folder
    labels : the same; one file of labels, or a mask for each structure, named after it
    split : where the dataset says it belongs ("train", "val", "test"), or ""
    """

    name: str
    patient: str
    image: str
    labels: tuple[str, ...]
    split: str = ""

    @property
    def has_masks(self) -> bool:
        """Whether each structure has a file of its own."""
        return all(Path(label).parent.name == SEGMENTATIONS for label in self.labels)


def masks_beside(volume: Path) -> list[str]:
    """Return the names of the masks of a volume ``ct.nii.gz``, in order; none where there are none."""
    folder = volume.parent / SEGMENTATIONS
    if volume.name not in ("ct.nii.gz", "ct.nii") or not folder.is_dir():
        return []
    return sorted(path.name for path in folder.iterdir() if path.name.endswith(_SUFFIXES))


def structure_name(mask: str) -> str:
    """Return the structure that a mask's file is named after."""
    name = Path(mask).name
    for suffix in _SUFFIXES:
        name = name.removesuffix(suffix)
    return name


def totalsegmentator_volumes(folder: Path) -> list[LabelledVolume]:
    """Return the volumes of a folder in TotalSegmentator's layout, v1 or v2, in order.

    That is a folder for each patient with ``ct.nii.gz`` and ``segmentations/STRUCTURE.nii.gz``, and perhaps
    ``meta.csv``, whose columns ``image_id`` and ``split`` say where each belongs.

    Raises
    ------
    DatasetError
        If there is no such volume.
    """
    splits = dict(_splits_of_meta(folder / META))
    found = []
    for image in sorted((*folder.glob("*/ct.nii.gz"), *folder.glob("*/ct.nii"))):
        name = image.parent.name
        labels = tuple(f"{name}/{SEGMENTATIONS}/{mask}" for mask in masks_beside(image))
        if labels:
            found.append(LabelledVolume(name, name, f"{name}/{image.name}", labels, splits.get(name, "")))
    if not found:
        raise DatasetError(
            f"{folder} holds no volumes in TotalSegmentator's layout, PATIENT/ct.nii.gz with its masks in "
            f"PATIENT/{SEGMENTATIONS}; name the folder of the patients."
        )
    return found


def _splits_of_meta(path: Path) -> Iterator[tuple[str, str]]:
    if not path.is_file():
        return
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            separator = ";" if ";" in file.readline() else ","
            file.seek(0)
            for row in csv.DictReader(file, delimiter=separator):
                yield str(row.get("image_id") or ""), str(row.get("split") or "").strip().lower()
    except (OSError, csv.Error, UnicodeDecodeError) as error:
        raise DatasetError(
            f"{path} is no table with the columns image_id and split; mend or remove it."
        ) from error


def paired_volumes(folder: Path) -> list[LabelledVolume]:
    """Return the volumes of a folder of pairs, in order.

    ``index.csv`` with the columns ``image`` and ``patient``, and ``label`` where a label file is not called
    like its image, lists files in ``images/`` and ``labels/``. Without it, files of one name in ``images/``
    and ``labels/``, or ``imagesTr/`` and ``labelsTr/``, belong together, and each is a patient.

    Raises
    ------
    DatasetError
        If there are no such folders or files, or an image lacks its labels.
    """
    homes = next((pair for pair in _PAIRED if all((folder / part).is_dir() for part in pair)), None)
    if homes is None:
        raise DatasetError(
            f"{folder} lacks images/ and labels/ (or imagesTr/ and labelsTr/); put the volumes there."
        )
    images, labels = homes
    if (folder / "index.csv").is_file():
        rows = read_index(folder / "index.csv", "label", "")
        found = [
            LabelledVolume(image, patient, f"{images}/{image}", (f"{labels}/{label or image}",))
            for image, patient, label in rows
        ]
    else:
        by_name = {structure_name(path.name): path.name for path in sorted((folder / labels).iterdir())}
        found = []
        for path in sorted((folder / images).iterdir()):
            name = _CHANNEL.sub("", structure_name(path.name))
            if name not in by_name:
                raise DatasetError(f"{images}/{path.name} has no label volume in {labels}/; add it.")
            found.append(LabelledVolume(name, name, f"{images}/{path.name}", (f"{labels}/{by_name[name]}",)))
    for volume in found:
        for file in (volume.image, *volume.labels):
            if not (folder / file).is_file():
                raise DatasetError(f"{file} is missing in {folder}; add it.")
    if not found:
        raise DatasetError(f"{folder / images} is empty; put the volumes there.")
    return found

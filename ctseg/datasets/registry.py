"""Finds splits by name in the folder that ``CTSEG_DATA`` names."""

from ctseg.datasets.few_shot import FewShotSplit
from ctseg.datasets.folders import data_folder
from ctseg.datasets.split import DatasetError, Split

_FEW_SHOT_FOLDERS = {
    "ct-fewshot-train": "train",
    "ct-fewshot-unlabelled": "unlabelled",
    "ct-fewshot-val": "val",
    "ct-fewshot-zeroshot": "zeroshot_val",
}
SPLITS = tuple(_FEW_SHOT_FOLDERS)


def open_split(name: str) -> Split:
    """Return the split of this name.

    Raises
    ------
    DatasetError
        If there is no split of this name (the message lists them) or its files are not all there.
    """
    if name not in SPLITS:
        raise DatasetError(f"There is no split {name!r}; choose one of {', '.join(SPLITS)}.")
    return FewShotSplit(data_folder() / "ct-fewshot" / _FEW_SHOT_FOLDERS[name], name)

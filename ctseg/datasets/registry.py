"""Finds splits by name in the folder that ``CTSEG_DATA`` names."""

from pathlib import Path

from ctseg.datasets.challenge import ChallengeSplit, is_challenge_folder
from ctseg.datasets.few_shot import FewShotSplit
from ctseg.datasets.folders import data_folder
from ctseg.datasets.near_duplicates import near_duplicate_groups
from ctseg.datasets.own_folder import PREFIX, OwnFolder
from ctseg.datasets.partition import REPORT_IMAGES, group_split, report_validation_indices
from ctseg.datasets.sealed import SEALED_PHANTOM, folder_variable, sealed_folder, sealed_phantom
from ctseg.datasets.split import DatasetError, Split, Subset

FEW_SHOT_FOLDERS = {
    "ct-fewshot-train": "train",
    "ct-fewshot-unlabelled": "unlabelled",
    "ct-fewshot-val": "val",
    "ct-fewshot-zeroshot": "zeroshot_val",
}
_CHALLENGE = (
    "challenge-report-train",
    "challenge-report-val",
    "challenge-group-train",
    "challenge-group-val",
)
PHANTOM = "phantom-val"
SPLITS = (PHANTOM, SEALED_PHANTOM, *FEW_SHOT_FOLDERS, *_CHALLENGE)


def open_split(name: str) -> Split:
    """Return the split of this name.

    ``phantom-val`` is drawn and needs no data; ``phantom-sealed`` needs its owner's secret.
    ``challenge-report-*`` are the report's 340 and 60 images; ``challenge-group-*`` divide all annotated
    images of the challenge so that near-duplicates stay together. The challenge's data lies in the folder
    ``challenge`` of ``CTSEG_DATA``, or is that folder itself. ``folder:PATH`` is a folder of one's own, see
    :class:`ctseg.datasets.own_folder.OwnFolder`.

    Raises
    ------
    DatasetError
        If there is no split of this name (the message lists them) or its files are not all there.
    """
    if name == PHANTOM:
        from ctseg.datasets.phantom import phantom_val

        return phantom_val()
    if name == SEALED_PHANTOM:
        return sealed_phantom()
    if name in FEW_SHOT_FOLDERS:
        return FewShotSplit(data_folder() / "ct-fewshot" / FEW_SHOT_FOLDERS[name], name)
    if name in _CHALLENGE:
        return _open_challenge(name)
    if name.startswith(PREFIX):
        return OwnFolder(Path(name.removeprefix(PREFIX)), name)
    owned = sealed_folder(name)
    if owned is not None:
        return owned
    raise DatasetError(
        f"There is no split {name!r}; choose one of {', '.join(SPLITS)}, or set {folder_variable(name)} to "
        "the folder of a sealed board."
    )


def _challenge_folder() -> Path:
    folder = data_folder()
    inside = folder / "challenge"
    return folder if not inside.is_dir() and is_challenge_folder(folder) else inside


def _open_challenge(name: str) -> Split:
    whole = ChallengeSplit(_challenge_folder(), "challenge")
    _, rule, side = name.split("-")
    if rule == "report":
        if len(whole) != REPORT_IMAGES:
            raise DatasetError(
                f"The report's division needs {REPORT_IMAGES} annotated images and here are {len(whole)}; "
                f"use challenge-group-{side}."
            )
        validation = report_validation_indices()
    else:
        validation = group_split(near_duplicate_groups(whole))
    wanted = set(validation) if side == "val" else set(range(len(whole))) - set(validation)
    return Subset(whole, sorted(wanted), name)

"""Ways to divide the images of a split so that no patient stands on two sides."""

from collections.abc import Sequence

import numpy as np

from ctseg.datasets.split import Split, Subset

REPORT_IMAGES = 400
REPORT_VALIDATION_IMAGES = 60


def report_validation_indices() -> tuple[int, ...]:
    """Return the 60 of the challenge's 400 annotated images on which the report validated, ascending.

    Our reading of the report: ``train_test_split(range(400), test_size=0.15, random_state=42)`` of
    scikit-learn, whose test part is the head of numpy's seeded permutation.
    """
    order = np.random.RandomState(42).permutation(REPORT_IMAGES)
    return tuple(sorted(int(index) for index in order[:REPORT_VALIDATION_IMAGES]))


def patient_folds(patients: Sequence[str], folds: int, seed: int) -> tuple[tuple[str, ...], ...]:
    """Divide patients into folds of nearly equal numbers of patients.

    Parameters
    ----------
    patients : the patient of each image; repeats are expected
    folds : number of folds, at most the number of patients
    seed : another seed gives another division; the order of ``patients`` does not matter

    Returns
    -------
    One tuple of patients a fold, no patient twice.

    Raises
    ------
    ValueError
        If there are fewer patients than folds.
    """
    unique = sorted(set(patients))
    if not 1 <= folds <= len(unique):
        raise ValueError(
            f"{len(unique)} patients cannot make {folds} folds; choose between 1 and {len(unique)}."
        )
    order = np.random.RandomState(seed).permutation(len(unique))
    return tuple(tuple(unique[index] for index in order[fold::folds]) for fold in range(folds))


def group_split(groups: Sequence[str], share: float = 0.15, seed: int = 42) -> tuple[int, ...]:
    """Choose images for validation, whole groups at a time.

    Groups are taken in a random order until at least ``share`` of the images is reached.

    Parameters
    ----------
    groups : the group of each image
    share : part of the images to choose, in (0, 1)
    seed : another seed gives another choice

    Returns
    -------
    Indices of the chosen images, ascending.
    """
    order = np.random.RandomState(seed).permutation(sorted(set(groups)))
    chosen: list[int] = []
    for group in order:
        if len(chosen) >= share * len(groups):
            break
        chosen.extend(index for index, one in enumerate(groups) if one == group)
    return tuple(sorted(chosen))


def of_patients(split: Split, patients: Sequence[str], name: str) -> Subset:
    """Return the images of these patients, in the split's order.

    Raises
    ------
    ValueError
        If a patient has no image in the split.
    """
    unknown = sorted(set(patients) - set(split.patients))
    if unknown:
        raise ValueError(f"The split {split.name} has no patient {unknown[0]}.")
    wanted = set(patients)
    return Subset(split, [i for i, patient in enumerate(split.patients) if patient in wanted], name)

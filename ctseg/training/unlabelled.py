"""Images without their labels, for pre-training and for consistency."""

from collections.abc import Sequence

from ctseg.datasets import DatasetError, Split
from ctseg.datasets.near_duplicates import near_duplicate_groups
from ctseg.slices.windowing import SOFT_TISSUE, to_uint8
from ctseg.training.batches import SliceSet

FORBIDDEN_SOURCE = "NSCLC-Radiomics"
"""Its patients are the zero-shot board's; a network that saw them would know that board."""


def unlabelled_slices(splits: Sequence[Split]) -> tuple[SliceSet, tuple[str, ...]]:
    """Read the images of splits without their labels.

    Returns
    -------
    slices : grey levels, HU in the soft-tissue window
    groups : for each image the group of near-duplicates that it belongs to

    Raises
    ------
    DatasetError
        If an image comes from a source that no training may see.
    """
    grey, groups = [], []
    for split in splits:
        if FORBIDDEN_SOURCE in getattr(split, "sources", ()):
            raise DatasetError(
                f"The split {split.name} holds images of {FORBIDDEN_SOURCE}, which no training may see; "
                "leave it out."
            )
        grey += [to_uint8(split.slice(index), SOFT_TISSUE) for index in range(len(split))]
        groups += [f"{split.name}/{group}" for group in near_duplicate_groups(split)]
    return SliceSet(tuple(grey), ()), tuple(groups)

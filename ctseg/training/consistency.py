"""Learning foreground from slices without labels: what is sure in a plain view holds in a changed one."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ctseg.datasets import open_split
from ctseg.training.augmentation import augment_label_map, change_grey
from ctseg.training.batches import SliceSet, slice_indices
from ctseg.training.recipe import Recipe, RecipeError
from ctseg.training.unlabelled import unlabelled_slices

_VIEW = 2  # first word of the random streams' seeds; batches and mix have 0 and 1


def consistency_slices(recipe: Recipe) -> SliceSet:
    """Read the slices of ``data.unlabelled`` whose patients are not in ``data.without``.

    Raises
    ------
    RecipeError
        If ``data.without`` names somebody else, or everybody.
    DatasetError
        If a split is missing, or holds a source that no training may see.
    """
    splits = [open_split(name) for name in recipe.data.unlabelled]
    slices, _ = unlabelled_slices(splits)
    patients = [patient for split in splits for patient in split.patients]
    strangers = sorted(set(recipe.data.without) - set(patients))
    if strangers:
        raise RecipeError(f"data.without names {strangers[0]}, who is not among data.unlabelled; correct it.")
    kept = [
        grey
        for grey, patient in zip(slices.grey, patients, strict=True)
        if patient not in recipe.data.without
    ]
    if not kept:
        raise RecipeError("data.without leaves no slice of data.unlabelled; name fewer patients.")
    return SliceSet(tuple(kept), ())


def make_views(slices: SliceSet, recipe: Recipe, step: int, places: range) -> tuple[Tensor, Tensor]:
    """Return two views of each unlabelled slice at ``places``, moved alike; the second has other grey levels.

    Returns
    -------
    plain, changed : Tensors of uint8, shape (N, S, S)
    """
    size = recipe.size_at(step)
    chosen = slice_indices(recipe.seed, step, recipe.batch, len(slices))
    plain, changed = [], []
    for place in places:
        rng = np.random.default_rng([recipe.seed, _VIEW, step, place])
        grey = slices.grey[chosen[place]]
        moved, _ = augment_label_map(grey, np.zeros_like(grey), size, recipe.augmentation, rng)
        plain.append(np.rint(moved).astype(np.uint8))
        changed.append(change_grey(plain[-1], recipe.augmentation, rng))
    return torch.from_numpy(np.stack(plain)), torch.from_numpy(np.stack(changed))


def cut_and_mix(changed: Tensor, seen: Tensor) -> tuple[Tensor, Tensor]:
    """Paste a rectangle of the next image into each image, and of what the teacher saw at the same place.

    The rectangle has a third of the area; its place and shape come from torch's generator.

    Parameters
    ----------
    changed : Tensor, shape (N, S, S)
    seen : Tensor, shape (N, C, S, S)

    References
    ----------
    French et al., BMVC 2020, arXiv 1906.01916: CutMix as the perturbation of semi-supervised segmentation.
    """
    size = changed.shape[-1]
    mixed, mixed_seen = changed.clone(), seen.clone()
    for index in range(len(changed)):
        stretch, down, right = torch.rand(3).tolist()
        height = round(size * (1 / 3) ** (0.25 + 0.5 * stretch))
        width = min(size, round(size * size / 3 / height))
        rows = slice(top := int(down * (size - height + 1)), top + height)
        columns = slice(left := int(right * (size - width + 1)), left + width)
        other = (index + 1) % len(changed)
        mixed[index, rows, columns] = changed[other, rows, columns]
        mixed_seen[index, :, rows, columns] = seen[other, :, rows, columns]
    return mixed, mixed_seen


def consistency_loss(logits: Tensor, probability: Tensor, sure_from: float) -> Tensor:
    """Return the cross-entropy with the teacher's class, over the pixels where the teacher is sure.

    Parameters
    ----------
    logits : Tensor, shape (N, 2, S, S), of the changed views
    probability : Tensor, shape (N, S, S), of foreground, by the teacher from the plain views
    sure_from : probability of the likelier class from which a pixel counts

    Returns
    -------
    Tensor, a scalar; divided by all pixels, so that few sure pixels weigh little.

    References
    ----------
    Sohn et al., FixMatch, NeurIPS 2020, arXiv 2001.07685, equation 4.
    """
    sure = torch.maximum(probability, 1 - probability) >= sure_from
    cost = F.cross_entropy(logits.float(), (probability >= 0.5).long(), reduction="none")
    return (cost * sure).mean()

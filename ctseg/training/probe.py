"""Did pre-training learn anything? Two questions that cost seconds, before fine-tuning costs hours."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from torch import Tensor, nn

from ctseg.datasets import Split, open_split, patient_folds
from ctseg.networks.foreground import resize_grey
from ctseg.networks.registry import build_network
from ctseg.networks.tensors import grey_to_input
from ctseg.slices.windowing import SOFT_TISSUE, to_uint8
from ctseg.training.pretrained import load_initial, load_pretrained_encoder
from ctseg.training.recipe import Recipe

_SIDE = 256
_STRIDE = 16  # px a cell of the linear probe
_RIDGE = 1.0
_FOLDS = 4


@dataclass(frozen=True)
class Probe:
    """What an encoder knows.

    Attributes
    ----------
    same_patient : share of slices whose nearest neighbour by cosine of pooled features is of their patient
    foreground_auc : area under the ROC curve of a linear map from features to foreground, held-out patients
    """

    same_patient: float
    foreground_auc: float


def probe(encoder: nn.Module, retrieved: Split, annotated: Split) -> Probe:
    """Ask an encoder both questions.

    Parameters
    ----------
    encoder : from (N, 1, H, W) to one feature map, or to a list of them, fine to coarse
    retrieved : slices of many patients, for the neighbours
    annotated : slices with label maps; the patients of one fold of four are held out
    """
    encoder.eval()
    pooled = np.stack([_pooled(encoder, retrieved, index) for index in range(len(retrieved))])
    cells = [_cells(encoder, annotated, index) for index in range(len(annotated))]
    held_out = set(patient_folds(annotated.patients, _FOLDS, 0)[0])
    seen = [one for one, patient in zip(cells, annotated.patients, strict=True) if patient not in held_out]
    unseen = [one for one, patient in zip(cells, annotated.patients, strict=True) if patient in held_out]
    return Probe(same_patient(pooled, retrieved.patients), linear_auc(seen, unseen))


def same_patient(features: NDArray[np.float32], patients: tuple[str, ...]) -> float:
    """Return the share of rows (N, C) whose most similar other row is of the same patient.

    Patients of a single slice are looked among, but not asked for.
    """
    unit = features / np.maximum(np.linalg.norm(features, axis=1, keepdims=True), 1e-9)
    similar = unit @ unit.T
    np.fill_diagonal(similar, -np.inf)
    names = np.array(patients)
    asked = np.array([np.count_nonzero(names == name) > 1 for name in names])
    return float((names[similar.argmax(1)] == names)[asked].mean())


def linear_auc(
    seen: list[tuple[NDArray[np.float32], NDArray[np.bool_]]],
    unseen: list[tuple[NDArray[np.float32], NDArray[np.bool_]]],
) -> float:
    """Fit a ridge regression from features (M, C) to foreground (M,); return its AUC on the unseen ones."""
    from scipy.stats import rankdata

    features, foreground = (np.concatenate(part) for part in zip(*seen, strict=True))
    mean, deviation = features.mean(0), features.std(0) + 1e-6
    scaled = (features - mean) / deviation
    gram = scaled.T @ scaled + _RIDGE * np.eye(scaled.shape[1], dtype=scaled.dtype)
    weights = np.linalg.solve(gram, scaled.T @ (foreground - foreground.mean()))
    features, foreground = (np.concatenate(part) for part in zip(*unseen, strict=True))
    ranks = rankdata((features - mean) / deviation @ weights)
    positive = int(foreground.sum())
    return float(
        (ranks[foreground].sum() - positive * (positive + 1) / 2) / (positive * (len(ranks) - positive))
    )


def _features(encoder: nn.Module, split: Split, index: int) -> list[Tensor]:
    grey = resize_grey(to_uint8(split.slice(index), SOFT_TISSUE), _SIDE)
    square = np.zeros((_SIDE, _SIDE), np.uint8)
    square[: grey.shape[0], : grey.shape[1]] = grey
    with torch.inference_mode():
        found = encoder(grey_to_input(torch.from_numpy(square)[None]))
    return [found] if isinstance(found, Tensor) else list(found)


def _pooled(encoder: nn.Module, split: Split, index: int) -> NDArray[np.float32]:
    return _features(encoder, split, index)[-1][0].mean((1, 2)).numpy()


def _cells(encoder: nn.Module, split: Split, index: int) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    count = _SIDE // _STRIDE
    fitting = [one for one in _features(encoder, split, index) if one.shape[-1] == count]
    features = fitting[-1][0].flatten(1).T.numpy()
    label_map = split.label_map(index)
    assert label_map is not None
    share = cv2.resize((label_map > 0).astype(np.float32), (count, count), interpolation=cv2.INTER_AREA)
    return features, share.ravel() > 0.5


def print_probe(recipe: Recipe, encoder_file: Path, initial: Path | None) -> None:
    """Print both answers for a pre-trained encoder and, beside it, for what it started from."""
    torch.manual_seed(recipe.seed)
    before = build_network(recipe.network)
    load_initial(before, recipe, initial)
    after = build_network(recipe.network)
    load_pretrained_encoder(after, load_file(encoder_file))
    splits = open_split(recipe.data.unlabelled[0]), open_split(recipe.data.split)
    for label, network in (("start", before), ("pre-trained", after)):
        assert isinstance(network.encoder, nn.Module)
        found = probe(network.encoder, *splits)
        print(
            f"{label:12s} same patient {found.same_patient:.3f}  foreground AUC {found.foreground_auc:.3f}",
            flush=True,
        )

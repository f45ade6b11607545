"""Which masks are good enough, which are one too many, and how they become one label map."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ctseg.methods.sam.engine.frame import upscaled
from ctseg.methods.sam.engine.mask_settings import MaskSettings


@dataclass(frozen=True)
class Candidate:
    """A mask that passed both thresholds.

    Attributes
    ----------
    logits : Tensor of float32, shape (256, 256); kept small, upscaled again when painted.
    predicted_iou : the model's own estimate of the mask's quality.
    box : (left, top, right, bottom) in px at the judged size, the last row and column included.
    area : pixels at the judged size.
    """

    logits: Tensor
    predicted_iou: float
    box: tuple[int, int, int, int]
    area: int


def candidate(
    logits: Tensor, predicted_iou: float, shape: tuple[int, int], settings: MaskSettings
) -> Candidate | None:
    """Return the candidate of a mask's logits (256, 256), or None if the mask is empty or unstable.

    Stability is the overlap of the masks at the thresholds plus and minus ``stability_score_offset``; the
    mask is judged at ``shape``, (H, W).
    """
    full = upscaled(logits, shape)
    certain = int(torch.count_nonzero(full > settings.stability_score_offset))
    possible = int(torch.count_nonzero(full > -settings.stability_score_offset))
    lowest = np.float32(settings.stability_score_thresh)
    if certain == 0 or np.float32(certain) / np.float32(possible) < lowest:
        return None
    mask = full > 0
    rows = torch.nonzero(mask.any(dim=1))
    columns = torch.nonzero(mask.any(dim=0))
    box = (int(columns[0]), int(rows[0]), int(columns[-1]), int(rows[-1]))
    return Candidate(logits, predicted_iou, box, int(torch.count_nonzero(mask)))


def without_duplicates(candidates: list[Candidate], box_nms_thresh: float) -> list[Candidate]:
    """Keep the best candidates, in falling order, whose boxes overlap no better one by a higher IoU.

    As ``torchvision.ops.nms`` in float32; to import that takes longer than to look at a few dozen boxes.
    """
    best_first = sorted(candidates, key=lambda one: np.float32(one.predicted_iou), reverse=True)
    boxes = np.array([one.box for one in best_first], dtype=np.float32).reshape(-1, 4)
    areas = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    kept: list[int] = []
    for index, box in enumerate(boxes):
        sides = np.minimum(box[2:], boxes[kept, 2:]) - np.maximum(box[:2], boxes[kept, :2])
        common = np.prod(np.maximum(sides, 0), axis=1)
        # Two boxes without area overlap by nothing.
        either = areas[index] + areas[kept] - common
        iou = np.divide(common, either, out=np.zeros_like(common), where=either > 0)
        if not (iou > box_nms_thresh).any():
            kept.append(index)
    return [best_first[index] for index in kept]


def large_to_small(candidates: list[Candidate]) -> list[Candidate]:
    """Order for painting: small structures stay visible on large ones."""
    return sorted(candidates, key=lambda one: one.area, reverse=True)


def paint(label_map: NDArray[np.int32], one: Candidate, label: int) -> None:
    """Write a candidate's mask into a label map (H, W), over what is there."""
    height, width = label_map.shape
    label_map[(upscaled(one.logits, (height, width)) > 0).numpy()] = label

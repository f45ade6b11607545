"""Which masks are good enough, which are one too many, and how they become one label map."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torchvision.ops import nms

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
    """Keep the best candidates, in falling order, whose boxes overlap no better one by a higher IoU."""
    if not candidates:
        return []
    boxes = torch.tensor([one.box for one in candidates], dtype=torch.float32)
    quality = torch.tensor([one.predicted_iou for one in candidates], dtype=torch.float32)
    return [candidates[int(index)] for index in nms(boxes, quality, box_nms_thresh)]


def large_to_small(candidates: list[Candidate]) -> list[Candidate]:
    """Order for painting: small structures stay visible on large ones."""
    return sorted(candidates, key=lambda one: one.area, reverse=True)


def paint(label_map: NDArray[np.int32], one: Candidate, label: int) -> None:
    """Write a candidate's mask into a label map (H, W), over what is there."""
    height, width = label_map.shape
    label_map[(upscaled(one.logits, (height, width)) > 0).numpy()] = label

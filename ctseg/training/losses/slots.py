"""The loss of slots: structures whose numbers are random find channels of their own."""

import numpy as np
import torch
import torch.nn.functional as F
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from ctseg.training.losses.processes import sum_over_processes
from ctseg.training.losses.structure_means import SMALLEST, structure_means


def slot_loss(logits: Tensor, label_map: Tensor) -> Tensor:
    """Return the mean over structures of their pixels' mean cross-entropy with the slot that is theirs.

    In each image structures and slots are matched one to one so that the sum of the structures' mean log
    probabilities is highest. The numbers of structures mean nothing, but anatomy recurs: a slot that was
    right for livers is cheapest for the next liver. Structures beyond the number of slots have no say. The
    mean is that over all processes.

    Parameters
    ----------
    logits : Tensor, shape (N, S, H, W), of S slots; half precision is widened
    label_map : Tensor of integers, shape (N, H, W), 0 = background, whose pixels have no say

    Returns
    -------
    Tensor, a scalar, at least 0; 0 where there are no structures.

    References
    ----------
    Carion et al., DETR, ECCV 2020, arXiv 2005.12872, equations 1 and 2: the matching and its loss.
    """
    costs = [logits.sum() * 0.0]
    for image, labels in zip(logits, label_map, strict=True):
        inside = labels > 0
        means, sizes, _ = structure_means(F.log_softmax(image[:, inside].float(), 0).T, labels[inside])
        means = means[sizes >= SMALLEST]
        if len(means) == 0:
            continue
        rows, columns = linear_sum_assignment(-np.asarray(means.detach().cpu(), np.float64))
        costs.extend(-means[torch.from_numpy(rows), torch.from_numpy(columns)].float())
    total = torch.stack(costs).sum()
    total, structures = sum_over_processes(torch.stack([total, total.new_tensor(len(costs) - 1.0)]))
    return total / structures.clamp(min=1)

"""NT-Xent, the contrastive loss of SimCLR."""

import torch
import torch.nn.functional as F
from torch import Tensor

from ctseg.training.losses.processes import gather_over_processes


def nt_xent_loss(
    view_a: Tensor, view_b: Tensor, temperature: float = 0.1, groups: Tensor | None = None
) -> Tensor:
    """Return NT-Xent, equation (1) of the report: the mean over the 2N ordered positive pairs.

    l(i, j) = -log[exp(s_ij / τ) / Σ_{k≠i} exp(s_ik / τ)] with s the cosine similarity; i and j are the two
    views of one image, k runs over all other views of all processes. Images of one group, such as
    neighbouring slices, are no negatives of each other: they are left out of the sum.

    Parameters
    ----------
    view_a, view_b : Tensors, shape (N, D), embeddings of the two views; N is the same on every process
    temperature : τ, positive
    groups : Tensor of int64, shape (N,): equal numbers (over all processes) are near-duplicates. Without
        it every image is a group of its own.

    Returns
    -------
    Tensor, a scalar, at least float32, equal on every process.

    Raises
    ------
    ValueError
        If the shapes do not fit or the temperature is not positive.

    References
    ----------
    Chen et al., SimCLR, ICML 2020, arXiv 2002.05709, equation (1).
    """
    if view_a.shape != view_b.shape or (groups is not None and groups.shape != view_a.shape[:1]):
        raise ValueError(
            f"Views {tuple(view_a.shape)} and {tuple(view_b.shape)} differ in shape, "
            "or there is not one group for each image."
        )
    if temperature <= 0:
        raise ValueError(f"temperature is {temperature}; it must be positive.")
    # Exponentials of s / τ need float32, which autocast would take away from the product.
    with torch.autocast(view_a.device.type, enabled=False):
        views = [F.normalize(view if view.dtype == torch.float64 else view.float(), dim=1)
                 for view in (view_a, view_b)]  # fmt: skip
        embeddings = torch.cat([gather_over_processes(view) for view in views])
        images = len(embeddings) // 2
        if groups is None:
            group = torch.arange(images, device=embeddings.device)
        else:
            group = gather_over_processes(groups)
        positive = torch.arange(2 * images, device=embeddings.device).roll(images)
        left_out = group.repeat(2)[:, None] == group.repeat(2)[None, :]
        left_out = left_out.scatter(1, positive[:, None], False)
        similarity = (embeddings @ embeddings.T / temperature).masked_fill(left_out, float("-inf"))
        return F.cross_entropy(similarity, positive)

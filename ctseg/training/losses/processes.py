"""Sums over all processes of a training run, through which the gradient flows."""

import torch
import torch.distributed as dist
from torch import Tensor


def sum_over_processes(values: Tensor) -> Tensor:
    """Add up a tensor over all processes, with gradient; without other processes return it as it is.

    A loss that couples the whole batch (a cosine over batch and space) is the loss of one process with
    the whole batch only if its sums run over all processes. The backward pass sums the gradients over
    processes too, so after DistributedDataParallel has averaged them they equal those of one process.

    Parameters
    ----------
    values : Tensor of any shape, the same on every process

    Returns
    -------
    Tensor of that shape, equal on every process.
    """
    if not dist.is_available() or not dist.is_initialized() or dist.get_world_size() == 1:
        return values
    from torch.distributed.nn.functional import all_reduce

    return all_reduce(values.contiguous())


def gather_over_processes(values: Tensor) -> Tensor:
    """Lay the tensors of all processes one after the other, with gradient; alone return it as it is.

    Made of :func:`sum_over_processes`, so what is said there of gradients holds.

    Parameters
    ----------
    values : Tensor, shape (N, ...), the same on every process

    Returns
    -------
    Tensor, shape (N * processes, ...), equal on every process, in the order of their ranks.
    """
    if not dist.is_available() or not dist.is_initialized() or dist.get_world_size() == 1:
        return values
    before, after = dist.get_rank(), dist.get_world_size() - dist.get_rank() - 1
    empty = torch.zeros_like(values)
    return sum_over_processes(torch.cat([empty] * before + [values] + [empty] * after))


def class_sums(prediction: Tensor, target: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return what Dice and cosine are made of, a value a class, over batch, space and processes.

    Parameters
    ----------
    prediction, target : Tensor, shape (N, C, ...); half precision is widened to float32 first

    Returns
    -------
    sum of prediction * target, sum of prediction ** 2, sum of target ** 2 : Tensor, each of shape (C,)

    Raises
    ------
    ValueError
        If the shapes differ.
    """
    if prediction.shape != target.shape:
        raise ValueError(
            f"prediction {tuple(prediction.shape)} and target {tuple(target.shape)} differ in shape."
        )
    if prediction.dtype in {torch.float16, torch.bfloat16}:
        prediction = prediction.float()
    target = target.to(prediction.dtype)
    axes = [axis for axis in range(prediction.dim()) if axis != 1]
    sums = torch.stack([(prediction * target).sum(axes), (prediction**2).sum(axes), (target**2).sum(axes)])
    overlap, predicted, true = sum_over_processes(sums)
    return overlap, predicted, true

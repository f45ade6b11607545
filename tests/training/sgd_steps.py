"""Five steps of plain gradient descent on one batch, shared by however many processes there are.

Run as ``python sgd_steps.py OUT``, alone or under ``torch.distributed.run``. Saves losses and gradients.
"""

import os
import sys

import torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel

from ctseg.datasets import open_split
from ctseg.networks.registry import build_network
from ctseg.training.losses import AdaptiveTvmfDiceLoss, CosineDiceLoss, DiceLoss, nt_xent_loss
from ctseg.training.recipe_files import recipe_from_table
from ctseg.training.tasks.foreground import total_loss
from ctseg.training.tasks.partition import Partition

MIXED = {
    "name": "mixed", "budget": "seconds", "steps": 3, "task": "partition", "network": "tiny-unet-affinities",
    "initial": "random", "batch": 4, "sizes": [[0, 32]],
    "data": {"sources": ["phantoms", "annotated"], "phantoms": 2},
}  # fmt: skip
LOSSES = {"tvmf": AdaptiveTvmfDiceLoss, "cosine-dice": CosineDiceLoss, "dice": DiceLoss}


def steps(kind: str, process: int, processes: int) -> dict[str, torch.Tensor]:
    torch.manual_seed(0)
    network = build_network("tiny-unet")
    trained = DistributedDataParallel(network) if processes > 1 else network
    loss = LOSSES[kind]()
    if kind == "tvmf":
        loss.update([0.9, 0.5])
    images = torch.randn(4, 1, 16, 16)
    masks = (torch.rand(4, 16, 16) > torch.tensor([0.9, 0.2, 0.5, 1.0]).view(4, 1, 1)).long()
    part = slice(process * 4 // processes, (process + 1) * 4 // processes)
    saved = {}
    for step in range(5):
        network.zero_grad()
        value = total_loss(loss, trained(images[part]), masks[part], cross_entropy=1.0)
        value.backward()
        mean = value.detach().clone()
        if processes > 1:
            dist.all_reduce(mean)
        saved[f"{kind} {step} loss"] = mean / processes
        with torch.no_grad():
            for name, parameter in network.named_parameters():
                saved[f"{kind} {step} {name}"] = parameter.grad.clone()
                parameter -= 0.1 * parameter.grad
    return saved


def contrastive_steps(process: int, processes: int) -> dict[str, torch.Tensor]:
    """NT-Xent of a linear map on four images, two of them near-duplicates on different processes."""
    torch.manual_seed(0)
    network = torch.nn.Linear(6, 3)
    trained = DistributedDataParallel(network) if processes > 1 else network
    views = torch.randn(2, 4, 6)
    groups = torch.tensor([0, 1, 0, 2])
    part = slice(process * 4 // processes, (process + 1) * 4 // processes)
    saved = {}
    for step in range(5):
        network.zero_grad()
        first, second = trained(torch.cat([views[0, part], views[1, part]])).chunk(2)
        value = nt_xent_loss(first, second, 0.5, groups[part])
        value.backward()
        saved[f"nt-xent {step} loss"] = value.detach().clone()
        with torch.no_grad():
            for name, parameter in network.named_parameters():
                saved[f"nt-xent {step} {name}"] = parameter.grad.clone()
                parameter -= 0.1 * parameter.grad
    return saved


def partition_steps(process: int, processes: int) -> dict[str, torch.Tensor]:
    """The task partition on mixed batches of two phantoms and two annotated slices.

    With two processes the first sees no annotated slice at all.
    """
    recipe = recipe_from_table(MIXED)
    task = Partition(recipe, open_split(recipe.data.split), None)
    phantom, annotated = task.kinds
    task.kinds = (phantom, phantom, annotated, annotated)
    trained = DistributedDataParallel(task.network) if processes > 1 else task.network
    share = recipe.batch // processes
    saved = {}
    for step in range(recipe.steps):
        task.network.zero_grad()
        batch = task.batch(step, range(process * share, (process + 1) * share))
        value, measures = task.loss(trained, batch)
        value.backward()
        saved[f"partition {step} loss"] = value.detach().clone()
        saved |= {f"partition {step} {name} loss": one.float() for name, one in measures.items()}
        with torch.no_grad():
            for name, parameter in task.network.named_parameters():
                saved[f"partition {step} {name}"] = parameter.grad.clone()
                parameter -= 0.1 * parameter.grad
    return saved


def main() -> None:
    torch.set_num_threads(1)
    processes = int(os.environ.get("WORLD_SIZE", "1"))
    process = int(os.environ.get("RANK", "0"))
    if processes > 1:
        dist.init_process_group("gloo")
    saved = {}
    for kind in LOSSES:
        saved |= steps(kind, process, processes)
    saved |= contrastive_steps(process, processes)
    saved |= partition_steps(process, processes)
    if process == 0:
        torch.save(saved, sys.argv[1])
    if processes > 1:
        dist.destroy_process_group()


if __name__ == "__main__":
    main()

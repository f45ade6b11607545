"""Five steps of plain gradient descent on one batch, shared by however many processes there are.

Run as ``python sgd_steps.py OUT``, alone or under ``torch.distributed.run``. Saves losses and gradients.
"""

import os
import sys

import torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel

from ctseg.networks.registry import build_network
from ctseg.training.losses import AdaptiveTvmfDiceLoss, CosineDiceLoss, DiceLoss, nt_xent_loss
from ctseg.training.tasks.foreground import total_loss

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
    if process == 0:
        torch.save(saved, sys.argv[1])
    if processes > 1:
        dist.destroy_process_group()


if __name__ == "__main__":
    main()

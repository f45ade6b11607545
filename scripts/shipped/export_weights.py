"""``python scripts/shipped/export_weights.py RUN OUT``: what a run ships, in half precision."""

import argparse
from pathlib import Path

import torch
from safetensors import safe_open

from ctseg.training.checkpoint import save_weights


def export(checkpoint: Path, out: Path) -> None:
    """Write a checkpoint's weights in half precision, with the facts stored beside them.

    Counters that only training needs are left as they are; everything else becomes float16.

    Parameters
    ----------
    checkpoint : ``best.safetensors`` or ``last.safetensors`` of a run
    out : safetensors file to write

    Raises
    ------
    ValueError
        If a weight does not fit into half precision.
    """
    with safe_open(checkpoint, framework="pt") as file:
        facts = file.metadata()
        weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  not a dict
    halves = {
        name: tensor.to(torch.float16) if tensor.is_floating_point() else tensor
        for name, tensor in weights.items()
    }
    for name, tensor in halves.items():
        if not torch.isfinite(tensor).all():
            raise ValueError(f"{name} is too large for half precision; keep this checkpoint as it is.")
    out.parent.mkdir(parents=True, exist_ok=True)
    save_weights(out, halves, facts)


def main(arguments: list[str] | None = None) -> None:
    """Export the best checkpoint of a run folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path, help="run folder, or one checkpoint in it")
    parser.add_argument("out", type=Path, help="safetensors file to write")
    options = parser.parse_args(arguments)
    checkpoint = options.run / "best.safetensors" if options.run.is_dir() else options.run
    export(checkpoint, options.out)
    print(f"{options.out}: {options.out.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()

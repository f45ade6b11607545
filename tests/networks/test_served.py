"""Networks that ONNX Runtime serves answer as torch does, and load without it."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from ctseg.datasets import open_split
from ctseg.networks.foreground import predict_foreground
from ctseg.networks.registry import build_network
from ctseg.networks.served import GRAPHS, ServedNetwork
from ctseg.networks.stored import load_network
from ctseg.networks.tensors import torch_logits
from ctseg.slices.windowing import SOFT_TISSUE, to_uint8
from ctseg.training.checkpoint import save_weights
from ctseg.weights import fetch, manifest

SHIPPED = [name for name, file in manifest().items() if file.licence == "research use"]


def same_answers(path: Path, greys: list[np.ndarray]) -> None:
    served, stored = ServedNetwork(path), load_network(path)
    assert served.size == stored.size
    for grey in greys:
        fast = predict_foreground(served.logits, grey, served.size)
        slow = predict_foreground(torch_logits(stored.network), grey, stored.size)
        assert np.abs(fast - slow).max() < 1e-3
        assert ((fast >= 0.5) == (slow >= 0.5)).mean() >= 0.999


@pytest.mark.thorough
@pytest.mark.parametrize("graph", sorted(path.stem for path in GRAPHS.iterdir()))
def test_random_weights_answer_alike(graph: str, tmp_path: Path) -> None:
    name, size = graph.rsplit("-", 1)
    torch.manual_seed(0)
    path = tmp_path / "weights.safetensors"
    state = build_network(name).state_dict()
    halves = {key: value.half() if value.is_floating_point() else value for key, value in state.items()}
    save_weights(path, halves, {"network": name, "size": size})
    noise = np.random.default_rng(0).integers(0, 256, (200, 300)).astype(np.uint8)
    same_answers(path, [noise])


@pytest.mark.thorough
@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_weights_answer_alike(name: str) -> None:
    split = open_split("phantom-val")
    greys = [to_uint8(split.slice(index), SOFT_TISSUE) for index in range(3)]
    same_answers(fetch(name), greys)


def test_files_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "net.safetensors"
    path.write_bytes(b"nothing")
    with pytest.raises(ValueError, match="is no safetensors file"):
        ServedNetwork(path)
    save_file({"w": torch.zeros(1)}, path, metadata={"network": "tiny-unet", "size": "64"})
    with pytest.raises(ValueError, match="does not say which network"):
        ServedNetwork(path)
    weights = load_file(fetch("unet_tvmf_fp16.safetensors"))
    weights.pop("decoder.blocks.0.conv1.0.weight")
    save_file(weights, path, metadata={"network": "unet-lite0", "size": "256"})
    with pytest.raises(ValueError, match="does not fit unet-lite0-256"):
        ServedNetwork(path)


@pytest.mark.parametrize(
    ("method", "heavy"),
    [
        ("unet-tvmf", {"torch", "torchvision", "timm"}),
        # Segment Anything needs torch, not what its package imports besides: a fifth of a gigabyte.
        ("sam-seeded", {"torchvision", "timm", "sympy", "torch._dynamo"}),
        ("sam-vit-t", {"torchvision", "timm", "sympy", "torch._dynamo"}),
    ],
)
def test_a_method_does_not_import_what_it_does_not_need(method: str, heavy: set[str]) -> None:
    program = (
        f"import sys; from ctseg.methods import load; load({method!r});"
        f"print(sorted({heavy!r} & set(sys.modules)))"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"

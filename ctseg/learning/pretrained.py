"""From pre-training to fine-tuning: the encoder's tensors move over."""

from collections.abc import Mapping

from torch import Tensor, nn


def load_pretrained_encoder(network: nn.Module, weights: Mapping[str, Tensor]) -> None:
    """Fill a network's encoder, in place, with what a pre-training's ``encoder_state`` returned.

    Parameters
    ----------
    network : a network with an ``encoder``
    weights : all tensors of such an encoder by name; half precision is widened

    Raises
    ------
    ValueError
        If a tensor is missing, has another shape, or has no place in the encoder; the message names it.
    """
    encoder = network.encoder
    assert isinstance(encoder, nn.Module)
    present = encoder.state_dict()
    for name, tensor in present.items():
        if name not in weights or weights[name].shape != tensor.shape:
            raise ValueError(
                f"The pre-trained weights do not fit the encoder: {name} is missing or has another shape."
            )
    for name in weights:
        if name not in present:
            raise ValueError(f"The pre-trained weights do not fit the encoder: it has no {name}.")
    encoder.load_state_dict(dict(weights))

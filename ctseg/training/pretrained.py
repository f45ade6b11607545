"""What a run starts from: ImageNet's encoder, one that was pre-trained here, or a whole network."""

from collections.abc import Mapping
from pathlib import Path

from safetensors.torch import load_file
from torch import Tensor, nn

from ctseg.networks.unet import load_imagenet_encoder
from ctseg.training.recipe import Recipe, RecipeError
from ctseg.weights import fetch

IMAGENET_FILE = "tf_efficientnet_lite0_imagenet_fp16.safetensors"
SHIPPED_FILE = "unet_tvmf_fp16.safetensors"
_HEADS = ("segmentation_head.", "head.")  # of the U-Nets and of the tiny one
_EMBEDDED = {"imagenet": IMAGENET_FILE, "unet-tvmf": SHIPPED_FILE}


def load_initial(network: nn.Module, recipe: Recipe, initial: Path | None) -> None:
    """Fill the encoder, or all, as the recipe says, in place; random weights stay as they are.

    Parameters
    ----------
    network : a network with an ``encoder``
    recipe : whose ``initial`` decides
    initial : safetensors file; None takes the embedded file, if there is one

    Raises
    ------
    RecipeError
        If a file is needed and was not named, is not there, or does not fit.
    """
    if recipe.initial == "random":
        return
    if initial is None and recipe.initial in _EMBEDDED:
        initial = fetch(_EMBEDDED[recipe.initial])
    if initial is None or not initial.is_file():
        raise RecipeError(f"This recipe starts from {recipe.initial} weights; name their safetensors file.")
    loaders = {"imagenet": load_imagenet_encoder, "unet-tvmf": load_smaller_network}
    load = loaders.get(recipe.initial, load_pretrained_encoder)
    try:
        load(network, load_file(initial))
    except ValueError as error:
        raise RecipeError(str(error)) from error


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


def load_smaller_network(network: nn.Module, weights: Mapping[str, Tensor]) -> None:
    """Fill a network, in place, from one that is the same but for fewer channels of its last convolution.

    Those channels come first and are filled; the others keep their random weights.

    Parameters
    ----------
    network : such as a U-Net of foreground and affinities
    weights : all tensors by name, such as those of a U-Net of foreground; half precision is widened

    Raises
    ------
    ValueError
        If a tensor is missing, has no place, or differs in shape by more than its first channels.
    """
    present = network.state_dict()
    if present.keys() != weights.keys():
        odd = sorted(present.keys() ^ weights.keys())[0]
        raise ValueError(f"The initial weights do not fit the network: only one of them has {odd}.")
    for name, tensor in present.items():
        source = weights[name]
        if source.shape[1:] != tensor.shape[1:] or source.dim() != tensor.dim():
            raise ValueError(f"The initial weights do not fit the network: {name} has another shape.")
        if source.dim() and source.shape[0] != tensor.shape[0]:
            if source.shape[0] > tensor.shape[0] or not name.startswith(_HEADS):
                raise ValueError(f"The initial weights do not fit the network: {name} has another shape.")
            tensor[: len(source)] = source
        else:
            tensor.copy_(source)

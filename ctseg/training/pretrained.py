"""The encoder that a run starts from: ImageNet's, or one that was pre-trained here."""

from collections.abc import Mapping
from pathlib import Path

from safetensors.torch import load_file
from torch import Tensor, nn

from ctseg.networks.unet import load_imagenet_encoder
from ctseg.training.recipe import Recipe, RecipeError
from ctseg.weights import fetch

IMAGENET_FILE = "tf_efficientnet_lite0_imagenet_fp16.safetensors"


def load_initial(network: nn.Module, recipe: Recipe, initial: Path | None) -> None:
    """Fill the encoder as the recipe says, in place; random weights stay as they are.

    Parameters
    ----------
    network : a network with an ``encoder``
    recipe : whose ``initial`` decides
    initial : safetensors file; None takes the embedded file, for ImageNet only

    Raises
    ------
    RecipeError
        If a file is needed and was not named, is not there, or does not fit.
    """
    if recipe.initial == "random":
        return
    if initial is None and recipe.initial == "imagenet":
        initial = fetch(IMAGENET_FILE)
    if initial is None or not initial.is_file():
        raise RecipeError(f"This recipe starts from {recipe.initial} weights; name their safetensors file.")
    load = load_imagenet_encoder if recipe.initial == "imagenet" else load_pretrained_encoder
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

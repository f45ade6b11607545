"""The encoder that a run starts from: ImageNet's, or one that was pre-trained here."""

from collections.abc import Mapping
from pathlib import Path

from safetensors.torch import load_file
from torch import Tensor, nn

from ctseg.learning.recipe import Recipe, RecipeError
from ctseg.networks.unet import load_imagenet_encoder
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

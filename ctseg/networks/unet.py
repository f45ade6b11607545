"""U-Nets from segmentation-models-pytorch; their first two output channels are background and foreground."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

ENCODER = "tu-tf_efficientnet_lite0"
_STEM = "conv_stem.weight"


def unet(encoder: str = ENCODER, channels: int = 2) -> nn.Module:
    """Return a U-Net with random weights: one grey channel in, two logits or more out.

    The grey channel lies in [-1, 1] (0 to 255 linearly), which is the range the ImageNet encoder was trained
    in. One channel is enough: three equal ones give the same, see :func:`load_imagenet_encoder`.

    Parameters
    ----------
    encoder : name of an encoder of segmentation-models-pytorch
    channels : logits a pixel, C; the first two are background and foreground

    Returns
    -------
    nn.Module from (N, 1, H, W) to logits (N, C, H, W), H and W multiples of 32; channel 1 is foreground.

    References
    ----------
    Ronneberger et al., U-Net, MICCAI 2015, arXiv 1505.04597.
    Tan & Le, EfficientNet, ICML 2019, arXiv 1905.11946.
    """
    import segmentation_models_pytorch as smp

    network: nn.Module = smp.Unet(encoder, encoder_weights=None, in_channels=1, classes=channels)
    return network


def load_imagenet_encoder(network: nn.Module, weights: Mapping[str, Tensor]) -> None:
    """Fill the encoder of :func:`unet` from weights in timm's layout, in place.

    The first convolution's three input channels are added up: the sum over one channel equals the original
    on three equal channels. Weights that the encoder does not have (the classifier's) are left out.

    Parameters
    ----------
    network : a network of :func:`unet`
    weights : tensors by name, as in timm

    Raises
    ------
    ValueError
        If the encoder needs a tensor that is not there or has another shape.
    """
    encoder = network.encoder
    assert isinstance(encoder, nn.Module)
    filled = {}
    for name, present in encoder.state_dict().items():
        source = weights.get(name.removeprefix("model."))
        if source is not None and name.endswith(_STEM) and source.dim() == present.dim():
            source = source.sum(1, keepdim=True)
        if source is None or source.shape != present.shape:
            raise ValueError(
                f"The initial weights do not fit the encoder: {name} is missing or has another shape."
            )
        filled[name] = source.to(torch.float32) if source.is_floating_point() else source
    encoder.load_state_dict(filled)

"""SimCLR: an encoder learns that two views of one slice are alike and views of different slices are not."""

from typing import Any

import torch
from torch import Tensor, nn

from ctseg.training.losses import nt_xent_loss


class SimCLR(nn.Module):
    """Pre-trains the encoder of a U-Net.

    The coarsest feature map is averaged over space and projected by two linear maps, which are thrown away
    afterwards.

    Parameters
    ----------
    encoder : that of a network of :func:`ctseg.networks.unet.unet`; returns feature maps, fine to coarse
    temperature : of the loss; 0.1 to 0.2 for some thousand slices
    dim : channels of the projection, on which the loss is taken

    References
    ----------
    Chen et al., SimCLR, ICML 2020, arXiv 2002.05709, section 2.1.
    """

    def __init__(self, encoder: Any, temperature: float = 0.1, dim: int = 128) -> None:
        # lightly takes many seconds to import, and only SimCLR needs it.
        from lightly.models.modules.heads import SimCLRProjectionHead

        super().__init__()
        self.encoder, self.temperature = encoder, temperature
        channels: int = encoder.out_channels[-1]
        self.projection = SimCLRProjectionHead(channels, channels, dim)

    def embed(self, image: Tensor) -> Tensor:
        """Return the encoder's embedding (N, C), the mean of its coarsest feature map; for neighbours."""
        coarsest: Tensor = self.encoder(image)[-1]
        return coarsest.mean((2, 3))

    def forward(self, view_a: Tensor, view_b: Tensor, groups: Tensor | None = None) -> Tensor:
        """Return the NT-Xent loss.

        Both views go through the network as one batch, so that batch norm cannot tell them apart.

        Parameters
        ----------
        view_a, view_b : Tensors, shape (N, 1, H, W), in [-1, 1]; H and W multiples of 32
        groups : Tensor of int64, shape (N,), equal for near-duplicates; see
            :func:`ctseg.training.losses.nt_xent_loss`

        Returns
        -------
        Tensor of float32, a scalar.
        """
        first, second = self.projection(self.embed(torch.cat([view_a, view_b]))).chunk(2)
        return nt_xent_loss(first, second, self.temperature, groups)

    def encoder_state(self) -> dict[str, Tensor]:
        """Return the encoder's tensors under the names that the fine-tuned network's encoder has."""
        state: dict[str, Tensor] = self.encoder.state_dict()
        return state

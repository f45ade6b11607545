"""Swin-MAE: a Swin Transformer learns from images of which it sees a quarter, in blocks of 16x16 px."""

import torch
from torch import Tensor, nn

from ctseg.networks.swin import PATCH, SwinEncoder
from ctseg.networks.swin_unet import PatchExpanding
from ctseg.networks.window_blocks import initialise, window_blocks
from ctseg.training.tasks.masked_pixels import (
    divide_at_random,
    fill_in,
    masked_pixel_loss,
    masking_noise,
    to_patches,
)

BLOCK = 4  # patches along the side of what is masked together
_SIDE = BLOCK * PATCH


class SwinMaskedAutoencoder(nn.Module):
    """Pre-trains the encoder of a Swin-UNet.

    A single patch of 4 px could be guessed from its neighbours, so blocks of 4x4 patches are masked
    together. Windows need the whole grid, so one learnt token stands in every masked place already in the
    encoder. The decoder has no skips, which would carry pixels past the encoder, and is thrown away.

    The paper predicts a patch's pixels; here they are normalised over the 16x16 px that are masked
    together, as in :class:`ctseg.training.tasks.mae.MaskedAutoencoder`, so that the two losses compare.

    Parameters
    ----------
    encoder : what is to be pre-trained
    mask_ratio : share of blocks that are masked
    depth : number of blocks of each decoder stage

    References
    ----------
    Xu et al., Swin MAE: masked autoencoders for small datasets, 2022, arXiv 2212.13805.
    """

    def __init__(self, encoder: SwinEncoder, mask_ratio: float = 0.75, depth: int = 1) -> None:
        super().__init__()
        self.mask_ratio = mask_ratio
        self.mask_token = nn.Parameter(torch.empty(encoder.dims[0]))
        stages: list[nn.Module] = []
        for dim, heads in zip(encoder.dims[-2::-1], encoder.heads[-2::-1], strict=True):
            stages += [PatchExpanding(2 * dim, dim), window_blocks(dim, heads, depth)]
        self.decoder = nn.Sequential(*stages, nn.LayerNorm(encoder.dims[0]))
        self.pixels = nn.Linear(encoder.dims[0], PATCH**2)
        self.apply(initialise)
        nn.init.trunc_normal_(self.mask_token, std=0.02)
        self.encoder = encoder

    def noise(self, image: Tensor, noise: Tensor | torch.Generator) -> Tensor:
        """Return the noise (N, L) that decides which of the image's 16x16 px blocks are masked."""
        return masking_noise(len(image), image[0, 0].numel() // _SIDE**2, noise).to(image.device)

    def embed_masked(self, image: Tensor, masked: Tensor) -> Tensor:
        """Return the encoder's first tokens (N, H / 4, W / 4, dim), the learnt one in all masked places."""
        tokens = self.encoder.embed(image)
        rows, columns = (side // _SIDE for side in image.shape[-2:])
        hidden = torch.zeros(len(image), rows * columns, dtype=torch.bool, device=image.device)
        hidden = hidden.scatter(1, masked, True).view(-1, rows, columns)
        hidden = hidden.repeat_interleave(BLOCK, 1).repeat_interleave(BLOCK, 2)
        return torch.where(hidden.unsqueeze(3), self.mask_token.to(tokens.dtype), tokens)

    def predict(self, image: Tensor, masked: Tensor) -> Tensor:
        """Return all blocks' normalised pixels (N, L, 256) from the blocks that are not masked."""
        coarse = self.encoder.encode(self.embed_masked(image, masked))[-1]
        pixels = self.pixels(self.decoder(coarse)).permute(0, 3, 1, 2)
        return to_patches(nn.functional.pixel_shuffle(pixels, PATCH), _SIDE)

    def forward(self, image: Tensor, noise: Tensor | torch.Generator) -> Tensor:
        """Return the loss on masked blocks.

        Parameters
        ----------
        image : Tensor, shape (N, 1, H, W), in [-1, 1]; H and W multiples of 32
        noise : Tensor, shape (N, L) with L = H / 16 * W / 16, or the generator to draw it from

        Returns
        -------
        Tensor of float32, a scalar.
        """
        _, masked = divide_at_random(self.noise(image, noise), self.mask_ratio)
        return masked_pixel_loss(self.predict(image, masked), image, masked)

    @torch.no_grad()
    def reconstruct(self, image: Tensor, noise: Tensor | torch.Generator) -> Tensor:
        """Return the image (N, 1, H, W) with its masked blocks filled in by the network."""
        _, masked = divide_at_random(self.noise(image, noise), self.mask_ratio)
        return fill_in(self.predict(image, masked), image, masked)

    def encoder_state(self) -> dict[str, Tensor]:
        """Return the encoder's tensors under the names that the fine-tuned network's encoder has."""
        return self.encoder.state_dict()

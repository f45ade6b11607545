"""Masked autoencoder: a vision transformer learns from images of which it sees a quarter."""

import torch
from timm.models.vision_transformer import Block
from torch import Tensor, nn

from ctseg.networks.vit import VisionTransformer, initialise
from ctseg.training.tasks.masked_pixels import (
    at,
    divide_at_random,
    fill_in,
    masked_pixel_loss,
    masking_noise,
)


class MaskedAutoencoder(nn.Module):
    """Pre-trains the encoder of a vision transformer.

    The encoder gets the visible patches only. A light decoder gets what it made of them, one learnt token in
    every masked place, and all positions; it predicts the masked pixels and is thrown away afterwards.

    Parameters
    ----------
    encoder : what is to be pre-trained
    mask_ratio : share of patches that are masked
    dim, depth, heads : size of the decoder

    References
    ----------
    He et al., Masked autoencoders are scalable vision learners, 2021, arXiv 2111.06377, section 3.
    """

    def __init__(
        self,
        encoder: VisionTransformer,
        mask_ratio: float = 0.75,
        dim: int = 128,
        depth: int = 2,
        heads: int = 4,
    ) -> None:
        super().__init__()
        self.encoder, self.mask_ratio = encoder, mask_ratio
        self.narrow = nn.Linear(encoder.dim, dim)
        self.mask_token = nn.Parameter(torch.empty(1, 1, dim))
        self.decoder = nn.Sequential(*(Block(dim, heads, qkv_bias=True) for _ in range(depth)))
        self.pixels = nn.Sequential(nn.LayerNorm(dim), nn.Linear(dim, encoder.patch**2))
        for part in (self.narrow, self.decoder, self.pixels):
            part.apply(initialise)
        nn.init.normal_(self.mask_token, std=0.02)

    def noise(self, image: Tensor, noise: Tensor | torch.Generator) -> Tensor:
        """Return the noise (N, L) that decides which of the image's patches are masked."""
        patches = image[0, 0].numel() // self.encoder.patch**2
        return masking_noise(len(image), patches, noise).to(image.device)

    def encode_visible(self, image: Tensor, visible: Tensor) -> Tensor:
        """Return the encoder's tokens (N, K, dim) of the visible patches; the others' pixels play no part."""
        return self.encoder.encode(at(visible, self.encoder.embed(image)))

    def predict(self, image: Tensor, visible: Tensor) -> Tensor:
        """Return all patches' normalised pixels (N, L, patch ** 2) from the visible patches alone."""
        seen = self.narrow(self.encode_visible(image, visible))
        dim, (height, width) = seen.shape[2], image.shape[-2:]
        positions = self.encoder.positions(height, width, dim, image.device)
        tokens = self.mask_token.expand(len(image), len(positions), dim)
        tokens = tokens.scatter(1, visible.unsqueeze(2).expand(-1, -1, dim), seen.to(tokens.dtype))
        pixels: Tensor = self.pixels(self.decoder(tokens + positions))
        return pixels

    def forward(self, image: Tensor, noise: Tensor | torch.Generator) -> Tensor:
        """Return the loss on masked patches.

        Parameters
        ----------
        image : Tensor, shape (N, 1, H, W), in [-1, 1]; H and W multiples of the patch
        noise : Tensor, shape (N, L), or the generator to draw it from

        Returns
        -------
        Tensor of float32, a scalar.
        """
        visible, masked = divide_at_random(self.noise(image, noise), self.mask_ratio)
        return masked_pixel_loss(self.predict(image, visible), image, masked)

    @torch.no_grad()
    def reconstruct(self, image: Tensor, noise: Tensor | torch.Generator) -> Tensor:
        """Return the image (N, 1, H, W) with its masked patches filled in by the network."""
        visible, masked = divide_at_random(self.noise(image, noise), self.mask_ratio)
        return fill_in(self.predict(image, visible), image, masked)

    def encoder_state(self) -> dict[str, Tensor]:
        """Return the encoder's tensors under the names that the fine-tuned network's encoder has."""
        return self.encoder.state_dict()

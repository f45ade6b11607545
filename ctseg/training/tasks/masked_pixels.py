"""What masked autoencoders share: patches as vectors, random masks, the loss on masked patches."""

import torch
from torch import Tensor


def to_patches(image: Tensor, patch: int) -> Tensor:
    """Cut images (N, 1, H, W) into patches (N, L, patch ** 2), L = H / patch * W / patch, row by row."""
    grid = image[:, 0].unflatten(1, (-1, patch)).unflatten(3, (-1, patch))
    return grid.transpose(2, 3).flatten(3).flatten(1, 2)


def to_image(patches: Tensor, height: int, width: int) -> Tensor:
    """Lay patches (N, L, patch ** 2) out as images (N, 1, height, width); undoes :func:`to_patches`."""
    patch = round(patches.shape[2] ** 0.5)
    grid = patches.unflatten(2, (patch, patch)).unflatten(1, (height // patch, width // patch))
    return grid.transpose(2, 3).flatten(3).flatten(1, 2).unsqueeze(1)


def patch_statistics(patches: Tensor) -> tuple[Tensor, Tensor]:
    """Return mean and standard deviation (never 0) of each patch's pixels, both of shape (N, L, 1)."""
    variance, mean = torch.var_mean(patches, 2, keepdim=True)
    return mean, (variance + 1e-6).sqrt()


def masking_noise(images: int, places: int, noise: Tensor | torch.Generator) -> Tensor:
    """Return noise of shape (images, places): drawn uniformly from a generator, or the given one.

    Raises
    ------
    ValueError
        If the given noise has another shape.
    """
    if isinstance(noise, torch.Generator):
        return torch.rand(images, places, generator=noise, device=noise.device)
    if noise.shape != (images, places):
        raise ValueError(f"The masking noise is {tuple(noise.shape)}; it must be {(images, places)}.")
    return noise


def divide_at_random(noise: Tensor, mask_ratio: float) -> tuple[Tensor, Tensor]:
    """Choose which places stay visible: those with the least noise.

    Parameters
    ----------
    noise : Tensor, shape (N, L)
    mask_ratio : share of places to mask; at least one stays visible

    Returns
    -------
    visible, masked : Tensors of indices, shapes (N, L - M) and (N, M) with M = L * mask_ratio, rounded
    """
    places = noise.shape[1]
    visible = max(1, places - round(places * mask_ratio))
    order = noise.argsort(dim=1, stable=True)
    return order[:, :visible], order[:, visible:]


def at(index: Tensor, values: Tensor) -> Tensor:
    """Return the rows of values (N, L, D) that index (N, K) names, shape (N, K, D)."""
    return values.gather(1, index.unsqueeze(2).expand(-1, -1, values.shape[2]))


def masked_pixel_loss(prediction: Tensor, image: Tensor, masked: Tensor) -> Tensor:
    """Return the mean squared error on the masked patches' normalised pixels, in float32.

    A patch's pixels are normalised with their own mean and standard deviation, so that texture counts and
    not how bright a patch is.

    Parameters
    ----------
    prediction : Tensor, shape (N, L, patch ** 2), of all patches, in normalised pixels
    image : Tensor, shape (N, 1, H, W)
    masked : Tensor of int64, shape (N, M), which patches count

    Returns
    -------
    Tensor, a scalar.

    References
    ----------
    He et al., Masked autoencoders are scalable vision learners, 2021, arXiv 2111.06377, section 3,
    "Reconstruction target".
    """
    true = at(masked, to_patches(image.float(), round(prediction.shape[2] ** 0.5)))
    mean, deviation = patch_statistics(true)
    return ((at(masked, prediction.float()) - (true - mean) / deviation) ** 2).mean()


def fill_in(prediction: Tensor, image: Tensor, masked: Tensor) -> Tensor:
    """Return the image with its masked patches replaced by what was predicted, for looking at.

    The prediction is in normalised pixels; it is shown with each patch's true mean and deviation.

    Parameters
    ----------
    prediction, image, masked : as for :func:`masked_pixel_loss`

    Returns
    -------
    Tensor of float32, shape (N, 1, H, W).
    """
    patches = to_patches(image.float(), round(prediction.shape[2] ** 0.5))
    mean, deviation = patch_statistics(patches)
    hidden = torch.zeros(patches.shape[:2], dtype=torch.bool, device=patches.device).scatter(1, masked, True)
    shown = torch.where(hidden.unsqueeze(2), prediction.float() * deviation + mean, patches)
    return to_image(shown, *image.shape[-2:])

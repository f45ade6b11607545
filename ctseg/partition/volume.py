"""The whole slice as a hierarchy: basins of its edges, joined by the water they hold."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ctseg.partition.flooding import MAX_LEVEL, flood
from ctseg.partition.merge_tree import MAX_LEAVES, MergeTree
from ctseg.partition.placing import coarsened

FLAT_WEIGHT = 0.3
"""Weight of an edge of grey levels where no border was predicted; 1.3 where one certainly is."""
INSIDE_WEIGHT = 0.1
"""Weight of an edge inside a structure that was found by other means."""
BORDER_STRENGTH = 0.05
"""What its border adds to an edge, as a part of the strongest."""
_ONE = 1 << 12


def _smoothing(sigma: float) -> NDArray[np.float64]:
    radius = round(4 * sigma)
    weights = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2)
    return np.rint(weights / weights.sum() * _ONE)


def edge_strength(
    grey: NDArray[np.uint8],
    boundary: NDArray[np.floating] | None = None,
    sigma_px: float = 1.0,
    flat: float = FLAT_WEIGHT,
) -> NDArray[np.int64]:
    """Return the Sobel gradient of the smoothed slice, times flat + boundary.

    Filters have whole numbers as weights, so a mirrored or transposed slice has the same edges to the last
    bit.

    Parameters
    ----------
    grey : ndarray of uint8, shape (H, W)
    boundary : ndarray, shape (H, W), in [0, 1], or None for the gradient alone
    sigma_px : standard deviation of the Gaussian
    flat : weight where the boundary is 0

    Returns
    -------
    ndarray of int64, shape (H, W), in [0, MAX_LEVEL]

    Raises
    ------
    ValueError
        If the shapes differ.
    """
    import cv2

    gauss, smooth, step = _smoothing(sigma_px), np.array([1.0, 2, 1]), np.array([-1.0, 0, 1])
    image = cv2.sepFilter2D(grey.astype(np.float64), cv2.CV_64F, gauss, gauss, borderType=cv2.BORDER_REFLECT)
    across = cv2.sepFilter2D(image, cv2.CV_64F, step, smooth, borderType=cv2.BORDER_REFLECT)
    down = cv2.sepFilter2D(image, cv2.CV_64F, smooth, step, borderType=cv2.BORDER_REFLECT)
    strength = np.sqrt(across * across + down * down) / (255 * gauss.sum() ** 2 * smooth.sum() * np.sqrt(2))
    if boundary is not None:
        if boundary.shape != grey.shape:
            raise ValueError(f"A boundary of shape {boundary.shape} does not fit a slice of {grey.shape}.")
        certain = np.clip(boundary.astype(np.float64), 0, 1)
        strength = strength * (flat + certain) / (flat + 1)
    return np.rint(strength * MAX_LEVEL).astype(np.int64)


def led_by(
    strength: NDArray[np.integer],
    structures: NDArray[np.integer],
    inside: float = INSIDE_WEIGHT,
    border: float = BORDER_STRENGTH,
) -> NDArray[np.int64]:
    """Return edges that follow structures which were found by other means.

    Inside a structure an edge counts a tenth, so that what it divides is joined early; on both sides of its
    border it is raised by a twentieth of the strongest edge. Where no structure was found nothing changes.

    Parameters
    ----------
    strength : ndarray of integers, shape (H, W), such as :func:`edge_strength` gives
    structures : label map, ndarray of integers, shape (H, W), 0 = none
    inside, border : weight inside, strength added at the border, see the constants

    Returns
    -------
    ndarray of int64, shape (H, W), in [0, MAX_LEVEL]

    Raises
    ------
    ValueError
        If the shapes differ.
    """
    if structures.shape != strength.shape:
        raise ValueError(f"Structures of shape {structures.shape} do not fit edges of {strength.shape}.")
    across, down = structures[:, 1:] != structures[:, :-1], structures[1:] != structures[:-1]
    at_border = np.zeros(structures.shape, bool)
    at_border[:, 1:] |= across
    at_border[:, :-1] |= across
    at_border[1:] |= down
    at_border[:-1] |= down
    led = np.where((structures > 0) & ~at_border, strength * inside, strength)
    return np.rint(np.minimum(led + at_border * (border * MAX_LEVEL), MAX_LEVEL)).astype(np.int64)


def volume_tree(
    strength: NDArray[np.integer],
    after_step: Callable[[int], None] = lambda _step: None,
    look: Callable[[], None] = lambda: None,
) -> MergeTree:
    """Join the basins of a landscape, those that hold the least water first: a hierarchical watershed by
    volume.

    The altitude of a merge is log(1 + v) / log(1 + V): v is the water, in px times levels, that the emptier
    of the two sides holds when their pass is flooded, V that of the last merge. Altitudes tie where two such
    volumes are the same whole number; cuts take such merges together.

    Parameters
    ----------
    strength : ndarray of integers, shape (H, W), in [0, MAX_LEVEL], such as :func:`edge_strength` gives
    after_step : called with 1 and 2 when that many steps are done
    look : called between parts of a step, each of less than 0.5 s at 1024 px. Both may raise to end early.

    Returns
    -------
    MergeTree with at most 20,000 leaves: what is joined below is not kept.

    References
    ----------
    Cousty and Najman, Incremental Algorithm for Hierarchical Minimum Spanning Forests and Saliency of
    Watershed Cuts, ISMM 2011; Perret et al., Higra: Hierarchical Graph Analysis, SoftwareX 2019.
    """
    import higra

    basins = flood(strength, _minima(strength), look)
    after_step(1)
    count = basins.volumes.size + 1
    parents = np.zeros(1, np.int64)
    volumes = np.zeros(0)
    if count > 1:
        # Passes come lowest first, and a stable sort keeps them so among equal volumes.
        order = np.argsort(basins.volumes, kind="stable")
        tree = higra.bpt_canonical(
            (basins.first - 1, basins.second - 1, count), sorted_edge_indices=order, return_altitudes=False
        )
        parents, volumes = tree.parents().astype(np.int64), basins.volumes[order]
    altitudes = np.log1p(volumes) / np.log1p(max(volumes.max(initial=0), 1))
    result = coarsened(MergeTree(basins.labels, parents, altitudes), MAX_LEAVES)
    after_step(2)
    return result


def _minima(strength: NDArray[np.integer]) -> NDArray[np.int32]:
    import cv2
    from skimage.morphology import local_minima

    flat = local_minima(strength, connectivity=1)
    if not flat.any():  # scikit-image finds none in a constant image
        flat = np.ones(strength.shape, bool)
    return np.asarray(cv2.connectedComponents(flat.astype(np.uint8), connectivity=4, ltype=cv2.CV_32S)[1])

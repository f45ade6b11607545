"""From a network's affinities and mask to a merge tree of the structures in the mask."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ctseg.labelmaps import connected_regions, relabel
from ctseg.partition.affinities import Offsets, boundary_map, checked
from ctseg.partition.flooding import flood
from ctseg.partition.linkage import average_linkage
from ctseg.partition.merge_tree import MAX_LEAVES, MergeTree
from ctseg.partition.placing import coarsened, placed
from ctseg.partition.region_graph import region_graph

BOUNDARY_BELOW = 0.15
"""Where the boundary is lower, a basin begins."""
MIN_MARKER_PX = 8
_INSIDE = 1 << 19
"""Altitude of the certain boundary; ground outside the mask lies higher."""
_A_PX = 8
"""Levels that the ground outside rises with each px from the mask."""


def agglomerate(
    affinities: NDArray[np.floating],
    mask: NDArray[np.bool_],
    offsets: Offsets,
    boundary_below: float = BOUNDARY_BELOW,
    at: NDArray[np.bool_] | None = None,
    look: Callable[[], None] = lambda: None,
) -> MergeTree:
    """Divide a mask into basins of the boundary map and join them by average linkage of their affinities.

    Altitudes are 1 - mean affinity between the two sides, over all offsets, so ``cut(threshold=0.5)`` joins
    what more likely is one structure than not. Parts that never meet are joined above 1, at 1 + gap / (H +
    W), gap being the widest of the px between them on the best way from one to the other.

    Parameters
    ----------
    affinities : ndarray, shape (len(offsets), H, W), in [0, 1]
    mask : ndarray of bool, shape (H, W): where structures are
    offsets : (row, column) in px
    boundary_below : a basin begins in every 4-connected place of at least 8 px where the boundary is lower,
        and in every connected part of the mask without such a place
    at : ndarray of bool: the mask at the size of the slice, if that is another; a pixel of it takes the basin
        nearest to it
    look : called often; may raise to end early

    Returns
    -------
    MergeTree of the mask, all basins apart, of at most 20,000 basins

    Raises
    ------
    ValueError
        If the shapes do not fit.
    """
    import cv2

    checked(affinities, offsets)
    if mask.shape != affinities.shape[1:]:
        raise ValueError(f"A mask of shape {mask.shape} does not fit affinities of {affinities.shape[1:]}.")
    if not mask.any():
        return MergeTree.empty((mask if at is None else at).shape)
    boundary = boundary_map(affinities, offsets)
    look()
    away = cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    outside = _INSIDE + np.floor(_A_PX * np.sqrt(np.rint(away.astype(np.float64) ** 2)))
    altitude = np.where(mask, np.rint(boundary * (_INSIDE - 1)), outside).astype(np.int64)
    basins = flood(altitude, _markers(boundary < boundary_below, mask), look)
    look()
    graph = region_graph(np.where(mask, basins.labels, 0), affinities, offsets)
    look()
    gaps = 1 + np.maximum(basins.levels - _INSIDE, 0) * 2 / _A_PX / sum(mask.shape)
    parents, altitudes = average_linkage(graph, basins, gaps, look)
    everywhere = MergeTree(basins.labels, parents, altitudes)
    return coarsened(placed(everywhere, mask if at is None else at, look), MAX_LEAVES)


def _markers(low: NDArray[np.bool_], mask: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Number the low places of the mask, and its connected parts that have none."""
    places = connected_regions(low & mask, 4)
    large = np.bincount(places.ravel()) >= MIN_MARKER_PX
    large[0] = False
    marked = large[places]
    parts = connected_regions(mask)
    has_place = np.zeros(int(parts.max()) + 1, bool)
    has_place[parts[marked]] = True
    has_place[0] = True
    return relabel(np.where(marked, places, np.where(has_place[parts], 0, parts + places.max())))

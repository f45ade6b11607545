"""Which basins are neighbours, and how many pairs of pixels say that they belong together."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ctseg.partition.affinities import STEPS, Offsets, checked, counted, ends


@dataclass(frozen=True)
class RegionGraph:
    """Pairs of regions with pairs of pixels between them, each once, ordered by both numbers.

    Attributes
    ----------
    regions : how many there are; regions without a neighbour are in no pair
    first, second : ndarray of int64, shape (E,): region numbers from 0, first < second
    affinity : ndarray of float64, shape (E,): sum of affinities over the pairs of pixels, exact
    pairs : ndarray of int64, shape (E,): how many pairs of pixels
    """

    regions: int
    first: NDArray[np.int64]
    second: NDArray[np.int64]
    affinity: NDArray[np.float64]
    pairs: NDArray[np.int64]


def region_graph(
    basins: NDArray[np.int32], affinities: NDArray[np.floating], offsets: Offsets
) -> RegionGraph:
    """Add up the affinities of all pairs of pixels that lie in two different basins.

    Parameters
    ----------
    basins : ndarray of int32, shape (H, W): basins 1..K, 0 is left out
    affinities : ndarray, shape (len(offsets), H, W), in [0, 1]
    offsets : all are used

    Returns
    -------
    RegionGraph: region k is basin k + 1

    Raises
    ------
    ValueError
        If the shapes do not fit.
    """
    from scipy.sparse import coo_matrix

    checked(affinities, offsets)
    if basins.shape != affinities.shape[1:]:
        raise ValueError(f"Basins of shape {basins.shape} do not fit affinities of {affinities.shape[1:]}.")
    firsts, seconds, values = [], [], []
    for channel, offset in zip(affinities, offsets, strict=True):
        one, other = ends(basins, offset)
        differ = (one != other) & (one > 0) & (other > 0)
        firsts.append(np.minimum(one[differ], other[differ]) - 1)
        seconds.append(np.maximum(one[differ], other[differ]) - 1)
        values.append(counted(ends(channel, offset)[0][differ]))
    regions = int(basins.max(initial=0))
    places = (np.concatenate(firsts), np.concatenate(seconds))
    value = np.concatenate(values)
    sums, pairs = (
        coo_matrix((entries, places), shape=(regions, regions)).tocsr()
        for entries in (value, np.ones(value.size, np.int64))
    )
    first = np.repeat(np.arange(regions), np.diff(pairs.indptr))
    return RegionGraph(
        regions, first.astype(np.int64), pairs.indices.astype(np.int64), sums.data / STEPS, pairs.data
    )

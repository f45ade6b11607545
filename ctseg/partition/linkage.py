"""Average linkage: the two regions whose pairs of pixels agree most are joined, again and again."""

import heapq
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ctseg.partition.flooding import Basins
from ctseg.partition.region_graph import RegionGraph

MIN_PAIRS = 4
"""Two regions with fewer pairs of pixels wait until all others are joined: so few say nothing."""
_LOOK_EVERY = 256

Merges = tuple[NDArray[np.int64], NDArray[np.float64]]
"""Parents, shape (2 L - 1,), and altitudes of the inner nodes, shape (L - 1,), as ``MergeTree`` has them."""


def average_linkage(
    graph: RegionGraph, basins: Basins, gaps: NDArray[np.float64], look: Callable[[], None]
) -> Merges:
    """Join all regions, those of the highest mean affinity first; then those that never meet, by their gap.

    The mean runs over all pairs of pixels between two regions, however they came together. The altitude of a
    merge is 1 - mean affinity, or that of the merge before it where that is higher. Of equal means the one
    with more pairs comes first, then the one whose regions' first pixels come first in reading order; only
    that last rule can tell a mirrored slice from the slice.

    Parameters
    ----------
    graph : regions and what is between them
    basins : their passes, which join what has no pairs of pixels
    gaps : ndarray of float64, shape (K - 1,): altitude of a merge over each pass, above 1
    look : called at least every 256 merges; may raise to end early

    Returns
    -------
    parents, altitudes

    References
    ----------
    Bailoni et al., GASP, a generalized framework for agglomerative clustering of signed graphs, CVPR 2022,
    arXiv 1906.11713, with average linkage and no negative weights.
    """
    clusters = _Clusters(graph)
    for fewest in (MIN_PAIRS, 1):
        clusters.queue(fewest)
        while (best := clusters.next_pair()) is not None:
            if clusters.done % _LOOK_EVERY == 0:
                look()
            mean, one, other = best
            clusters.join(one, other, 1 - mean, fewest)
    for one, other, gap in zip(basins.first - 1, basins.second - 1, gaps, strict=True):
        at, to = clusters.of(int(one)), clusters.of(int(other))
        if at != to:
            clusters.join(at, to, float(gap), 1)
    return np.array(clusters.parents, np.int64), np.array(clusters.altitudes)


class _Clusters:
    """Regions that have been joined so far, each named by one of its leaves, and what is between them."""

    def __init__(self, graph: RegionGraph) -> None:
        leaves = graph.regions
        self.parents = list(range(max(2 * leaves - 1, 0)))
        self.altitudes: list[float] = []
        self.done = 0
        self._node = list(range(leaves))
        self._named = list(range(leaves))
        self._between: list[dict[int, tuple[float, int]]] = [{} for _ in range(leaves)]
        for one, other, affinity, pairs in zip(
            graph.first.tolist(),
            graph.second.tolist(),
            graph.affinity.tolist(),
            graph.pairs.tolist(),
            strict=True,
        ):
            self._between[one][other] = self._between[other][one] = (affinity, pairs)
        self._heap: list[tuple[float, int, int, int]] = []

    def queue(self, fewest: int) -> None:
        """Put every pair of at least ``fewest`` pairs of pixels in line."""
        self._heap = [
            (-affinity / pairs, -pairs, one, other)
            for one, others in enumerate(self._between)
            for other, (affinity, pairs) in others.items()
            if one < other and pairs >= fewest
        ]
        heapq.heapify(self._heap)

    def next_pair(self) -> tuple[float, int, int] | None:
        """Mean affinity and names of the pair to be joined next; None if there is none."""
        while self._heap:
            mean, pairs, one, other = heapq.heappop(self._heap)
            now = self._between[one].get(other)
            # Entries of regions that have changed since stay in the heap and are passed over here.
            if now is not None and now[1] == -pairs and -now[0] / now[1] == mean:
                return -mean, one, other
        return None

    def of(self, leaf: int) -> int:
        """Return the name of the cluster that a leaf is in."""
        while self._named[leaf] != leaf:
            self._named[leaf] = self._named[self._named[leaf]]
            leaf = self._named[leaf]
        return leaf

    def join(self, one: int, other: int, altitude: float, fewest: int) -> None:
        """Join two clusters; the one with fewer neighbours takes the name of the other."""
        if len(self._between[one]) < len(self._between[other]):
            one, other = other, one
        kept, gone = self._between[one], self._between[other]
        self._between[other] = {}
        kept.pop(other, None)
        gone.pop(one, None)
        for third, (affinity, pairs) in gone.items():
            before = kept.get(third, (0.0, 0))
            now = (before[0] + affinity, before[1] + pairs)
            others = self._between[third]
            del others[other]
            kept[third] = others[one] = now
            if now[1] >= fewest:
                first, second = (one, third) if one < third else (third, one)
                heapq.heappush(self._heap, (-now[0] / now[1], -now[1], first, second))
        node = len(self._node) + self.done
        self.parents[self._node[one]] = self.parents[self._node[other]] = node
        self.parents[node] = node
        self._node[one] = node
        self._named[other] = one
        self.altitudes.append(max(altitude, self.altitudes[-1] if self.altitudes else 0.0))
        self.done += 1

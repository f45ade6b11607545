"""The whole body divided: a volume tree of edges.

A learned boundary weighs them where there is one, and structures that a method finds lead them.
"""

from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from ctseg.methods.base.affinity_network import AffinityNetwork, resized
from ctseg.methods.base.body import body_without_air
from ctseg.methods.base.hierarchical import FromTree, Hierarchical
from ctseg.methods.base.method import NeverStop, Progress, StopFlag, ignore_progress, raise_if_stopped
from ctseg.methods.base.sharing import shared_label_map
from ctseg.slices.ct_slice import CTSlice, Window
from ctseg.slices.windowing import to_uint8

if TYPE_CHECKING:
    from ctseg.partition import MergeTree

REGIONS = 60
"""The most structures in the default cut."""
LOOK = 1.5
"""The network of outlines looks once, at so many times the size of its training. On held-out patients that is
better than two looks at that size, in about the same time."""
MAX_WORKING_SIDE = 1024
"""Larger slices are divided at this size: a step then takes less time than a stop may."""


class WholeSlice(FromTree):
    """Divides the body by the edges of the slice and leaves the air around it clear.

    Parameters
    ----------
    input_window : in HU, for slices in HU
    network : its affinities weight the edges; None for the edges alone
    structures : its own partition leads the tree: what it finds stays whole longer; None for no such method
    regions : structures of the default cut
    """

    def __init__(
        self,
        input_window: Window,
        network: AffinityNetwork | None = None,
        structures: Hierarchical | None = None,
        *,
        regions: int = REGIONS,
    ) -> None:
        self._input_window = input_window
        self._network = network
        self._structures = structures
        self._regions = regions

    def tree(
        self, ct_slice: CTSlice, stop: StopFlag = NeverStop(), progress: Progress = ignore_progress
    ) -> "MergeTree":
        """See :class:`ctseg.methods.base.hierarchical.Hierarchical`."""
        from ctseg.partition import edge_strength, led_by, nearest, placed, volume_tree

        raise_if_stopped(stop)
        progress(0.0)
        grey = to_uint8(ct_slice, self._input_window)
        raise_if_stopped(stop)
        worked_on = _shrunk(grey)
        found = None if self._structures is None else shared_label_map(self._structures, ct_slice, stop)
        raise_if_stopped(stop)
        progress(0.0 if found is None else 0.4)
        boundary = self._boundary(grey, worked_on.shape)
        done = (0.0 if found is None else 0.4) + (0.0 if boundary is None else 0.3)

        def after_step(step: int) -> None:
            raise_if_stopped(stop)
            progress(done + (0.9 - done) * step / 3)

        after_step(0)
        strength = edge_strength(worked_on, boundary)
        if found is not None:
            strength = led_by(strength, nearest(found, (worked_on.shape[0], worked_on.shape[1])))
        after_step(1)
        tree = volume_tree(strength, lambda step: after_step(1 + step), lambda: raise_if_stopped(stop))
        body = body_without_air(grey)
        raise_if_stopped(stop)
        return placed(tree, body, lambda: raise_if_stopped(stop)).start(count=self._regions)

    def _boundary(self, grey: NDArray[np.uint8], shape: tuple[int, ...]) -> NDArray[np.float32] | None:
        if self._network is None:
            return None
        from ctseg.networks.affinities import OFFSETS, predict_affinities
        from ctseg.partition import boundary_map

        _, affinities = predict_affinities(self._network.logits, grey, self._network.size)
        return resized(boundary_map(affinities, OFFSETS), (shape[0], shape[1]))


def _shrunk(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    longer = max(grey.shape)
    if longer <= MAX_WORKING_SIDE:
        return grey
    height, width = (max(1, round(side * MAX_WORKING_SIDE / longer)) for side in grey.shape)
    return np.asarray(cv2.resize(grey, (width, height), interpolation=cv2.INTER_AREA), np.uint8)

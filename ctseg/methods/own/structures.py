"""Structures of the kind that was annotated: a network's mask, divided by its affinities."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ctseg.methods.base.affinity_network import AffinityNetwork, resized
from ctseg.methods.base.hierarchical import FromTree
from ctseg.methods.base.method import NeverStop, Progress, StopFlag, ignore_progress, raise_if_stopped
from ctseg.slices.ct_slice import CTSlice, Window
from ctseg.slices.windowing import to_uint8

if TYPE_CHECKING:
    from ctseg.partition import MergeTree

MASK_FROM = 0.5
"""Probability of foreground from which a pixel is in the mask."""
BASINS_BELOW = 0.3
"""Boundary below which a basin begins."""
JOINED_FROM = 0.4
"""Mean affinity from which two parts are one structure in the default cut."""


class Structures(FromTree):
    """Separates the structures in a network's mask and leaves the background alone.

    Parameters
    ----------
    input_window : in HU, for slices in HU
    network : of foreground and affinities
    mirrored : also look at the slice mirrored left to right and average both
    mask_from, basins_below, joined_from : thresholds, see the constants of the same names
    """

    def __init__(
        self,
        input_window: Window,
        network: AffinityNetwork,
        *,
        mirrored: bool = True,
        mask_from: float = MASK_FROM,
        basins_below: float = BASINS_BELOW,
        joined_from: float = JOINED_FROM,
    ) -> None:
        self._input_window = input_window
        self._network = network
        self._mirrored = mirrored
        self._mask_from = mask_from
        self._basins_below = basins_below
        self._joined_from = joined_from

    def tree(
        self, ct_slice: CTSlice, stop: StopFlag = NeverStop(), progress: Progress = ignore_progress
    ) -> "MergeTree":
        """See :class:`ctseg.methods.base.hierarchical.Hierarchical`."""
        from ctseg.networks.affinities import OFFSETS
        from ctseg.partition import agglomerate

        raise_if_stopped(stop)
        progress(0.0)
        foreground, affinities = self._predicted(ct_slice, stop)
        raise_if_stopped(stop)
        progress(0.7)
        # The mask is cut at the slice's own size, so that its outline is not made of the network's pixels.
        tree = agglomerate(
            affinities,
            foreground >= self._mask_from,
            OFFSETS,
            boundary_below=self._basins_below,
            at=resized(foreground, ct_slice.shape) >= self._mask_from,
            look=lambda: raise_if_stopped(stop),
        )
        raise_if_stopped(stop)
        return tree.start(threshold=1 - self._joined_from)

    def tree_of_mask(self, ct_slice: CTSlice, mask: NDArray[np.bool_]) -> "MergeTree":
        """Return the tree that would have come of a mask (H, W) that is known, in place of the network's."""
        import cv2

        from ctseg.networks.affinities import OFFSETS
        from ctseg.partition import agglomerate

        _, affinities = self._predicted(ct_slice, NeverStop())
        _, height, width = affinities.shape
        source = mask.astype(np.float32)
        share = np.asarray(cv2.resize(source, (width, height), interpolation=cv2.INTER_AREA), np.float32)
        # A mask too small for the network's size still is one structure there.
        shrunk = share >= 0.5 if (share >= 0.5).any() else share > 0
        tree = agglomerate(affinities, shrunk, OFFSETS, boundary_below=self._basins_below, at=mask)
        return tree.start(threshold=1 - self._joined_from)

    def _predicted(
        self, ct_slice: CTSlice, stop: StopFlag
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Foreground (h, w) and affinities (offsets, h, w) at the network's size."""
        from ctseg.networks.affinities import predict_affinities

        grey = to_uint8(ct_slice, self._input_window)
        raise_if_stopped(stop)
        return predict_affinities(self._network.logits, grey, self._network.size, self._mirrored)

"""Networks that tell foreground from background; connected regions of the foreground become structures."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ctseg.methods.method import Method, NeverStop, Progress, StopFlag, Stopped, ignore_progress
from ctseg.slices.ct_slice import CTSlice, Window
from ctseg.slices.windowing import SOFT_TISSUE, to_uint8

AS_IT_IS: tuple[int, ...] = ()
MIRRORED: tuple[int, ...] = (1,)
THRESHOLD = 0.5

TRAINING_DATA = (
    "BTCV abdomen, 111 slices of 16 patients with 13 kinds of organs labelled (bone, lung, bowel and muscle "
    "are background there)"
)
LICENCE = "research use: whether the data's terms reach weights is unsettled, so the strictest source counts"


class ForegroundRegions:
    """A network's foreground probability, thresholded, and its connected regions.

    Parameters
    ----------
    file : name of the network's weights in the manifest
    input_window : the window that was used in training
    looks : axes to mirror for each look at the slice; probabilities of all looks are averaged
    """

    def __init__(self, file: str, input_window: Window, looks: Sequence[tuple[int, ...]]) -> None:
        from ctseg.networks import load_network
        from ctseg.weights import fetch

        self._stored = load_network(fetch(file))
        self._input_window = input_window
        self._looks = tuple(looks)

    def segment(
        self, ct_slice: CTSlice, stop: StopFlag = NeverStop(), progress: Progress = ignore_progress
    ) -> NDArray[np.int32]:
        """See ``ctseg.methods.Method``."""
        from ctseg.labelmaps import connected_regions
        from ctseg.networks import predict_foreground

        grey = to_uint8(ct_slice, self._input_window)
        total = np.zeros(grey.shape, np.float32)
        steps = len(self._looks) + 1
        for done, look in enumerate(self._looks):
            progress(done / steps)
            if stop.is_set():
                raise Stopped
            total += predict_foreground(self._stored.network, grey, self._stored.size, (look,))
        progress(len(self._looks) / steps)
        if stop.is_set():
            raise Stopped
        label_map = connected_regions(total >= THRESHOLD * len(self._looks))
        progress(1.0)
        return label_map


def load_regions(file: str, looks: Sequence[tuple[int, ...]] = (AS_IT_IS,)) -> Method:
    """Return the method of a network that was trained on soft-tissue windows."""
    return ForegroundRegions(file, SOFT_TISSUE, looks)

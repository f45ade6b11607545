"""Networks that tell foreground from background; connected regions of the foreground become structures."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ctseg.methods.card import Card, Family, Saw
from ctseg.methods.method import Method, NeverStop, Progress, StopFlag, Stopped, ignore_progress
from ctseg.slices.ct_slice import CTSlice, Window
from ctseg.slices.windowing import SOFT_TISSUE, to_uint8

AS_IT_IS: tuple[int, ...] = ()
MIRRORED: tuple[int, ...] = (1,)
THRESHOLD = 0.5

_TRAINING_DATA = (
    "BTCV abdomen, 111 slices of 16 patients with 13 kinds of organs labelled (bone, lung, bowel and muscle "
    "are background there)"
)
UNLABELLED_DATA = (
    "254 unlabelled slices of 62 patients (BTCV, TCGA-LUAD and LUSC, LIDC-IDRI, NSCLC-Radiogenomics, "
    "Colorectal-Liver-Metastases) and the images of the training slices"
)
_LICENCE = "research use: whether the data's terms reach weights is unsettled, so the strictest source counts"
_FAILURES = (
    "Organs that touch become one structure: it knows foreground, not borders between structures.",
    "It finds what was annotated in training, 13 abdominal organs: bone, bowel, muscle and the thorax are "
    "background to it.",
    "It was trained on slices that lie upright in an abdominal window, and fails on turned ones.",
)
SHORT_BUDGET = "600 steps of 8 slices at 192 px"
"""Fine-tuning of the controls and of the self-supervised networks, equal so that they can be compared."""


def network_card(
    *,
    name: str,
    title: str,
    family: Family,
    summary: str,
    paper: str,
    paper_url: str,
    file: str,
    training: str,
    saw: tuple[Saw, ...],
    parameters: int,
    seconds: float,
    did_not_work: tuple[str, ...] = (),
    control: bool = False,
) -> Card:
    """Return the card of a network that was trained on the annotated slices; what all share is filled in.

    Parameters
    ----------
    training : how it was trained, after the words on the annotated slices
    did_not_work : failures of its own, before those that all share
    """
    return Card(
        name=name,
        title=title,
        family=family,
        summary=summary,
        paper=paper,
        paper_url=paper_url,
        input_window=SOFT_TISSUE,
        handles_unknown_window=False,
        weights=(file,),
        weights_licence=_LICENCE,
        training_data=f"{_TRAINING_DATA}; {training}",
        saw=saw,
        parameters=parameters,
        seconds=seconds,
        full_tiling=False,
        known_failures=did_not_work + _FAILURES,
        trained=True,
        control=control,
    )


class ForegroundRegions:
    """A network's foreground probability, thresholded, and its connected regions.

    Parameters
    ----------
    file : name of the network's weights in the manifest
    input_window : the window that was used in training
    looks : axes to mirror for each look at the slice; probabilities of all looks are averaged
    """

    def __init__(self, file: str, input_window: Window, looks: Sequence[tuple[int, ...]]) -> None:
        from ctseg.networks.served import ServedNetwork
        from ctseg.weights import fetch

        self._network = ServedNetwork(fetch(file))
        self._input_window = input_window
        self._looks = tuple(looks)

    def segment(
        self, ct_slice: CTSlice, stop: StopFlag = NeverStop(), progress: Progress = ignore_progress
    ) -> NDArray[np.int32]:
        """See ``ctseg.methods.Method``."""
        from ctseg.labelmaps import connected_regions
        from ctseg.networks.foreground import predict_foreground

        grey = to_uint8(ct_slice, self._input_window)
        total = np.zeros(grey.shape, np.float32)
        steps = len(self._looks) + 1
        for done, look in enumerate(self._looks):
            progress(done / steps)
            if stop.is_set():
                raise Stopped
            total += predict_foreground(self._network.logits, grey, self._network.size, (look,))
        progress(len(self._looks) / steps)
        if stop.is_set():
            raise Stopped
        label_map = connected_regions(total >= THRESHOLD * len(self._looks))
        progress(1.0)
        return label_map


def load_regions(file: str, looks: Sequence[tuple[int, ...]] = (AS_IT_IS,)) -> Method:
    """Return the method of a network that was trained on soft-tissue windows."""
    return ForegroundRegions(file, SOFT_TISSUE, looks)

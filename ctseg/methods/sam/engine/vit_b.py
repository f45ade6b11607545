"""SAM ViT-B in Meta's layout, and a method that fetches its weights when it is first used."""

import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file

from ctseg.methods.base.fetching import stoppably
from ctseg.methods.base.method import NeverStop, Progress, StopFlag, ignore_progress, raise_if_stopped
from ctseg.methods.sam.engine.decoder import PointDecoder
from ctseg.methods.sam.engine.mask_settings import MaskSettings
from ctseg.methods.sam.engine.package import build_sam, modeling
from ctseg.methods.sam.engine.segmenter import AutomaticMasks
from ctseg.methods.sam.engine.threads import THREADS
from ctseg.methods.sam.engine.vit_encoder import ViTEncoder
from ctseg.methods.sam.engine.zero_gpu import ZeroGpuEncoder, on_zero_gpu
from ctseg.progress import CountProgress
from ctseg.slices.ct_slice import CTSlice, Window
from ctseg.weights import WeightsError

FETCHING_SHARE = 0.5
"""Share of the first run's progress that is told while weights are fetched and read."""

ENCODER_SHARE = 0.5


def load_sam(file: Path) -> modeling.Sam:
    """Read a whole SAM ViT-B, strictly.

    Raises
    ------
    WeightsError
        If the tensors are not those of SAM ViT-B in Meta's layout.
    """
    torch.set_num_threads(THREADS)
    with torch.device("meta"):
        sam = build_sam.build_sam_vit_b()
    try:
        sam.load_state_dict(load_file(file), strict=True, assign=True)
    except RuntimeError as error:
        raise WeightsError(
            "The checkpoint does not hold SAM ViT-B in Meta's layout; use sam_vit_b_01ec64.pth."
        ) from error
    return sam.eval().requires_grad_(False)


class FetchedOnFirstUse:
    """A method whose weights are fetched by its first ``segment``, which a stop flag ends too.

    Parameters
    ----------
    fetch : returns the safetensors file; gets a callback for (bytes done, bytes in all)
    input_window : in HU, for slices in HU
    settings : points and thresholds
    """

    def __init__(
        self, fetch: Callable[[CountProgress], Path], *, input_window: Window, settings: MaskSettings
    ) -> None:
        self._fetch = fetch
        self._input_window = input_window
        self._settings = settings
        self._masks: AutomaticMasks | None = None
        self._fetching = threading.Lock()

    def segment(
        self, ct_slice: CTSlice, stop: StopFlag = NeverStop(), progress: Progress = ignore_progress
    ) -> NDArray[np.int32]:
        """See ``ctseg.methods.Method``; raises ``WeightsError`` too."""
        if self._masks is not None:
            return self._masks.segment(ct_slice, stop, progress)
        masks = self._wait_for_masks(stop, lambda done: progress(FETCHING_SHARE * done))
        return masks.segment(
            ct_slice, stop, lambda done: progress(FETCHING_SHARE + (1 - FETCHING_SHARE) * done)
        )

    def _wait_for_masks(self, stop: StopFlag, progress: Progress) -> AutomaticMasks:
        """Fetch in a second thread, so that a line that does not answer cannot keep a stop flag waiting."""
        fraction = 0.0

        def note(done: int, total: int) -> None:
            nonlocal fraction
            fraction = done / total
            raise_if_stopped(stop)

        return stoppably(lambda: self._load(note), stop, lambda: progress(fraction))

    def _load(self, note: CountProgress) -> AutomaticMasks:
        with self._fetching:
            if self._masks is None:
                file = self._fetch(note)
                sam = load_sam(file)
                encoder = ViTEncoder(sam.image_encoder)
                self._masks = AutomaticMasks(
                    ZeroGpuEncoder(file, spare=encoder) if on_zero_gpu() else encoder,
                    PointDecoder(sam.prompt_encoder, sam.mask_decoder),
                    input_window=self._input_window,
                    settings=self._settings,
                    encoder_share=ENCODER_SHARE,
                )
            return self._masks

"""Automatic masks of Segment Anything: a grid of points in, a label map out."""

from collections.abc import Iterator
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ctseg.methods.base.method import NeverStop, Progress, StopFlag, ignore_progress, raise_if_stopped
from ctseg.methods.sam.engine.candidates import (
    Candidate,
    candidate,
    large_to_small,
    paint,
    without_duplicates,
)
from ctseg.methods.sam.engine.decoder import ImageSide, PointDecoder
from ctseg.methods.sam.engine.frame import encoder_input, framed_points, judged_shape
from ctseg.methods.sam.engine.mask_settings import MaskSettings
from ctseg.methods.sam.engine.memory import give_back_freed_memory
from ctseg.methods.sam.engine.points import points_on_body
from ctseg.methods.sam.engine.threads import decoded
from ctseg.slices.ct_slice import CTSlice, Window
from ctseg.slices.windowing import to_uint8

POINTS_AT_ONCE = 2
"""So few that a batch stays in the processor's cache; larger batches are slower."""

PAINTING_SHARE = 0.05
"""Share of the whole time, for the progress that is told."""


class ImageEncoder(Protocol):
    """Embeds a normalised image; looks at the stop flag at least every 0.5 s."""

    def embed(self, pixels: NDArray[np.float32], stop: StopFlag) -> Tensor:
        """(1, 3, 1024, 1024) to (1, 256, 64, 64); raises ``Stopped``."""
        ...


class AutomaticMasks:
    """Segments a slice with a grid of points, those on the body, and keeps the masks that pass thresholds.

    Kirillov et al. 2023, arXiv 2304.02643, appendix B, as ``SamAutomaticMaskGenerator`` does it without
    crops. Holds no state between slices, so several threads may use one object.

    Parameters
    ----------
    encoder, decoder : of the same model
    input_window : in HU, for slices in HU
    settings : points and thresholds
    encoder_share : the encoder's share of the whole time, for the progress that is told
    """

    def __init__(
        self,
        encoder: ImageEncoder,
        decoder: PointDecoder,
        *,
        input_window: Window,
        settings: MaskSettings,
        encoder_share: float,
    ) -> None:
        self._encoder = encoder
        self._decoder = decoder
        self._input_window = input_window
        self._settings = settings
        self._encoder_share = encoder_share

    @torch.inference_mode()
    def segment(
        self, ct_slice: CTSlice, stop: StopFlag = NeverStop(), progress: Progress = ignore_progress
    ) -> NDArray[np.int32]:
        """See ``ctseg.methods.Method``."""
        raise_if_stopped(stop)
        image = to_uint8(ct_slice, self._input_window)
        progress(0.0)
        if image.min() == image.max():
            # One grey level holds no structure, and air is not worth 256 points.
            progress(1.0)
            return np.zeros(image.shape, dtype=np.int32)
        embedding = self._encoder.embed(encoder_input(image), stop)
        give_back_freed_memory()
        progress(self._encoder_share)
        points = points_on_body(image, self._settings.points_per_side)
        found: list[Candidate] = []
        for done, batch in self._candidates(embedding, points, ct_slice.shape, stop):
            found += batch
            progress(self._encoder_share + (1 - self._encoder_share - PAINTING_SHARE) * done)
        label_map = self._painted(
            without_duplicates(found, self._settings.box_nms_thresh), ct_slice.shape, stop
        )
        progress(1.0)
        return label_map

    def _candidates(
        self, embedding: Tensor, points: NDArray[np.float64], shape: tuple[int, int], stop: StopFlag
    ) -> Iterator[tuple[float, list[Candidate]]]:
        """Yield the finished fraction and the candidates of each batch of points, in order."""
        image_side = self._decoder.image_side(embedding)
        batches = framed_points(points, shape).split(POINTS_AT_ONCE)
        return decoded(batches, lambda batch: self._of_points(image_side, batch, shape, stop))

    @torch.inference_mode()
    def _of_points(
        self, image_side: ImageSide, points: Tensor, shape: tuple[int, int], stop: StopFlag
    ) -> list[Candidate]:
        raise_if_stopped(stop)
        keys, mask_tokens, quality = self._decoder.attend(image_side, points)
        found: list[Candidate] = []
        for point in range(len(points)):
            chosen = torch.nonzero(quality[point] > self._settings.pred_iou_thresh)[:, 0]
            if len(chosen) == 0:
                continue
            logits = self._decoder.masks(image_side, keys[point], mask_tokens[point], chosen)
            for mask, index in zip(logits, chosen, strict=True):
                raise_if_stopped(stop)
                one = candidate(
                    mask.clone(), float(quality[point, index]), judged_shape(shape), self._settings
                )
                if one is not None:
                    found.append(one)
        return found

    @staticmethod
    def _painted(candidates: list[Candidate], shape: tuple[int, int], stop: StopFlag) -> NDArray[np.int32]:
        label_map = np.zeros(shape, dtype=np.int32)
        for label, one in enumerate(large_to_small(candidates), start=1):
            raise_if_stopped(stop)
            paint(label_map, one, label)
        return label_map

"""Segment Anything asked where merge trees found something, its answers held against what they found."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ctseg.methods.base.hierarchical import Hierarchical
from ctseg.methods.base.method import NeverStop, Progress, StopFlag, ignore_progress, raise_if_stopped
from ctseg.methods.base.sharing import shared_label_map
from ctseg.methods.sam.engine.decoder import ImageSide, PointDecoder
from ctseg.methods.sam.engine.frame import encoder_input, framed_points, upscaled
from ctseg.methods.sam.engine.mask_settings import SeedSettings
from ctseg.methods.sam.engine.memory import give_back_freed_memory
from ctseg.methods.sam.engine.seeds import Seed, overlap, seeds
from ctseg.methods.sam.engine.segmenter import ImageEncoder
from ctseg.methods.sam.engine.threads import decoded
from ctseg.slices.ct_slice import CTSlice, Window
from ctseg.slices.windowing import to_uint8

SEEDS_AT_ONCE = 4
"""One after the other by one thread, between two looks at the stop flag."""
TREES_SHARE, ENCODER_SHARE, PAINTING_SHARE = 0.3, 0.4, 0.05
"""Shares of the whole time, for the progress that is told."""


@dataclass(frozen=True)
class Answer:
    """SAM's best mask of one seed: its logits (256, 256), and predicted IoU + IoU with the seed's region."""

    logits: Tensor
    total: float

    @property
    def area(self) -> int:
        """Pixels of the mask's square."""
        return int(torch.count_nonzero(self.logits > 0))


class SeededMasks:
    """Asks once for each structure of one method and for each region of another's coarser cut.

    A question is the region's innermost point and its box. Of the three masks the one counts whose predicted
    IoU + IoU with the region is highest. Holds
    no state between slices, so several threads may use one object.

    Parameters
    ----------
    encoder, decoder : of the same model
    structures : its own partition is asked about first
    whole : its cut into ``settings.regions`` is asked about
    input_window : in HU, for slices in HU
    settings : points and thresholds

    References
    ----------
    Archit and Pape, 2026, arXiv 2603.17845, seed Segment Anything from a trained decoder.
    """

    def __init__(
        self,
        encoder: ImageEncoder,
        decoder: PointDecoder,
        structures: Hierarchical,
        whole: Hierarchical,
        *,
        input_window: Window,
        settings: SeedSettings,
    ) -> None:
        self._encoder = encoder
        self._decoder = decoder
        self._structures = structures
        self._whole = whole
        self._input_window = input_window
        self._settings = settings

    @torch.inference_mode()
    def segment(
        self, ct_slice: CTSlice, stop: StopFlag = NeverStop(), progress: Progress = ignore_progress
    ) -> NDArray[np.int32]:
        """See ``ctseg.methods.Method``."""
        raise_if_stopped(stop)
        progress(0.0)
        image = to_uint8(ct_slice, self._input_window)
        if image.min() == image.max():
            progress(1.0)
            return np.zeros(image.shape, dtype=np.int32)
        # Trees grow on one core, so the encoder looks at the slice meanwhile.
        with ThreadPoolExecutor(1, thread_name_prefix="ctseg-sam-encoder") as beside:
            embedded = beside.submit(self._encoder.embed, encoder_input(image), stop)
            asked = self.seeds(ct_slice, stop)
            progress(TREES_SHARE)
            embedding = embedded.result()
        give_back_freed_memory()
        if not asked:
            progress(1.0)
            return np.zeros(image.shape, dtype=np.int32)
        before = TREES_SHARE + ENCODER_SHARE
        progress(before)
        answers: list[Answer] = []
        for done, batch in self.answers(embedding, asked, ct_slice.shape, stop):
            answers += batch
            progress(before + (1 - before - PAINTING_SHARE) * done)
        kept = [one for one in answers if one.total > self._settings.min_sum]
        label_map = np.zeros(ct_slice.shape, dtype=np.int32)
        # Small structures stay visible on large ones.
        for label, one in enumerate(sorted(kept, key=lambda one: one.area, reverse=True), start=1):
            raise_if_stopped(stop)
            label_map[(upscaled(one.logits, ct_slice.shape) > 0).numpy()] = label
        progress(1.0)
        return label_map

    def seeds(self, ct_slice: CTSlice, stop: StopFlag = NeverStop()) -> list[Seed]:
        """Return the points to ask about; raises ``Stopped``."""
        structures = shared_label_map(self._structures, ct_slice, stop)
        regions = self._whole.tree(ct_slice, stop).cut(count=self._settings.regions)
        return seeds(structures, regions, self._settings)

    def answers(
        self, embedding: Tensor, asked: list[Seed], shape: tuple[int, int], stop: StopFlag
    ) -> Iterator[tuple[float, list[Answer]]]:
        """Yield the finished fraction and the answers to each batch of seeds, in order."""
        image_side = self._decoder.image_side(embedding)
        batches = [asked[at : at + SEEDS_AT_ONCE] for at in range(0, len(asked), SEEDS_AT_ONCE)]
        return decoded(batches, lambda batch: self._of_seeds(image_side, batch, shape, stop))

    @torch.inference_mode()
    def _of_seeds(
        self, image_side: ImageSide, batch: list[Seed], shape: tuple[int, int], stop: StopFlag
    ) -> list[Answer]:
        raise_if_stopped(stop)
        answers = []
        for seed in batch:
            around = image_side.within(seed.window(self._settings.margin))
            points = framed_points(np.array([seed.point]), shape)
            boxes = torch.tensor([seed.box], dtype=torch.float32)
            keys, mask_tokens, quality = (one[0] for one in self._decoder.attend(around, points, boxes))
            # A mask that cannot reach the sum, even if it were the region, is not upscaled.
            possible = torch.nonzero(quality + 1 > self._settings.min_sum)[:, 0]
            if len(possible) == 0:
                continue
            masks = self._decoder.masks(around, keys, mask_tokens, possible)
            totals = [
                float(quality[index]) + overlap((mask > 0).numpy(), seed.region)
                for mask, index in zip(masks, possible, strict=True)
            ]
            best = int(np.argmax(totals))
            answers.append(Answer(masks[best].clone(), totals[best]))
        return answers

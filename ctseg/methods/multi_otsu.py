"""Grey-level classes and their connected regions: a full tiling, for context on the boards."""

import numpy as np
from numpy.typing import NDArray

from ctseg.methods import multi_otsu_recipe
from ctseg.methods.card import Card
from ctseg.methods.killable import run_recipe
from ctseg.methods.method import Method, NeverStop, Progress, StopFlag, ignore_progress
from ctseg.slices.ct_slice import CTSlice
from ctseg.slices.windowing import SOFT_TISSUE, to_uint8

CARD = Card(
    name="multi-otsu",
    title="Multi-Otsu classes",
    family="classical",
    summary=(
        "Cuts the grey levels into four classes and takes the connected regions of each. "
        "It learns nothing, and puts every pixel into some region."
    ),
    paper="Liao, Chen and Chung, A Fast Algorithm for Multilevel Thresholding, JISE 2001",
    paper_url="https://doi.org/10.6688/JISE.2001.17.5.1",
    input_window=SOFT_TISSUE,
    handles_unknown_window=True,
    weights=(),
    weights_licence="none needed",
    training_data="None.",
    saw=("nothing",),
    parameters=0,
    seconds=0.3,
    full_tiling=True,
    known_failures=(
        "Touching organs of one grey level become one region.",
        "Noise makes many small regions.",
    ),
    trained=True,
)


class MultiOtsu:
    """The recipe, with a stop flag that works at any size."""

    def segment(
        self, ct_slice: CTSlice, stop: StopFlag = NeverStop(), progress: Progress = ignore_progress
    ) -> NDArray[np.int32]:
        """See ``ctseg.methods.Method``."""
        return run_recipe(multi_otsu_recipe, to_uint8(ct_slice, CARD.input_window), stop, progress)


def load() -> Method:
    """Return the method; there is nothing to load."""
    return MultiOtsu()

"""Graph-based segmentation: a full tiling without learning, for context on the boards."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ctseg.methods.base.card import Card
from ctseg.methods.base.interruptible import RecipeMethod
from ctseg.methods.base.method import Method
from ctseg.slices.windowing import SOFT_TISSUE

STEPS = 1
SCALE = 300
SIGMA_PX = 1.0
MIN_PX = 80

CARD = Card(
    name="felzenszwalb",
    title="Felzenszwalb graph segmentation",
    short="Felzenszwalb",
    family="classical",
    summary=(
        "Joins neighbouring regions while the edge between them is weaker than those inside. "
        "It learns nothing, and puts every pixel into some region."
    ),
    paper="Felzenszwalb and Huttenlocher, Efficient Graph-Based Image Segmentation, IJCV 2004",
    paper_url="https://doi.org/10.1023/B:VISI.0000022288.19776.77",
    input_window=SOFT_TISSUE,
    handles_unknown_window=True,
    weights=(),
    weights_licence="none needed",
    training_data="Nothing: it works from the slice alone.",
    saw=("nothing",),
    parameters=0,
    seconds=0.3,
    full_tiling=True,
    known_failures=(
        "Divides air, table and everything else that is no structure.",
        "Its scale is one for the whole slice: large organs are cut, small vessels are swallowed.",
    ),
    trained=True,
    control=True,
)


def load() -> Method:
    """Return the method; there is nothing to load."""
    return RecipeMethod(__name__, CARD.input_window)


def segment_image(image: NDArray[np.uint8], after_step: Callable[[int], None]) -> NDArray[np.int32]:
    """Divide an image by its graph of grey-level differences.

    Parameters
    ----------
    image : ndarray of uint8, shape (H, W)
    after_step : called with 1 when done; may raise to end early

    Returns
    -------
    ndarray of int32, shape (H, W), labels from 1
    """
    from skimage.segmentation import felzenszwalb

    regions = felzenszwalb(image, scale=SCALE, sigma=SIGMA_PX, min_size=MIN_PX)
    after_step(STEPS)
    return (regions + 1).astype(np.int32)

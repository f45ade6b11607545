"""The report's baseline: a watershed of the edges, flooded from flat places."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ctseg.methods.base.card import Card
from ctseg.methods.base.interruptible import RecipeMethod
from ctseg.methods.base.method import Method
from ctseg.slices.windowing import SOFT_TISSUE

STEPS = 5
MEDIAN_RADIUS_PX = 2
GRADIENT_RADIUS_PX = 5
STEEPEST_FLAT = 20
COMPACTNESS = 1e-4

CARD = Card(
    name="watershed",
    title="Watershed",
    family="classical",
    summary=(
        "Finds flat places in the grey levels and lets them grow until they meet at edges. It learns "
        "nothing, and puts every pixel into some region."
    ),
    paper="Neubert and Protzel, Compact Watershed and Preemptive SLIC, ICPR 2014",
    paper_url="https://doi.org/10.1109/ICPR.2014.181",
    input_window=SOFT_TISSUE,
    handles_unknown_window=True,
    weights=(),
    weights_licence="none needed",
    training_data="Nothing: it works from the slice alone.",
    saw=("nothing",),
    parameters=0,
    seconds=0.1,
    full_tiling=True,
    known_failures=(
        "Cuts one organ into many regions wherever its texture or noise makes an edge.",
        "Also divides air, table and everything else that is no structure.",
        "Finds nothing in a slice so noisy that no place is flat.",
    ),
    trained=True,
    control=False,
)


def load() -> Method:
    """Return the method; there is nothing to load."""
    return RecipeMethod(__name__, CARD.input_window)


def segment_image(image: NDArray[np.uint8], after_step: Callable[[int], None]) -> NDArray[np.int32]:
    """Flood the Sobel edges of an image from its flat places.

    Parameters
    ----------
    image : ndarray of uint8, shape (H, W)
    after_step : called with 1 to 5 when that many steps are done; may raise to end early

    Returns
    -------
    ndarray of int32, shape (H, W); every pixel belongs to a region unless no place is flat, then all are 0.
    """
    from scipy import ndimage
    from skimage.filters import rank, sobel
    from skimage.morphology import disk
    from skimage.segmentation import watershed

    edges = sobel(image)
    after_step(1)
    smooth = rank.median(image, disk(MEDIAN_RADIUS_PX))
    after_step(2)
    flat = rank.gradient(smooth, disk(GRADIENT_RADIUS_PX)) < STEEPEST_FLAT
    after_step(3)
    markers, _ = ndimage.label(flat)
    after_step(4)
    regions = watershed(edges, markers, compactness=COMPACTNESS)
    after_step(STEPS)
    return regions.astype(np.int32, copy=False)

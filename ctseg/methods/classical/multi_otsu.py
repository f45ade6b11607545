"""Grey-level classes and their connected regions: a full tiling, for context on the boards."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ctseg.methods.base.card import Card
from ctseg.methods.base.interruptible import RecipeMethod
from ctseg.methods.base.method import Method
from ctseg.slices.windowing import SOFT_TISSUE

STEPS = 3
CLASSES = 4
MEDIAN_PX = 5

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
    training_data="Nothing: it works from the slice alone.",
    saw=("nothing",),
    parameters=0,
    seconds=0.1,
    full_tiling=True,
    known_failures=(
        "Touching organs of one grey level become one region.",
        "Noise makes many small regions.",
    ),
    trained=True,
    control=True,
)


def load() -> Method:
    """Return the method; there is nothing to load."""
    return RecipeMethod(__name__, CARD.input_window)


def segment_image(image: NDArray[np.uint8], after_step: Callable[[int], None]) -> NDArray[np.int32]:
    """Divide an image into the connected regions of its grey-level classes.

    Parameters
    ----------
    image : ndarray of uint8, shape (H, W)
    after_step : called with 1 to 3 when that many steps are done; may raise to end early

    Returns
    -------
    ndarray of int32, shape (H, W), labels from 1; all 1 if there are fewer grey levels than classes.
    """
    from scipy import ndimage
    from skimage.filters import threshold_multiotsu
    from skimage.measure import label

    smooth = ndimage.median_filter(image, size=MEDIAN_PX)
    after_step(1)
    if np.unique(smooth).size < CLASSES:
        classes = np.zeros(image.shape, dtype=np.intp)
    else:
        classes = np.digitize(smooth, threshold_multiotsu(smooth, classes=CLASSES))
    after_step(2)
    regions = label(classes + 1, connectivity=2)
    after_step(STEPS)
    return regions.astype(np.int32)

"""Grey-level classes and their connected regions: a full tiling, for context on the boards."""

from ctseg.methods.base.card import Card
from ctseg.methods.base.interruptible import RecipeMethod
from ctseg.methods.base.method import Method
from ctseg.methods.classical import multi_otsu_recipe
from ctseg.slices.windowing import SOFT_TISSUE

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
    return RecipeMethod(multi_otsu_recipe, CARD.input_window)

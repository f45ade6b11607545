"""The report's baseline: a watershed of the edges, flooded from flat places."""

from ctseg.methods.base.card import Card
from ctseg.methods.base.interruptible import RecipeMethod
from ctseg.methods.base.method import Method
from ctseg.methods.classical import watershed_recipe
from ctseg.slices.windowing import SOFT_TISSUE

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
    training_data="None.",
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
    return RecipeMethod(watershed_recipe, CARD.input_window)

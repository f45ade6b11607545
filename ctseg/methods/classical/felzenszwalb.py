"""Graph-based segmentation: a full tiling without learning, for context on the boards."""

from ctseg.methods.base.card import Card
from ctseg.methods.base.interruptible import RecipeMethod
from ctseg.methods.base.method import Method
from ctseg.methods.classical import felzenszwalb_recipe
from ctseg.slices.windowing import SOFT_TISSUE

CARD = Card(
    name="felzenszwalb",
    title="Felzenszwalb graph segmentation",
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
    training_data="None.",
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
    return RecipeMethod(felzenszwalb_recipe, CARD.input_window)

"""The whole body as a merge tree of its edges: what can be had without learning."""

from ctseg.methods.base.card import Card
from ctseg.methods.base.method import Method
from ctseg.slices.windowing import SOFT_TISSUE

CARD = Card(
    name="sobel-tree",
    title="Sobel volume tree",
    family="classical",
    summary=(
        "Floods the edges of the slice and joins the basins that hold the least water first, until 60 are "
        "left. It learns nothing, divides the whole body, and can be cut into any number of structures."
    ),
    paper="Cousty and Najman, Incremental Algorithm for Hierarchical Minimum Spanning Forests, ISMM 2011",
    paper_url="https://doi.org/10.1007/978-3-642-21569-8_24",
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
        "Divides fat, muscle, table and everything else in the body's outline, not only organs.",
        "An organ whose border is faint joins its neighbour, and strong texture or contrast cuts one apart.",
        "What lies above or below the soft-tissue window, lung and dense bone, is one grey level to it.",
    ),
    trained=True,
    control=False,
)


def load() -> Method:
    """Return the method; there is nothing to load."""
    from ctseg.methods.base.whole_slice import WholeSlice

    return WholeSlice(CARD.input_window)

"""The whole body divided by edges that a network has learnt to weigh."""

from ctseg.methods.base.card import Card
from ctseg.methods.base.method import Method
from ctseg.methods.base.training_facts import ANNOTATED_DATA, RESEARCH_USE
from ctseg.slices.windowing import SOFT_TISSUE

FILE = "boundary_fp16.safetensors"
STRUCTURES = "partition"
"""The method whose structures lead the tree."""

CARD = Card(
    name="partition-all",
    title="Partition of the whole slice",
    short="Partition, whole slice",
    family="supervised",
    summary=(
        "A U-Net draws the outlines of everything in the slice; they weigh the slice's own edges, what "
        f"{STRUCTURES} finds is kept whole longer, and a volume tree of these divides the whole body into at "
        "most 60 structures. The tree can be cut into any number."
    ),
    paper="Cousty and Najman, Incremental Algorithm for Hierarchical Minimum Spanning Forests, ISMM 2011",
    paper_url="https://doi.org/10.1007/978-3-642-21569-8_24",
    input_window=SOFT_TISSUE,
    handles_unknown_window=False,
    weights=(FILE, "partition_fp16.safetensors"),
    weights_licence=RESEARCH_USE,
    training_data=(
        f"A quarter each: {ANNOTATED_DATA}; drawn phantoms; label maps of phantoms, of TotalSegmentator's "
        "example and of the SPL abdominal and head-and-neck atlases, painted at random grey levels; 42 "
        "slices of TotalSegmentator's example without lung, heart or cord. 1,100 steps of 4, from the "
        "weights of unet-tvmf. Of thoracic structures it saw synthetic shapes only."
    ),
    saw=("annotated", "synthetic", "outside"),
    parameters=2 * 5_199_180,
    seconds=0.6,
    full_tiling=True,
    known_failures=(
        "Divides fat, muscle and table too, not only organs; what partition does not know may be cut into "
        "several parts, however large it is.",
        "On the thorax it is hardly better than the edges alone (sobel-tree): lungs need no learning.",
        "Its training was short; vessels and bowel walls thinner than some 3 mm are often missed.",
    ),
    trained=True,
    control=False,
)


def load() -> Method:
    """Return the method with its weights in memory."""
    from ctseg.methods.base import registry
    from ctseg.methods.base.hierarchical import Hierarchical
    from ctseg.methods.base.whole_slice import LOOK, WholeSlice
    from ctseg.networks.served import ServedNetwork
    from ctseg.weights import fetch

    structures = registry.load(STRUCTURES)
    assert isinstance(structures, Hierarchical)
    return WholeSlice(CARD.input_window, ServedNetwork(fetch(FILE), LOOK), structures)

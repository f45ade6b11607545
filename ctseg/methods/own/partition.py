"""Structures of the kind that was annotated, also where they touch."""

from ctseg.methods.base.card import Card
from ctseg.methods.base.method import Method
from ctseg.methods.base.training_facts import ANNOTATED_DATA, KNOWS_ORGANS, RESEARCH_USE
from ctseg.slices.windowing import SOFT_TISSUE

FILE = "partition_fp16.safetensors"

CARD = Card(
    name="partition",
    title="Partition by affinities",
    short="Partition",
    family="supervised",
    summary=(
        "A U-Net says of pairs of pixels whether they belong to one structure; parts of its foreground are "
        "joined while their mean affinity is high. Structures that touch come apart, and the result is a "
        "tree that can be cut finer or coarser."
    ),
    paper="Bailoni et al., GASP: Agglomerative Clustering of Signed Graphs, CVPR 2022",
    paper_url="https://arxiv.org/abs/1906.11713",
    input_window=SOFT_TISSUE,
    handles_unknown_window=False,
    weights=(FILE,),
    weights_licence=RESEARCH_USE,
    training_data=(
        f"{ANNOTATED_DATA}; 6,000 steps of 4 slices at 192, 256 and 320 px, from the weights of unet-tvmf, "
        "whose encoder started from ImageNet."
    ),
    saw=("annotated", "outside"),
    parameters=5_199_180,
    seconds=0.3,
    full_tiling=False,
    known_failures=(
        "It finds what was annotated in training, 13 abdominal organs: bone, bowel, muscle and the thorax "
        "are background to it.",
        "It was trained on slices that lie upright in an abdominal window, and fails on turned ones.",
        "Pieces of one organ that lie apart stay apart.",
    ),
    trained=True,
    control=False,
    knows=KNOWS_ORGANS,
)


def load() -> Method:
    """Return the method with its weights in memory."""
    from ctseg.methods.own.structures import Structures
    from ctseg.networks.served import ServedNetwork
    from ctseg.weights import fetch

    return Structures(CARD.input_window, ServedNetwork(fetch(FILE)))

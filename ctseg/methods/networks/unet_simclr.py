"""A U-Net whose encoder learnt by SimCLR before."""

from ctseg.methods.base.method import Method
from ctseg.methods.base.training_facts import UNLABELLED_DATA
from ctseg.methods.networks.foreground_regions import (
    SHORT_BUDGET,
    network_card,
    served_regions,
)

FILE = "unet_simclr_fp16.safetensors"

CARD = network_card(
    name="unet-simclr",
    title="U-Net, SimCLR pre-training",
    short="U-Net, SimCLR",
    family="self-supervised",
    summary=(
        "The encoder first learns, without labels, to recognise two altered views of one slice as "
        "the same. The U-Net around it is then trained on the annotated slices."
    ),
    paper="Chen et al., A Simple Framework for Contrastive Learning of Visual Representations, ICML 2020",
    paper_url="https://arxiv.org/abs/2002.05709",
    file=FILE,
    training=f"{SHORT_BUDGET}. Before that SimCLR, from ImageNet weights, on {UNLABELLED_DATA}.",
    saw=("unlabelled", "annotated", "outside"),
    parameters=5_197_730,
    seconds=0.1,
    did_not_work=(
        "SimCLR did not help: at one equal budget, on 12 held-out patients, ari changed by +0.001 and fg_ari "
        "by -0.013 against the same network from ImageNet alone, both within chance.",
    ),
)


def load() -> Method:
    """Return the method with its weights in memory."""
    return served_regions(FILE)

"""A vision transformer that learnt as a masked autoencoder before."""

from ctseg.methods.base.method import Method
from ctseg.methods.base.training_facts import UNLABELLED_DATA
from ctseg.methods.networks.foreground_regions import network_card, served_regions

FILE = "vit_mae_fp16.safetensors"

CARD = network_card(
    name="vit-mae",
    title="ViT, masked autoencoder",
    short="ViT, MAE",
    family="self-supervised",
    summary=(
        "A vision transformer first learns, without labels, to fill in slices of which it sees one "
        "patch in four. With a light decoder it is then trained on the annotated slices."
    ),
    paper="He et al., Masked Autoencoders Are Scalable Vision Learners, CVPR 2022 (arXiv 2021)",
    paper_url="https://arxiv.org/abs/2111.06377",
    file=FILE,
    training=(
        "2500 steps of 8 slices at 128 px and 1000 at 192 px. Before that a masked autoencoder, from random "
        f"weights, on {UNLABELLED_DATA}."
    ),
    saw=("unlabelled", "annotated"),
    parameters=6_848_370,
    seconds=0.1,
    did_not_work=(
        "It fits the slices it was trained on (ari 0.85) and falls off on new patients (0.72): without the "
        "features of ImageNet, 16 patients are few. With a sixth of the steps it reached 0.60 on both.",
        "MAE did not help: at one equal budget, on three held-out patients, ari was 0.01 lower than from "
        "random weights after 40 minutes of it, 0.06 lower after 12, and a linear probe found foreground "
        "worse than before (AUC 0.96 to 0.92).",
    ),
)


def load() -> Method:
    """Return the method with its weights in memory."""
    return served_regions(FILE)

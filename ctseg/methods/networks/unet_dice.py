"""The control of ``unet-tvmf`` with the plain Dice loss."""

from ctseg.methods.base.method import Method
from ctseg.methods.networks.foreground_regions import SHORT_BUDGET, network_card, served_regions

FILE = "unet_dice_fp16.safetensors"

CARD = network_card(
    name="unet-dice",
    title="U-Net, Dice",
    family="supervised",
    summary=(
        "The network of unet-tvmf with the plain Dice loss of Milletari et al. 2016. It is the "
        "control that tells what the adaptive loss brings."
    ),
    paper="Ronneberger et al., U-Net: Convolutional Networks for Biomedical Image Segmentation, MICCAI 2015",
    paper_url="https://arxiv.org/abs/1505.04597",
    file=FILE,
    training=f"{SHORT_BUDGET}. The encoder started from ImageNet.",
    saw=("annotated", "outside"),
    parameters=5_197_730,
    seconds=0.1,
    did_not_work=(
        "The losses cannot be told apart: at one equal budget, on 12 held-out patients and over two seeds, "
        "the adaptive loss brought -0.003 of ari (p = 0.63) and +0.011 of fg_ari (p = 0.22). The first seed "
        "alone had promised +0.033 of fg_ari (p = 0.03).",
    ),
    control=True,
)


def load() -> Method:
    """Return the method with its weights in memory."""
    return served_regions(FILE)

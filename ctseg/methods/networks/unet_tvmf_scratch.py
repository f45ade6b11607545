"""The control of ``unet-tvmf`` that starts from random weights."""

from ctseg.methods.base.method import Method
from ctseg.methods.networks.foreground_regions import SHORT_BUDGET, network_card, served_regions

FILE = "unet_tvmf_scratch_fp16.safetensors"

CARD = network_card(
    name="unet-tvmf-scratch",
    title="U-Net, adaptive t-vMF Dice, from scratch",
    short="U-Net, t-vMF, scratch",
    family="supervised",
    summary=(
        "The network and loss of unet-tvmf from random weights. It is the control that tells what "
        "ImageNet weights bring."
    ),
    paper="Kato and Hotta, Adaptive t-vMF Dice Loss for Multi-class Medical Image Segmentation, 2022",
    paper_url="https://arxiv.org/abs/2207.07842",
    file=FILE,
    training=f"{SHORT_BUDGET}, from random weights.",
    saw=("annotated",),
    parameters=5_197_730,
    seconds=0.1,
    did_not_work=(
        "Without ImageNet weights it loses 0.23 of ari and 0.24 of fg_ari: one equal budget, 12 held-out "
        "patients, each of them worse.",
    ),
    control=True,
)


def load() -> Method:
    """Return the method with its weights in memory."""
    return served_regions(FILE)

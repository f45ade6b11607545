"""A U-Net trained with the adaptive t-vMF Dice loss; connected regions of its foreground."""

from ctseg.methods.base.method import Method
from ctseg.methods.networks.foreground_regions import network_card, served_regions

FILE = "unet_tvmf_fp16.safetensors"

CARD = network_card(
    name="unet-tvmf",
    title="U-Net, adaptive t-vMF Dice",
    short="U-Net, t-vMF Dice",
    family="supervised",
    summary=(
        "A U-Net that separates structures from background, starting from ImageNet weights, with a "
        "Dice loss on the angle between prediction and truth that sharpens as training succeeds. "
        "Connected regions of the foreground become structures."
    ),
    paper="Kato and Hotta, Adaptive t-vMF Dice Loss for Multi-class Medical Image Segmentation, 2022",
    paper_url="https://arxiv.org/abs/2207.07842",
    file=FILE,
    training="1500 steps of 8 slices at 256 px. The encoder started from ImageNet.",
    saw=("annotated", "outside"),
    parameters=5_197_730,
    seconds=0.2,
    did_not_work=(
        "More steps hardly help: on held-out training patients ari rose from 0.814 to 0.815 over the last "
        "quarter of training, while the training slices went on improving; it would need more patients.",
    ),
)


def load() -> Method:
    """Return the method with its weights in memory."""
    return served_regions(FILE)

"""A U-Net trained with the adaptive t-vMF Dice loss; connected regions of its foreground."""

from ctseg.methods.card import Card
from ctseg.methods.foreground_regions import LICENCE, TRAINING_DATA, load_regions
from ctseg.methods.method import Method
from ctseg.slices.windowing import SOFT_TISSUE

FILE = "unet_tvmf_fp16.safetensors"

CARD = Card(
    name="unet-tvmf",
    title="U-Net, adaptive t-vMF Dice",
    family="supervised",
    summary=(
        "A U-Net that separates structures from background, starting from ImageNet weights, with a Dice loss "
        "on the angle between prediction and truth that sharpens as training succeeds. Connected regions of "
        "the foreground become structures."
    ),
    paper="Kato and Hotta, Adaptive t-vMF Dice Loss for Multi-class Medical Image Segmentation, 2022",
    paper_url="https://arxiv.org/abs/2207.07842",
    input_window=SOFT_TISSUE,
    handles_unknown_window=False,
    weights=(FILE,),
    weights_licence=LICENCE,
    training_data=f"{TRAINING_DATA}; 1500 steps of 8 slices at 256 px. The encoder started from ImageNet.",
    saw=("annotated", "outside"),
    parameters=5_197_730,
    seconds=0.1,
    full_tiling=False,
    known_failures=(
        "Organs that touch become one structure: it knows foreground, not borders between structures.",
        "It finds what was annotated in training, 13 abdominal organs: bone, bowel, muscle and the thorax "
        "are background to it.",
        "It was trained on slices that lie upright in an abdominal window, and fails on turned ones.",
    ),
    trained=True,
    control=False,
)


def load() -> Method:
    """Return the method with its weights in memory."""
    return load_regions(FILE)

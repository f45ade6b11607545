"""Cards of methods that are planned and have no weights yet; the pages list them greyed."""

from ctseg.methods.card import Card, Family
from ctseg.slices.windowing import SOFT_TISSUE

_RONNEBERGER = (
    "Ronneberger et al., U-Net: Convolutional Networks for Biomedical Image Segmentation, MICCAI 2015"
)
_KATO = "Kato and Hotta, Adaptive t-vMF Dice Loss for Multi-class Medical Image Segmentation, 2022"
_KATO_URL = "https://arxiv.org/abs/2207.07842"


def _planned(
    name: str, title: str, family: Family, summary: str, paper: str, paper_url: str, control: bool = False
) -> Card:
    """Return a card that states nothing that only training can tell."""
    return Card(
        name=name,
        title=title,
        family=family,
        summary=summary,
        paper=paper,
        paper_url=paper_url,
        input_window=SOFT_TISSUE,
        handles_unknown_window=False,
        weights=(),
        weights_licence="not trained yet",
        training_data="Not trained yet.",
        saw=(),
        parameters=0,
        seconds=0.0,
        full_tiling=False,
        known_failures=(),
        trained=False,
        control=control,
    )


CARDS = (
    _planned(
        "unet-tvmf-scratch",
        "U-Net, adaptive t-vMF Dice, from scratch",
        "supervised",
        "The same network and loss from random weights. It is the control that tells what ImageNet weights "
        "bring.",
        _KATO,
        _KATO_URL,
        control=True,
    ),
    _planned(
        "swin-mae",
        "Swin-UNet, Swin MAE",
        "self-supervised",
        "A Swin transformer first learns, without labels, to fill in slices masked in blocks of patches. "
        "With skip connections it then becomes a Swin-UNet and is trained on the annotated slices.",
        "Xu et al., Swin MAE: Masked Autoencoders for Small Datasets, 2022",
        "https://arxiv.org/abs/2212.13805",
    ),
)

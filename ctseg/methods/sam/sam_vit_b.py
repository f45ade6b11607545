"""Meta's own Segment Anything ViT-B without prompts; its weights are fetched when it first runs."""

from pathlib import Path

from ctseg.methods.base.card import Card
from ctseg.methods.base.method import Method
from ctseg.methods.sam.engine.mask_settings import MaskSettings
from ctseg.progress import CountProgress
from ctseg.settings import SAM_VIT_B_FILE, SAM_VIT_B_REPO, SAM_VIT_B_REVISION
from ctseg.slices.windowing import SOFT_TISSUE
from ctseg.weights import converted_bytes_to_fetch, fetch_converted

CHECKPOINT = "sam_vit_b_01ec64.pth"
SETTINGS = MaskSettings(points_per_side=16)

CARD = Card(
    name="sam-vit-b",
    title="Segment Anything ViT-B (Meta), 16x16 points",
    short="SAM, ViT-B",
    family="foundation model",
    summary=(
        "Asks Meta's Segment Anything for the structure under each point of a 16x16 grid that lies on the "
        "body; the challenge report used 32x32 points, which take about four times as long. "
        ""
        f"{SETTINGS.in_words()} are painted into one label map, large ones first."
    ),
    paper="Kirillov et al., Segment Anything, ICCV 2023",
    paper_url="https://arxiv.org/abs/2304.02643",
    input_window=SOFT_TISSUE,
    handles_unknown_window=True,
    weights=(CHECKPOINT,),
    weights_licence="Apache-2.0",
    training_data="SA-1B: 11 million photographs with 1.1 billion masks, without CT.",
    saw=("outside",),
    parameters=93_735_472,
    seconds=0.0,
    full_tiling=False,
    known_failures=(
        "It was never shown CT: soft organs with faint borders are often missed or merged.",
        "Structures smaller than the distance between two grid points are missed unless a point hits them.",
        "Its weights (375 MB) are not part of ctseg and need a network, or a copy on this computer, once.",
    ),
    trained=True,
    control=False,
)


def load() -> Method:
    """Return the method; its weights are fetched, checked and read by the first ``segment``."""
    from ctseg.methods.sam.engine.vit_b import FetchedOnFirstUse

    return FetchedOnFirstUse(_fetch, input_window=CARD.input_window, settings=SETTINGS)


def download_bytes() -> int | None:
    """Return how many bytes the first run would fetch; None if a local or converted file is there."""
    return converted_bytes_to_fetch(CHECKPOINT, SAM_VIT_B_FILE.folder())


def _fetch(progress: CountProgress) -> Path:
    return fetch_converted(
        CHECKPOINT,
        repo=SAM_VIT_B_REPO.text(),
        revision=SAM_VIT_B_REVISION.text(),
        local_file=SAM_VIT_B_FILE.folder(),
        progress=progress,
    )

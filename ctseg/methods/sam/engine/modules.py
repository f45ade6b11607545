"""The package's prompt encoder and mask decoder, with weights from a safetensors file."""

from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import nn

from ctseg.methods.sam.engine.package import modeling
from ctseg.methods.sam.engine.threads import THREADS

EMBEDDING_CHANNELS = 256
EMBEDDING_SIDE = 64
IMAGE_SIDE = 1024


def build_prompt_encoder() -> modeling.PromptEncoder:
    """Return SAM's prompt encoder, without weights."""
    return modeling.PromptEncoder(
        embed_dim=EMBEDDING_CHANNELS,
        image_embedding_size=(EMBEDDING_SIDE, EMBEDDING_SIDE),
        input_image_size=(IMAGE_SIDE, IMAGE_SIDE),
        mask_in_chans=16,
    )


def build_mask_decoder() -> modeling.MaskDecoder:
    """Return SAM's mask decoder, without weights."""
    blocks = modeling.TwoWayTransformer(depth=2, embedding_dim=EMBEDDING_CHANNELS, mlp_dim=2048, num_heads=8)
    return modeling.MaskDecoder(
        num_multimask_outputs=3,
        transformer=blocks,
        transformer_dim=EMBEDDING_CHANNELS,
        iou_head_depth=3,
        iou_head_hidden_dim=256,
    )


def load_modules(file: Path) -> tuple[modeling.PromptEncoder, modeling.MaskDecoder]:
    """Read ``prompt_encoder.*`` and ``mask_decoder.*`` of a file, strictly, widened to float32."""
    torch.set_num_threads(THREADS)
    tensors = {name: tensor.float() for name, tensor in load_file(file).items()}
    both = nn.ModuleDict({"prompt_encoder": build_prompt_encoder(), "mask_decoder": build_mask_decoder()})
    both.load_state_dict(tensors, strict=True)
    both.eval().requires_grad_(False)
    return both["prompt_encoder"], both["mask_decoder"]

"""Losses of training and pre-training, from their papers; computed in float32, over all processes."""

from ctseg.losses.affinities import affinity_loss, affinity_targets
from ctseg.losses.contrastive import nt_xent_loss
from ctseg.losses.cosine_dice import CosineDiceLoss, cosine_dice_loss, cosine_similarity
from ctseg.losses.dice import DiceLoss, dice_loss
from ctseg.losses.tvmf import AdaptiveTvmfDiceLoss, tvmf_dice_loss, tvmf_similarity

__all__ = [
    "AdaptiveTvmfDiceLoss",
    "CosineDiceLoss",
    "DiceLoss",
    "affinity_loss",
    "affinity_targets",
    "cosine_dice_loss",
    "cosine_similarity",
    "dice_loss",
    "nt_xent_loss",
    "tvmf_dice_loss",
    "tvmf_similarity",
]

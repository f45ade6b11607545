"""Losses of training and pre-training, from their papers; computed in float32, over all processes."""

from ctseg.training.losses.affinities import affinity_loss, affinity_targets
from ctseg.training.losses.contrastive import nt_xent_loss
from ctseg.training.losses.cosine_dice import CosineDiceLoss, cosine_dice_loss, cosine_similarity
from ctseg.training.losses.dice import DiceLoss, dice_loss
from ctseg.training.losses.embeddings import embedding_agreement, embedding_loss, same_structure
from ctseg.training.losses.slots import slot_loss
from ctseg.training.losses.structure_weights import structure_weights
from ctseg.training.losses.tvmf import AdaptiveTvmfDiceLoss, tvmf_dice_loss, tvmf_similarity

__all__ = [
    "AdaptiveTvmfDiceLoss",
    "CosineDiceLoss",
    "DiceLoss",
    "affinity_loss",
    "affinity_targets",
    "cosine_dice_loss",
    "cosine_similarity",
    "dice_loss",
    "embedding_agreement",
    "embedding_loss",
    "nt_xent_loss",
    "same_structure",
    "slot_loss",
    "structure_weights",
    "tvmf_dice_loss",
    "tvmf_similarity",
]

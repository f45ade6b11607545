"""Saving a run so that it can be killed at any moment, and finding it again."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save
from torch import Tensor

from ctseg.files import write_atomically


def save_weights(path: Path, weights: Mapping[str, Tensor], facts: Mapping[str, str]) -> None:
    """Write tensors as safetensors; the file appears whole or not at all.

    Parameters
    ----------
    path : file to write or replace
    weights : tensors by name
    facts : what to store beside them, such as the network's name
    """
    whole = {name: tensor.detach().cpu().contiguous() for name, tensor in weights.items()}
    write_atomically(path, save(whole, metadata=dict(facts)))


def save_state(path: Path, state: Mapping[str, Any]) -> None:
    """Write a run's own state (tensors, numbers, texts); the file appears whole or not at all."""
    import io

    buffer = io.BytesIO()
    torch.save(dict(state), buffer)
    write_atomically(path, buffer.getvalue())


def load_state(path: Path) -> dict[str, Any] | None:
    """Read a run's own state back, or return None if there is none yet. No code in it is ever run."""
    if not path.is_file():
        return None
    state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    return state

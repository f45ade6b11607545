"""What a run saves, reads back and ships."""

import pickle

import pytest
import torch
from export_weights import export, main
from safetensors import safe_open

from ctseg.networks.registry import build_network
from ctseg.networks.stored import load_network
from ctseg.training.batches import SliceSet
from ctseg.training.checkpoint import load_state, save_state, save_weights


def test_a_state_that_would_run_code_is_refused(tmp_path) -> None:
    path = tmp_path / "state.pt"
    assert load_state(path) is None
    save_state(path, {"steps_done": 3, "tensor": torch.ones(2)})
    assert load_state(path)["steps_done"] == 3
    torch.save({"code": SliceSet}, path)
    with pytest.raises(pickle.UnpicklingError):
        load_state(path)


def test_export_halves_and_load_network_widens(tmp_path, capsys) -> None:
    network = build_network("tiny-unet")
    save_weights(tmp_path / "best.safetensors", network.state_dict(), {"network": "tiny-unet", "size": "64"})
    main([str(tmp_path), str(tmp_path / "out" / "tiny.safetensors")])
    assert "MB" in capsys.readouterr().out
    with safe_open(tmp_path / "out" / "tiny.safetensors", framework="pt") as file:
        assert file.get_tensor("head.weight").dtype == torch.float16
    stored = load_network(tmp_path / "out" / "tiny.safetensors")
    assert stored.size == 64
    assert not stored.network.training
    for name, tensor in stored.network.state_dict().items():
        assert tensor.dtype == torch.float32
        assert torch.allclose(tensor, network.state_dict()[name], atol=1e-3)


def test_weights_too_large_for_half_precision(tmp_path) -> None:
    save_weights(tmp_path / "best.safetensors", {"w": torch.tensor([1e6])}, {"network": "tiny-unet"})
    with pytest.raises(ValueError, match="w is too large"):
        export(tmp_path / "best.safetensors", tmp_path / "out.safetensors")

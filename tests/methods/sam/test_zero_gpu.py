"""SAM's encoder on a ZeroGPU Space, with a stand-in for its package: each call in a process of its own."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file
from segment_anything.build_sam import build_sam_vit_b

from ctseg.methods.base.method import NeverStop, StopFlag, Stopped
from ctseg.methods.sam.engine import zero_gpu
from ctseg.methods.sam.engine.vit_encoder import ViTEncoder

ROOT = Path(__file__).resolve().parents[3]
SPACES = '''
"""A stand-in for the package spaces: the call is pickled into another process, and may be refused."""
import os, pickle, subprocess, sys
decorated = []
def GPU(duration):
    def decorate(function):
        decorated.append((function.__name__, duration))
        def call(*arguments):
            if os.environ.get("NO_SHARE"):
                raise RuntimeError("You have exceeded your GPU quota")
            code = ("import pickle, sys; given = pickle.load(sys.stdin.buffer); "
                "from ctseg.methods.sam.engine.zero_gpu import embed_on_gpu; "
                "sys.stdout.buffer.write(pickle.dumps(embed_on_gpu(*given)))")
            quiet = {**os.environ, "SPACES_ZERO_GPU": ""}
            done = subprocess.run([sys.executable, "-c", code], input=pickle.dumps(arguments), env=quiet,
                                  capture_output=True, check=True)
            return pickle.loads(done.stdout)
        return call
    return decorate
'''
CLIENT = """
import sys, numpy as np, spaces
from pathlib import Path
from ctseg.methods.base.method import NeverStop
from ctseg.methods.sam.engine import zero_gpu
assert [name for name, _ in spaces.decorated] == ["embed_on_gpu"]
class Spare:
    def embed(self, pixels, stop):
        import torch
        return torch.zeros(1)
pixels = np.load(sys.argv[2]) if sys.argv[2] else None
embedding = zero_gpu.ZeroGpuEncoder(Path(sys.argv[1]), Spare()).embed(pixels, NeverStop())
np.save(sys.argv[3], embedding.numpy())
"""


def _embedded(tmp_path: Path, file: str, pixels: str, **further: str) -> np.ndarray:
    """What the encoder of a ZeroGPU Space returns, in a process of its own."""
    (tmp_path / "spaces.py").write_text(SPACES)
    told = os.environ | {"SPACES_ZERO_GPU": "true", "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"} | further
    out = tmp_path / "embedding.npy"
    subprocess.run(
        [sys.executable, "-c", CLIENT, file, pixels, str(out)],
        env=told,
        check=True,
        cwd=tmp_path,
        timeout=600,
    )
    embedding: np.ndarray = np.load(out)
    return embedding


class _Spare:
    def embed(self, _pixels: NDArray[np.float32], _stop: StopFlag) -> torch.Tensor:
        return torch.zeros(1)


def test_where_no_gpu_is_to_be_had_the_cpu_does_it(monkeypatch: pytest.MonkeyPatch) -> None:
    pixels = np.ones((1, 3, 4, 4), np.float32)
    encoder = zero_gpu.ZeroGpuEncoder(Path("sam.safetensors"), _Spare())
    monkeypatch.setattr(zero_gpu, "embed_on_gpu", lambda _file, pixels: pixels)
    np.testing.assert_array_equal(encoder.embed(pixels, NeverStop()).numpy(), pixels)

    def refuse(_file: str, _pixels: NDArray[np.float32]) -> None:
        raise RuntimeError("You have exceeded your GPU quota")

    monkeypatch.setattr(zero_gpu, "embed_on_gpu", refuse)
    np.testing.assert_array_equal(encoder.embed(pixels, NeverStop()).numpy(), [0.0])
    stop = threading.Event()
    stop.set()
    with pytest.raises(Stopped):
        encoder.embed(pixels, stop)


def test_elsewhere_nobody_asks_for_the_package() -> None:
    assert not zero_gpu.on_zero_gpu()
    assert "spaces" not in sys.modules


@pytest.mark.slow
def test_a_process_of_its_own_embeds_as_the_cpu_does(tmp_path: Path) -> None:
    torch.manual_seed(1)
    sam = build_sam_vit_b().eval()
    save_file(sam.state_dict(), tmp_path / "sam.safetensors")
    pixels = np.random.default_rng(1).normal(size=(1, 3, 1024, 1024)).astype(np.float32)
    np.save(tmp_path / "pixels.npy", pixels)
    embedding = _embedded(tmp_path, str(tmp_path / "sam.safetensors"), str(tmp_path / "pixels.npy"))
    expected = ViTEncoder(sam.image_encoder).embed(pixels, NeverStop()).numpy()
    np.testing.assert_allclose(embedding, expected, rtol=1e-3, atol=1e-4)
    np.testing.assert_array_equal(_embedded(tmp_path, "", "", NO_SHARE="1"), [0.0])

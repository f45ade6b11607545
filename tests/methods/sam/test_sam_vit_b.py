"""SAM ViT-B with random weights in Meta's format: fetched over HTTP, checked, converted, run, stopped."""

import hashlib
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hub_downloads import StandInHub, stand_in_hub
from safetensors.torch import save_file
from segment_anything.build_sam import build_sam_vit_b
from segment_anything.modeling import ImageEncoderViT, Sam

from ctseg.methods import CARDS, NeverStop, Stopped, download_bytes
from ctseg.methods.sam import sam_vit_b
from ctseg.methods.sam.engine.mask_settings import MaskSettings
from ctseg.methods.sam.engine.vit_b import FetchedOnFirstUse, load_sam
from ctseg.methods.sam.engine.vit_encoder import ViTEncoder
from ctseg.progress import CountProgress
from ctseg.slices.ct_slice import CTSlice, Window
from ctseg.weights import WeightsError

REPO, PATH = "mirror/sam", "checkpoints/sam_vit_b_01ec64.pth"
SMALL = CTSlice(np.arange(63, dtype=np.uint8).reshape(9, 7), "8-bit", None, "test")


def random_sam() -> Sam:
    """A ViT-B whose relative positions matter too; the package starts them at 0."""
    torch.manual_seed(11)
    sam = build_sam_vit_b()
    for name, parameter in sam.named_parameters():
        if "rel_pos" in name or "pos_embed" in name:
            torch.nn.init.normal_(parameter, std=0.02)
    return sam.requires_grad_(False)


@pytest.fixture(scope="module")
def sam() -> Sam:
    return random_sam()


@pytest.fixture(scope="module")
def checkpoint(sam: Sam, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("checkpoint") / "sam_vit_b_01ec64.pth"
    torch.save(sam.state_dict(), path)
    return path


@pytest.fixture
def hub() -> Iterator[StandInHub]:
    with stand_in_hub() as running:
        yield running


def write_manifest(folder: Path, content: bytes) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "manifest.toml").write_text(
        f'''owner = ""
[[outside]]
file = "sam_vit_b_01ec64.pth"
sha256 = "{hashlib.sha256(content).hexdigest()}"
bytes = {len(content)}
licence = "CC0-1.0"
source = "random"
methods = ["sam-vit-b"]
repo = "nobody/nothing"
path = "{PATH}"
commit = ""
'''
    )


CLIENT = """
import json, sys, threading, time
import numpy as np
from ctseg.methods import Stopped, download_bytes, load
from ctseg.slices.ct_slice import CTSlice
from ctseg.weights import WeightsError

stop = threading.Event()
if len(sys.argv) > 1:
    threading.Timer(float(sys.argv[1]), stop.set).start()
image = np.random.default_rng(3).integers(0, 256, (40, 24)).astype(np.uint8)
ct_slice = CTSlice(image, "8-bit", None, "test")
method = load("sam-vit-b")
fractions, answer = [], {"before": download_bytes("sam-vit-b")}
try:
    label_map = method.segment(ct_slice, stop, fractions.append)
    answer |= {"shape": label_map.shape, "dtype": str(label_map.dtype)}
except WeightsError as error:
    answer["error"] = str(error)
except Stopped:
    answer["stopped"] = True
print(json.dumps(answer | {"after": download_bytes("sam-vit-b"), "fractions": fractions}))
"""


def run_client(hub: StandInHub, folder: Path, *arguments: str) -> dict[str, Any]:
    environment = hub.environment(folder / "home") | {
        "CTSEG_WEIGHTS_FOLDER": str(folder / "weights"),
        "CTSEG_SAM_VIT_B_REPO": REPO,
        "OMP_NUM_THREADS": "2",
    }
    done = subprocess.run(
        [sys.executable, "-c", CLIENT, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_card_tells_size_and_points_before_anything_is_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    card = CARDS["sam-vit-b"]
    assert "16x16" in card.title
    assert any("375 MB" in sentence for sentence in card.known_failures)
    monkeypatch.setenv("CTSEG_SAM_VIT_B_FILE", "somewhere.pth")
    assert download_bytes("sam-vit-b") is None


def test_card_counts_the_parameters(sam: Sam) -> None:
    assert sum(parameter.numel() for parameter in sam.parameters()) == sam_vit_b.CARD.parameters


def test_encoder_computes_what_the_package_computes() -> None:
    """On a small one with windows that need padding, and without."""
    torch.manual_seed(4)
    module = ImageEncoderViT(
        img_size=160,
        embed_dim=48,
        depth=3,
        num_heads=4,
        out_chans=8,
        use_rel_pos=True,
        window_size=3,
        global_attn_indexes=(1,),
    ).eval()
    for parameter in module.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    pixels = np.random.default_rng(2).normal(size=(1, 3, 160, 160)).astype(np.float32)
    with torch.inference_mode():
        expected = module(torch.from_numpy(pixels))
    ours = ViTEncoder(module).embed(pixels, NeverStop())
    assert torch.allclose(ours, expected, rtol=1e-4, atol=1e-5)


def test_encoder_stops(sam: Sam) -> None:
    class StopAtThirdLook:
        looks = 0

        def is_set(self) -> bool:
            self.looks += 1
            return self.looks >= 3

    stop = StopAtThirdLook()
    with pytest.raises(Stopped):
        ViTEncoder(sam.image_encoder).embed(np.zeros((1, 3, 1024, 1024), dtype=np.float32), stop)
    assert stop.looks == 3


@pytest.mark.slow  # 375 MB are written, served, hashed, converted and read, and a ViT-B runs
def test_weights_come_over_http_and_the_method_runs(
    hub: StandInHub, checkpoint: Path, tmp_path: Path
) -> None:
    content = checkpoint.read_bytes()
    hub.publish(REPO, PATH, content)
    write_manifest(tmp_path / "weights", content)
    answer = run_client(hub, tmp_path)
    assert answer["before"] == len(content)
    assert answer["after"] is None
    assert (answer["shape"], answer["dtype"]) == ([40, 24], "int32")
    assert answer["fractions"] == sorted(answer["fractions"])
    assert answer["fractions"][0] == 0.0
    assert answer["fractions"][-1] == 1.0
    assert [path for _method, path, _headers in hub.seen] == [f"/{REPO}/resolve/main/{PATH}"]
    kept = {
        path.suffix
        for path in (tmp_path / "home").rglob("*")
        if path.is_file() and path.stat().st_size > 10_000
    }
    assert kept == {".safetensors"}


@pytest.mark.slow  # imports torch in a process of its own
def test_stop_ends_a_line_that_says_nothing(hub: StandInHub, tmp_path: Path) -> None:
    hub.fault = "silent"
    content = b"x" * 1000
    hub.publish(REPO, PATH, content)
    write_manifest(tmp_path / "weights", content)
    assert run_client(hub, tmp_path, "0.5").get("stopped") is True


def test_state_is_read_as_it_was_saved(sam: Sam, tmp_path: Path) -> None:
    save_file(sam.state_dict(), tmp_path / "sam.safetensors")
    read = load_sam(tmp_path / "sam.safetensors")
    assert all(torch.equal(tensor, read.state_dict()[name]) for name, tensor in sam.state_dict().items())
    assert not read.training


def test_local_file_with_other_tensors_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    local = tmp_path / "mine.pth"
    torch.save({"image_encoder.weight": torch.ones(2)}, local)
    write_manifest(tmp_path / "weights", local.read_bytes())
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CTSEG_WEIGHTS_FOLDER", str(tmp_path / "weights"))
    monkeypatch.setenv("CTSEG_SAM_VIT_B_FILE", str(local))
    with pytest.raises(WeightsError, match="does not hold SAM ViT-B in Meta's layout"):
        sam_vit_b.load().segment(SMALL)


def _method(fetch: Callable[[CountProgress], Path]) -> FetchedOnFirstUse:
    return FetchedOnFirstUse(fetch, input_window=Window(400, 40), settings=MaskSettings(points_per_side=1))


def test_what_fetching_says_reaches_the_caller_every_time() -> None:
    def fetch(_progress: CountProgress) -> Path:
        raise WeightsError("No network.")

    method = _method(fetch)
    for _ in range(2):
        with pytest.raises(WeightsError, match="No network"):
            method.segment(SMALL)


def test_fetching_is_told_as_the_first_half_and_ends_when_stopped() -> None:
    stop, ended, fractions = threading.Event(), threading.Event(), list[float]()

    def fetch(progress: CountProgress) -> Path:
        try:
            while True:
                progress(30, 100)
                stop.wait(0.01)
        finally:
            ended.set()

    def note(fraction: float) -> None:
        fractions.append(fraction)
        if fraction > 0:
            stop.set()

    with pytest.raises(Stopped):
        _method(fetch).segment(SMALL, stop, note)
    assert fractions[-1] == 0.15
    assert ended.wait(120)


def test_stop_does_not_wait_for_a_line_that_says_nothing() -> None:
    stop, answer = threading.Event(), threading.Event()

    def fetch(_progress: CountProgress) -> Path:
        stop.set()
        answer.wait()
        raise WeightsError("Too late.")

    with pytest.raises(Stopped):
        _method(fetch).segment(SMALL, stop)
    assert not answer.is_set()
    answer.set()


def test_second_run_fetches_nothing(sam: Sam, tmp_path: Path) -> None:
    fetched = []

    def fetch(_progress: CountProgress) -> Path:
        fetched.append(1)
        save_file(sam.state_dict(), tmp_path / "sam.safetensors")
        return tmp_path / "sam.safetensors"

    method = _method(fetch)
    stop = threading.Event()
    with pytest.raises(Stopped):
        method.segment(SMALL, stop, _StopAfter(stop, 0.5))
    stop.clear()
    with pytest.raises(Stopped):
        method.segment(SMALL, stop, _StopAfter(stop, 0.0))
    assert len(fetched) == 1


class _StopAfter:
    """Progress that sets a stop flag once it is told at least this fraction."""

    def __init__(self, stop: threading.Event, fraction: float) -> None:
        self._stop = stop
        self._fraction = fraction

    def __call__(self, fraction: float) -> None:
        if fraction >= self._fraction:
            self._stop.set()

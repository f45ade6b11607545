"""Measure ``sam-vit-t`` against the package's own generator with the same weights, slice by slice in turn.

    python benchmarks/sam.py [FOLDER OF ct-fewshot]

Prints seconds a slice of both, their ratio, the mean ``ari`` and ``fg_ari`` of both on every fourth slice of
``val``, and the peak memory of a process that runs only ``sam-vit-t``. Without the data the time is taken on
pydicom's CT slices.
"""

import argparse
import os
import resource
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from pydicom.data import get_testdata_file
from segment_anything import SamAutomaticMaskGenerator
from segment_anything.modeling import Sam
from torch import nn

import ctseg
from ctseg.methods import NeverStop, load
from ctseg.methods.sam.engine.modules import load_modules
from ctseg.methods.sam.engine.onnx_encoder import OnnxEncoder
from ctseg.methods.sam.sam_vit_t import CARD, DECODER_FILE, ENCODER_FILE, SETTINGS
from ctseg.metrics import score
from ctseg.slices.ct_slice import CTSlice
from ctseg.slices.windowing import to_uint8
from ctseg.weights import fetch

DATA = Path(os.environ.get("CTSEG_DATA") or Path(__file__).resolve().parents[2] / "shared" / "data")
PYDICOM_SLICES = ("CT_small.dcm", "693_J2KI.dcm", "J2K_pixelrep_mismatch.dcm")
AIMED_SECONDS = 8
MAX_TIME_RATIO = 0.35
MAX_MEMORY_GB = 1.5
MAX_LOSS = 0.01


class EncoderModule(nn.Module):
    """The ONNX encoder where ``Sam`` expects a module."""

    img_size = 1024

    def __init__(self) -> None:
        super().__init__()
        self._encoder = OnnxEncoder(fetch(ENCODER_FILE))

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Embed a normalised, padded image (1, 3, 1024, 1024)."""
        return self._encoder.embed(np.ascontiguousarray(image.numpy()), NeverStop())


def reference_generator() -> SamAutomaticMaskGenerator:
    """Return the package's generator: default thresholds, 16 points a side, batches of 64."""
    prompt_encoder, mask_decoder = load_modules(fetch(DECODER_FILE))
    sam = Sam(EncoderModule(), prompt_encoder, mask_decoder).eval()
    return SamAutomaticMaskGenerator(sam, points_per_side=SETTINGS.points_per_side, points_per_batch=64)


def reference_label_map(generator: SamAutomaticMaskGenerator, ct_slice: CTSlice) -> NDArray[np.int32]:
    """Paint the generator's masks large to small."""
    image = to_uint8(ct_slice, CARD.input_window)
    masks = generator.generate(np.repeat(image[:, :, None], 3, axis=2))
    label_map = np.zeros(image.shape, dtype=np.int32)
    for label, mask in enumerate(sorted(masks, key=lambda one: one["area"], reverse=True), start=1):
        label_map[mask["segmentation"]] = label
    return label_map


def slices_of_val(folder: Path) -> list[tuple[CTSlice, NDArray[np.generic]]]:
    """Return every fourth slice of ``val`` in numeric order, with its true label map."""
    images = sorted((folder / "val" / "images").glob("*.png"), key=lambda file: int(file.stem))[::4]
    truths = [np.asarray(Image.open(folder / "val" / "labels" / file.name)) for file in images]
    return [(ctseg.read_slice(file), truth) for file, truth in zip(images, truths, strict=True)]


def slices_of_pydicom() -> list[tuple[CTSlice, None]]:
    """Return the CT slices that come with pydicom, which have no true label maps."""
    return [(ctseg.read_slice(get_testdata_file(name, download=False)), None) for name in PYDICOM_SLICES]


def peak_memory_gb() -> float:
    """Return the peak resident memory of this process in GB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def print_memory() -> None:
    """Run ``sam-vit-t`` alone, twice on a 512x512 slice, and print this process's peak memory."""
    ct_slice = slices_of_pydicom()[1][0]
    for _ in range(2):
        load(CARD.name).segment(ct_slice)
    print(peak_memory_gb())


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", nargs="?", type=Path, default=DATA / "ct-fewshot")
    parser.add_argument("--memory-only", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.memory_only:
        print_memory()
        return
    # First, for on Linux a child's peak starts at that of its parent.
    command = [sys.executable, __file__, "--memory-only"]
    gigabytes = float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    print(f"peak memory {gigabytes:.2f} GB (at most {MAX_MEMORY_GB})", flush=True)
    present = arguments.data.is_dir()
    measure(slices_of_val(arguments.data) if present else slices_of_pydicom())


def measure(slices: list[tuple[CTSlice, NDArray[np.generic] | None]]) -> None:
    """Run both on each slice in turn and print times, ratio and scores."""
    method, generator = load(CARD.name), reference_generator()
    runs = {"ctseg": method.segment, "reference": partial(reference_label_map, generator)}
    method.segment(slices[0][0])
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    scores: dict[str, list[tuple[float, float]]] = {name: [] for name in runs}
    for ct_slice, truth in slices:
        for name, run in runs.items():
            start = time.perf_counter()
            label_map = run(ct_slice)
            seconds[name].append(time.perf_counter() - start)
            if truth is not None:
                result = score(label_map, truth)
                scores[name].append((result.ari, result.fg_ari))
        print(*(f"{name} {values[-1]:6.2f} s " for name, values in seconds.items()), flush=True)
    ours, theirs = (float(np.mean(values)) for values in seconds.values())
    print(f"seconds a slice: ctseg {ours:.2f} (aim {AIMED_SECONDS}), reference {theirs:.2f}")
    print(f"ratio {ours / theirs:.3f} (at most {MAX_TIME_RATIO})")
    if scores["ctseg"]:
        means = {name: np.nanmean(values, axis=0) for name, values in scores.items()}
        for index, metric in enumerate(("ari", "fg_ari")):
            mine, other = means["ctseg"][index], means["reference"][index]
            print(f"{metric}: ctseg {mine:.4f}, reference {other:.4f} (at least {other - MAX_LOSS:.4f})")


if __name__ == "__main__":
    main()

"""Compares the phantom with real slices by numbers: grey levels, gradients and noise spectra.

``python benchmarks/phantom_realism.py [FOLDER]`` takes the folder of a real split (``images/N.png``), else
``ct-fewshot/val`` in ``CTSEG_DATA``. For every statistic it prints the range over the real slices and how
many phantom slices fall inside.
"""

import argparse
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from ctseg.datasets import DatasetError, Split
from ctseg.datasets.folders import data_folder
from ctseg.datasets.phantom import phantom_val
from ctseg.labelmaps.regions import connected_regions
from ctseg.methods.classical.watershed import segment_image
from ctseg.metrics.scores import score

PATCH = 32
PATCHES_PER_SLICE = 6
RADIAL_BINS = 6


def grey_statistics(pixels: NDArray[np.uint8]) -> dict[str, float]:
    """Share of black and white, and quantiles of what lies between, of a uint8 slice (H, W)."""
    inside = pixels[pixels > 0]
    quantiles = np.percentile(inside, (10, 25, 50, 75, 90))
    levels = {f"grey p{p}": float(q) for p, q in zip((10, 25, 50, 75, 90), quantiles, strict=True)}
    return {
        "share black": float((pixels == 0).mean()),
        "share white": float((pixels == 255).mean()),
        "grey mean": float(pixels.mean()),
        "grey sd": float(inside.std()),
        **levels,
    }


def gradient_statistics(pixels: NDArray[np.uint8]) -> dict[str, float]:
    """Quantiles of the Sobel gradient magnitude in grey levels a pixel, where the slice is not black."""
    image = pixels.astype(np.float64)
    size = np.hypot(ndimage.sobel(image, 0), ndimage.sobel(image, 1)) / 8
    inside = size[pixels > 0]
    return {
        "gradient mean": float(inside.mean()),
        **{f"gradient p{p}": float(np.percentile(inside, p)) for p in (25, 50, 75, 90, 99)},
    }


def _flat_patches(pixels: NDArray[np.uint8]) -> list[NDArray[np.float64]]:
    step = PATCH // 4
    every = np.lib.stride_tricks.sliding_window_view(pixels, (PATCH, PATCH))[::step, ::step]
    every = every.reshape(-1, PATCH, PATCH)
    inside = every[(every.min(axis=(1, 2)) >= 8) & (every.max(axis=(1, 2)) <= 247)].astype(np.float64)
    rows, columns = np.mgrid[:PATCH, :PATCH] - (PATCH - 1) / 2
    scale = (rows**2).sum()
    found = inside - inside.mean(axis=(1, 2), keepdims=True)
    for ramp in (rows, columns):
        found -= ((found * ramp).sum(axis=(1, 2)) / scale)[:, None, None] * ramp
    return list(found[np.argsort(found.var(axis=(1, 2)), kind="stable")[:PATCHES_PER_SLICE]])


def noise_statistics(pixels: NDArray[np.uint8]) -> dict[str, float]:
    """Standard deviation and radial power spectrum (shares of six rings) of the flattest patches inside."""
    patches = _flat_patches(pixels)
    if not patches:
        return {}
    window = np.outer(np.hanning(PATCH), np.hanning(PATCH))
    power = np.mean([np.abs(np.fft.fft2(patch * window)) ** 2 for patch in patches], axis=0)
    frequency = np.fft.fftfreq(PATCH)
    radius = np.hypot(frequency[:, None], frequency[None, :])
    ring = np.minimum((radius / 0.5 * RADIAL_BINS).astype(int), RADIAL_BINS)
    means = np.array([power[ring == number].mean() for number in range(RADIAL_BINS)])
    shares = means / means.sum()
    return {
        "noise sd": float(np.mean([patch.std() for patch in patches])),
        **{f"noise ring {number + 1}": float(share) for number, share in enumerate(shares)},
    }


def statistics(pixels: NDArray[np.uint8]) -> dict[str, float]:
    """All statistics of a uint8 slice (H, W) by name."""
    return {**grey_statistics(pixels), **gradient_statistics(pixels), **noise_statistics(pixels)}


def table(real: Iterable[NDArray[np.uint8]], phantom: Iterable[NDArray[np.uint8]]) -> list[str]:
    """Lines that compare the statistics of real slices with those of phantom slices."""
    real_rows = [statistics(pixels) for pixels in real]
    phantom_rows = [statistics(pixels) for pixels in phantom]
    lines = [
        f"{'statistic':16}{'real min':>10}{'max':>10}{'phantom min':>13}{'mean':>10}{'max':>10}{'inside':>8}"
    ]
    for name in real_rows[0]:
        known = np.array([row[name] for row in real_rows if name in row])
        ours = np.array([row[name] for row in phantom_rows if name in row])
        inside = ((ours >= known.min()) & (ours <= known.max())).mean()
        numbers = (known.min(), known.max(), ours.min(), ours.mean(), ours.max())
        texts = [f"{number:.4g}" for number in numbers]
        mean_inside = "" if known.min() <= ours.mean() <= known.max() else "  MEAN OUTSIDE"
        lines.append(
            f"{name:16}{texts[0]:>10}{texts[1]:>10}{texts[2]:>13}{texts[3]:>10}{texts[4]:>10}{inside:>8.0%}{mean_inside}"
        )
    return lines


def read_folder(folder: Path) -> list[NDArray[np.uint8]]:
    """The uint8 images of a split folder."""
    return [np.asarray(Image.open(path).convert("L")) for path in sorted((folder / "images").glob("*.png"))]


def separations(split: Split) -> list[str]:
    """Lines with what the watershed, and the true mask with connected regions, score on a split."""
    watershed, regions, coverage = [], [], []
    for index in range(len(split)):
        truth = split.label_map(index)
        assert truth is not None
        image = np.asarray(split.slice(index).pixels)
        watershed.append(score(segment_image(image, lambda _step: None), truth))
        regions.append(score(connected_regions(truth > 0), truth))
        coverage.append(float((truth > 0).mean()))
    counts = [found.structures_true for found in regions]
    return [
        f"watershed: ari {np.mean([found.ari for found in watershed]):.3f} (wanted 0.05 to 0.40), "
        f"fg_ari {np.mean([found.fg_ari for found in watershed]):.3f}",
        f"true mask + connected regions: fg_ari {np.mean([found.fg_ari for found in regions]):.3f} "
        f"(wanted 0.60 to 0.85), ari {np.mean([found.ari for found in regions]):.3f}",
        f"structures a slice {min(counts)} to {max(counts)}, mean {np.mean(counts):.1f}; "
        f"coverage {np.mean(coverage):.1%}",
    ]


def main() -> None:
    """Print what the phantom scores, and the table if the real slices are here."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", help="folder of a real split")
    folder = parser.parse_args().folder
    split = phantom_val()
    print("\n".join(separations(split)))
    try:
        real = read_folder(folder or data_folder() / "ct-fewshot" / "val")
    except DatasetError as error:
        print(f"No comparison with real slices: {error}")
        return
    if not real:
        print("No comparison with real slices: the folder holds none.")
        return
    print("\n".join(table(real, [np.asarray(split.slice(index).pixels) for index in range(len(split))])))


if __name__ == "__main__":
    main()

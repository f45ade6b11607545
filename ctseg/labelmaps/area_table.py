"""Size, intensity and place of every structure."""

import numpy as np
from numpy.typing import NDArray

from ctseg.labelmaps.regions import renumbered
from ctseg.labelmaps.runs import run_lengths


def area_table(
    label_map: NDArray[np.generic],
    pixels: NDArray[np.generic],
    spacing_mm: tuple[float, float] | None,
) -> dict[str, NDArray[np.generic]]:
    """Measure every structure of a label map.

    Parameters
    ----------
    label_map : ndarray of integers or bool, shape (H, W), non-negative; 0 is background
    pixels : ndarray, shape (H, W): the slice, in HU or in grey levels
    spacing_mm : (row, column) distance between pixel centres in mm, or None if unknown

    Returns
    -------
    dict of columns, one entry per structure, ascending by label:
        ``label`` (int64), ``area_px`` (int64), ``area_mm2`` (nan without spacing), ``mean`` and ``sd`` of the
        pixels (of all pixels of the structure, divided by their number; in the unit of ``pixels``),
        ``centroid_row`` and ``centroid_column`` (px, from 0 at the centre of the first pixel).

    Raises
    ------
    ValueError
        If it is not a label map, or the shapes differ.
    """
    values, numbers = renumbered(label_map)
    if pixels.shape != numbers.shape:
        raise ValueError(
            f"The label map has shape {numbers.shape} and the slice {pixels.shape}; they must be equal."
        )
    starts, lengths = run_lengths(numbers)
    structure = numbers.ravel()[starts]
    area = _sums(structure, lengths, values.size).astype(np.int64)

    def mean_of_runs(sums: NDArray[np.generic]) -> NDArray[np.float64]:
        return _sums(structure, sums, values.size) / area

    intensity = pixels.ravel().astype(np.float64)
    mean = mean_of_runs(_run_sums(intensity, starts))
    # Deviations from each structure's own mean: the difference of two large sums would lose the digits.
    intensity -= np.repeat(np.concatenate(([0.0], mean))[structure], lengths)
    row, first_column = np.divmod(starts, max(numbers.shape[1], 1))
    return {
        "label": values.astype(np.int64),
        "area_px": area,
        "area_mm2": area * (spacing_mm[0] * spacing_mm[1] if spacing_mm else np.nan),
        "mean": mean,
        "sd": np.sqrt(mean_of_runs(_run_sums(intensity * intensity, starts))),
        "centroid_row": mean_of_runs(row * lengths),
        "centroid_column": mean_of_runs((first_column + (lengths - 1) / 2) * lengths),
    }


def _run_sums(quantity: NDArray[np.float64], starts: NDArray[np.intp]) -> NDArray[np.float64]:
    return np.add.reduceat(quantity, starts) if starts.size else np.zeros(0)


def _sums(structure: NDArray[np.int32], of_runs: NDArray[np.generic], structures: int) -> NDArray[np.float64]:
    """Add up the runs of each structure; background, number 0, is left out."""
    return np.asarray(np.bincount(structure, weights=of_runs, minlength=structures + 1)[1:], dtype=np.float64)

"""How sure a mean is: by patient, because slices of one patient are not independent.

From eight patients on there are bootstrap intervals and paired tests; below, neither: five patients cannot
carry a p-value.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

MIN_PATIENTS = 8
_DRAWS = 2000
_SEED = 20240
_FLIPS = 9999
_MAX_PATIENTS_EXACT = 12
_ROUNDING = 1e-12


@dataclass(frozen=True)
class Interval:
    """A bootstrap percentile interval of a mean over slices."""

    low: float
    high: float


@dataclass(frozen=True)
class PairedComparison:
    """Two entries on the same images, patient by patient.

    Attributes
    ----------
    better_on, patients : the first entry is better on so many of so many patients; ties count for neither.
    difference : mean over patients of first minus second.
    p_value : two-sided, or None below eight patients.
    """

    better_on: int
    patients: int
    difference: float
    p_value: float | None


def patient_means(values: NDArray[np.float64], patients: tuple[str, ...]) -> NDArray[np.float64]:
    """Return the mean of each patient's slices, (P,), by name; patients with only nan are left out."""
    present = ~np.isnan(values)
    _, index = np.unique(np.array(patients)[present], return_inverse=True)
    return np.bincount(index, weights=values[present]) / np.bincount(index)


def bootstrap_interval(values: NDArray[np.float64], patients: tuple[str, ...]) -> Interval | None:
    """Return the 95 % interval of the unweighted mean over slices when patients are drawn with replacement.

    Parameters
    ----------
    values : (N,) one score per slice, nan where a slice has none
    patients : the patient of each slice

    Returns
    -------
    Interval, or None below eight patients.
    """
    present = ~np.isnan(values)
    _, index = np.unique(np.array(patients)[present], return_inverse=True)
    count = int(index.max()) + 1 if index.size else 0
    if count < MIN_PATIENTS:
        return None
    sums = np.bincount(index, weights=values[present])
    sizes = np.bincount(index).astype(float)
    times_drawn = _times_drawn(count)
    means = (times_drawn @ sums) / (times_drawn @ sizes)
    low, high = np.percentile(means, [2.5, 97.5])
    return Interval(float(low), float(high))


def compare(
    first: NDArray[np.float64], second: NDArray[np.float64], patients: tuple[str, ...]
) -> PairedComparison:
    """Compare two entries on the same images by sign-flip permutation of the patients' mean differences.

    Slices on which either has no score are left out.
    """
    either_missing = np.isnan(first) | np.isnan(second)
    differences = patient_means(np.where(either_missing, np.nan, first - second), patients)
    p_value = None
    if differences.size >= MIN_PATIENTS:
        p_value = _sign_flip_p_value(differences)
    return PairedComparison(
        better_on=int((differences > 0).sum()),
        patients=int(differences.size),
        difference=float(differences.mean()) if differences.size else float("nan"),
        p_value=p_value,
    )


def _sign_flip_p_value(differences: NDArray[np.float64]) -> float:
    """Share of sign patterns with a mean at least as far from 0: of all 2^P if few, else of a fixed sample.

    Written out, because importing ``scipy.stats`` for it would add more than a second to the app's start.
    """
    signs = _signs(differences.size)
    surplus = 0 if differences.size <= _MAX_PATIENTS_EXACT else 1
    sums = np.abs(signs @ differences)
    as_far = int((sums >= abs(differences.sum()) * (1 - _ROUNDING)).sum())
    return (as_far + surplus) / (len(signs) + surplus)


# Both depend on the number of patients only, and take longer to draw than to use.
@lru_cache(maxsize=8)
def _times_drawn(patients: int) -> NDArray[np.float64]:
    drawn = np.random.default_rng(_SEED).multinomial(patients, np.full(patients, 1 / patients), size=_DRAWS)
    return drawn.astype(float)


@lru_cache(maxsize=8)
def _signs(patients: int) -> NDArray[np.float64]:
    if patients <= _MAX_PATIENTS_EXACT:
        flips = np.arange(2**patients)[:, None] >> np.arange(patients) & 1
    else:
        flips = np.random.default_rng(_SEED).integers(0, 2, size=(_FLIPS, patients))
    return (1 - 2 * flips).astype(float)

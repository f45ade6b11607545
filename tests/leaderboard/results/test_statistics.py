"""Intervals and tests by patient: right where they are given, absent where they would be false."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import permutation_test

from ctseg.leaderboard.results.statistics import MIN_PATIENTS, bootstrap_interval, compare, patient_means


def test_below_eight_patients_nothing_is_claimed() -> None:
    values = np.linspace(0, 1, 70)
    seven = tuple(f"p{number % 7}" for number in range(70))
    assert MIN_PATIENTS == 8
    assert bootstrap_interval(values, seven) is None
    comparison = compare(values, values - 0.5, seven)
    assert comparison.p_value is None
    assert (comparison.better_on, comparison.patients) == (7, 7)
    assert comparison.difference == pytest.approx(0.5)


def test_patients_without_the_score_do_not_count() -> None:
    values = np.array([0.2, np.nan, 0.4, np.nan])
    assert patient_means(values, ("a", "b", "a", "b")) == pytest.approx([0.3])
    eight = tuple(f"p{number}" for number in range(8))
    assert bootstrap_interval(np.array([np.nan, *np.linspace(0, 1, 7)]), eight) is None


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    patients = tuple(f"p{number // 3}" for number in range(90))
    covered = 0
    for _ in range(200):
        of_patient = rng.normal(0.5, 0.1, 30).repeat(3)
        interval = bootstrap_interval(of_patient + rng.normal(0, 0.05, 90), patients)
        assert interval is not None
        covered += interval.low <= 0.5 <= interval.high
    assert 0.88 <= covered / 200 <= 0.99


def test_slices_of_one_patient_are_not_independent() -> None:
    rng = np.random.default_rng(1)
    of_patient = rng.normal(0.5, 0.1, 10).repeat(20)
    by_patient = bootstrap_interval(of_patient, tuple(f"p{number // 20}" for number in range(200)))
    by_slice = bootstrap_interval(of_patient, tuple(f"s{number}" for number in range(200)))
    assert by_patient is not None
    assert by_slice is not None
    assert by_patient.high - by_patient.low > 3 * (by_slice.high - by_slice.low)


def test_no_difference_is_seldom_called_one() -> None:
    rng = np.random.default_rng(2)
    patients = tuple(f"p{number}" for number in range(12))
    p_values = [compare(rng.normal(size=12), rng.normal(size=12), patients).p_value for _ in range(60)]
    assert sum(p_value is not None and p_value < 0.05 for p_value in p_values) <= 8


def test_a_constant_advantage_is_seen() -> None:
    rng = np.random.default_rng(3)
    patients = tuple(f"p{number}" for number in range(12))
    base = rng.normal(0.5, 0.2, 12)
    comparison = compare(base + 0.05 + rng.normal(0, 0.005, 12), base, patients)
    assert comparison.p_value is not None
    assert comparison.p_value < 0.005
    assert comparison.better_on == 12
    assert compare(base, base, patients).p_value == 1.0


@pytest.mark.parametrize(("patients", "tolerance"), [(8, 1e-9), (12, 1e-9), (40, 0.02)])
def test_p_values_are_those_of_scipy(patients: int, tolerance: float) -> None:
    rng = np.random.default_rng(patients)
    names = tuple(f"p{number}" for number in range(patients))
    for shift in (0.0, 0.2, 0.6):
        first, second = rng.normal(shift, 1, patients), rng.normal(0, 1, patients)
        expected = permutation_test(
            (first - second,),
            lambda sample, axis: np.mean(sample, axis=axis),
            permutation_type="samples",
            n_resamples=9999 if patients > 12 else np.inf,
            vectorized=True,
            rng=np.random.default_rng(1),
        )
        assert compare(first, second, names).p_value == pytest.approx(expected.pvalue, abs=tolerance)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=8, max_size=30), st.floats(-1, 1))
def test_the_interval_holds_the_mean_and_moves_with_it(values: list[float], shift: float) -> None:
    array = np.array(values)
    patients = tuple(f"p{number}" for number in range(array.size))
    interval = bootstrap_interval(array, patients)
    moved = bootstrap_interval(array + shift, patients)
    assert interval is not None
    assert moved is not None
    assert interval.low - 1e-9 <= array.mean() <= interval.high + 1e-9
    assert moved.low == pytest.approx(interval.low + shift, abs=1e-9)

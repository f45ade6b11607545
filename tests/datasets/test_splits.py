"""Splits: the interface, fingerprints, and division by patient."""

import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.model_selection import train_test_split

from ctseg.datasets import Split, Subset, of_patients, patient_folds, report_validation_indices
from ctseg.datasets.near_duplicates import near_duplicate_groups
from ctseg.datasets.partition import group_split
from ctseg.slices.ct_slice import CTSlice


class InMemory(Split):
    """Slices and label maps that a test made."""

    name = "in-memory"

    def __init__(self, label_maps, patients, pixels=None) -> None:
        self.images = tuple(f"{number}.png" for number in range(len(label_maps)))
        self.patients = tuple(patients)
        self._label_maps = label_maps
        self._pixels = pixels

    def slice(self, index: int) -> CTSlice:
        return CTSlice(self._pixels[index], "8-bit", None, "test")

    def label_map(self, index: int):
        return self._label_maps[index]


def two(dtype=np.uint8) -> InMemory:
    return InMemory([np.array([[0, 1], [2, 0]], dtype), np.array([[3, 0]], dtype)], ["A", "B"])


def test_fingerprint_is_the_sha256_that_the_docstring_says() -> None:
    expected = (
        b"2 2\n" + np.array([0, 1, 2, 0], "<i4").tobytes() + b"1 2\n" + np.array([3, 0], "<i4").tobytes()
    )
    assert two().fingerprint() == hashlib.sha256(expected).hexdigest()


def test_fingerprint_of_slices_without_labels() -> None:
    assert InMemory([None], ["A"]).fingerprint() == hashlib.sha256(b"unlabelled\n").hexdigest()


@pytest.mark.parametrize("dtype", [np.uint16, np.int32, np.int64, ">i4"])
def test_fingerprint_does_not_depend_on_the_dtype(dtype) -> None:
    assert two(dtype).fingerprint() == two().fingerprint()


def test_fingerprint_sees_order_values_and_shape() -> None:
    one, other = two().label_map(0), two().label_map(1)
    variants = [
        InMemory([other, one], "AB"),
        InMemory([one * 2, other], "AB"),
        InMemory([one.reshape(1, 4), other], "AB"),
        InMemory([one.T, other], "AB"),
    ]
    prints = {split.fingerprint() for split in variants} | {two().fingerprint()}
    assert len(prints) == 5


def test_a_subset_keeps_images_patients_and_label_maps_together() -> None:
    pixels = [np.full((2, 2), value, np.uint8) for value in (10, 20)]
    whole = InMemory([np.zeros((2, 2), int), np.ones((2, 2), int)], "AB", pixels)
    subset = Subset(whole, [1, 0], "turned")
    assert (len(subset), subset.images, subset.patients) == (2, ("1.png", "0.png"), ("B", "A"))
    assert subset.slice(0).pixels[0, 0] == 20
    assert subset.label_map(0)[0, 0] == 1


def test_of_patients_keeps_the_order_of_the_split() -> None:
    whole = InMemory([np.full((1, 1), n) for n in range(5)], "ABABC")
    assert of_patients(whole, ["B", "A"], "some").images == ("0.png", "1.png", "2.png", "3.png")


def test_of_patients_names_the_one_that_is_not_there() -> None:
    with pytest.raises(ValueError, match="no patient X"):
        of_patients(InMemory([None], "A"), ["A", "X"], "some")


def test_the_report_s_validation_images_are_scikit_learn_s() -> None:
    _, validation = train_test_split(range(400), test_size=0.15, random_state=42)
    assert report_validation_indices() == tuple(sorted(validation))


@given(st.lists(st.text("abcdef", min_size=1, max_size=2), min_size=4, max_size=40), st.integers(0, 9))
def test_folds_hold_every_patient_once_and_are_equally_large(patients, seed) -> None:
    folds = patient_folds(patients, min(4, len(set(patients))), seed)
    flat = [patient for fold in folds for patient in fold]
    assert sorted(flat) == sorted(set(patients))
    assert max(map(len, folds)) - min(map(len, folds)) <= 1
    assert folds == patient_folds(list(reversed(patients)), len(folds), seed)


def test_folds_of_the_training_patients_never_change() -> None:
    # The folds decide which patients a shipped network was chosen on.
    letters = [chr(ord("A") + number) for number in range(8)]
    assert patient_folds(letters, 4, seed=0) == (("G", "D"), ("C", "A"), ("B", "F"), ("H", "E"))


@pytest.mark.parametrize("folds", [0, 3])
def test_too_few_patients_for_the_folds(folds) -> None:
    with pytest.raises(ValueError, match="2 patients cannot make"):
        patient_folds(["A", "B", "A"], folds, 0)


@given(st.lists(st.sampled_from("abcdefghij"), min_size=1, max_size=60), st.integers(0, 99))
def test_groups_are_never_torn_apart(groups, seed) -> None:
    chosen = group_split(groups, 0.15, seed)
    inside = {groups[index] for index in chosen}
    assert set(chosen) == {index for index, group in enumerate(groups) if group in inside}
    assert len(chosen) >= 0.15 * len(groups)
    assert list(chosen) == sorted(chosen)


def test_near_duplicates_join_and_others_do_not() -> None:
    rng = np.random.default_rng(0)
    first, second = (
        np.kron(rng.integers(0, 256, (16, 16)), np.ones((8, 8))).astype(np.uint8) for _ in range(2)
    )
    again = np.clip(first + rng.normal(0, 10, first.shape), 0, 255).astype(np.uint8)
    constant = np.zeros_like(first)
    split = InMemory([None] * 5, "?????", [first, second, again, second // 2, constant])
    assert near_duplicate_groups(split) == ("0.png", "1.png", "0.png", "1.png", "4.png")


def test_no_images_have_no_groups() -> None:
    assert near_duplicate_groups(InMemory([], [], [])) == ()

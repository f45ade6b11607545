"""The split phantom-val: its fingerprints, its cache, and its numbers beside those of real slices."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ctseg.datasets import DatasetError
from ctseg.datasets.phantom import PhantomSlice, PhantomVal, phantom_slice, phantom_val
from ctseg.datasets.phantom import dataset as dataset_module
from ctseg.datasets.phantom.cache import load_or_make
from ctseg.datasets.phantom.dataset import (
    CACHE_NAME,
    IMAGES_FINGERPRINT,
    LABELS_FINGERPRINT,
    VAL_SLICES,
    images_fingerprint,
    val_slice,
)
from ctseg.labelmaps.regions import connected_regions
from ctseg.methods.classical.watershed import segment_image
from ctseg.metrics.scores import score
from ctseg.slices.windowing import to_uint8

ROOT = Path(__file__).resolve().parents[3]
Made = tuple[Path, subprocess.CompletedProcess[str]]
SCRIPT = ROOT / "scripts" / "shipped" / "phantom_fingerprint.py"


@pytest.fixture(scope="module")
def made_without_vectors(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A cache that the script filled without the processor's vector features, and what it printed."""
    cache = tmp_path_factory.mktemp("cache")
    features = subprocess.run(
        [sys.executable, SCRIPT, "--features"], capture_output=True, text=True, check=True, cwd=ROOT
    ).stdout.strip()
    environment = {**os.environ, "NPY_DISABLE_CPU_FEATURES": features, "CTSEG_CACHE": str(cache)}
    done = subprocess.run(
        [sys.executable, SCRIPT], capture_output=True, text=True, check=False, cwd=ROOT, env=environment
    )
    return cache, done


@pytest.fixture(scope="module")
def val() -> PhantomVal:
    """The split as this machine makes it, or has it in its cache."""
    return phantom_val()


@pytest.fixture(scope="module")
def val_without_vectors(made_without_vectors: Made) -> Iterator[PhantomVal]:
    cache, _ = made_without_vectors
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CTSEG_CACHE", str(cache))
        split = phantom_val()
        split.phantom(0)
        yield split


@pytest.mark.slow
def test_the_fingerprints_hold_without_the_processors_vector_features(
    made_without_vectors: Made,
) -> None:
    cache, done = made_without_vectors
    assert done.returncode == 0, done.stdout + done.stderr
    assert "vector features: none" in done.stdout
    assert LABELS_FINGERPRINT in done.stdout
    assert IMAGES_FINGERPRINT in done.stdout
    assert [path.name for path in cache.iterdir()] == [f"{CACHE_NAME}.npz"]


def test_the_fingerprints_are_the_committed_ones(val: PhantomVal) -> None:
    assert val.fingerprint() == LABELS_FINGERPRINT
    assert images_fingerprint([val.phantom(index) for index in range(len(val))]) == IMAGES_FINGERPRINT


# One slice of each level, and one with metal.
@pytest.mark.slow
@pytest.mark.parametrize("index", [0, 1, 2, 3, 4, 6, 29])
def test_the_processors_vector_features_change_nothing(index: int, val_without_vectors: PhantomVal) -> None:
    assert images_fingerprint([val_slice(index)]) == images_fingerprint([val_without_vectors.phantom(index)])


@pytest.mark.parametrize("index", [1, 29])
def test_a_slice_made_anew_is_the_one_of_the_split(index: int, val: PhantomVal) -> None:
    assert images_fingerprint([val_slice(index)]) == images_fingerprint([val.phantom(index)])


def test_the_split_is_what_boards_expect(val: PhantomVal) -> None:
    assert val.name == "phantom-val"
    assert len(val) == len(set(val.patients)) == len(val.images) == VAL_SLICES == 60
    shown, hounsfield, phantom = val.slice(5), val.hu_slice(5), val.phantom(5)
    assert (shown.intensity, shown.pixels.dtype) == ("8-bit", np.uint8)
    assert (hounsfield.intensity, hounsfield.pixels.dtype) == ("HU", np.float32)
    np.testing.assert_array_equal(shown.pixels, to_uint8(hounsfield, phantom.window))
    assert {phantom.region for phantom in map(val.phantom, range(5))} == {"abdomen", "thorax"}


def test_it_comes_back_from_the_cache(val: PhantomVal, monkeypatch: pytest.MonkeyPatch) -> None:
    def must_not_run(_index: int) -> PhantomSlice:
        pytest.fail("made anew although it is cached")

    monkeypatch.setattr(dataset_module, "val_slice", must_not_run)
    again = phantom_val()
    np.testing.assert_array_equal(again.label_map(59), val.label_map(59))
    assert again.phantom(59).names == val.phantom(59).names


def test_a_machine_that_draws_it_differently_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CTSEG_CACHE", str(tmp_path))
    monkeypatch.setattr(dataset_module, "VAL_SLICES", 1)
    with pytest.raises(DatasetError, match="came out differently"):
        phantom_val().slice(0)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def one() -> list[PhantomSlice]:
    return [phantom_slice(3, "thorax")]


@pytest.mark.parametrize("harm", ["truncated", "not a zip", "another slice", "missing"])
def test_a_harmed_cache_is_made_anew(
    harm: str, one: list[PhantomSlice], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CTSEG_CACHE", str(tmp_path / "deep" / "cache"))
    made = []

    def make() -> list[PhantomSlice]:
        made.append(1)
        return one

    fingerprint = images_fingerprint(one)
    load_or_make("test", fingerprint, make, images_fingerprint)
    load_or_make("test", fingerprint, make, images_fingerprint)
    assert made == [1]
    path = tmp_path / "deep" / "cache" / "test.npz"
    if harm == "truncated":
        path.write_bytes(path.read_bytes()[:-5000])
    elif harm == "not a zip":
        path.write_bytes(b"nothing")
    elif harm == "missing":
        path.unlink()
    else:
        changed = [replace(one[0], hounsfield=one[0].hounsfield + np.int16(1))]
        path.unlink()
        load_or_make("test", "", lambda: changed, images_fingerprint)
    again = load_or_make("test", fingerprint, make, images_fingerprint)
    assert made == [1, 1]
    assert images_fingerprint(again) == fingerprint
    assert [entry.name for entry in path.parent.iterdir()] == ["test.npz"]


def test_a_cache_that_cannot_be_written_is_done_without(
    one: list[PhantomSlice], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    monkeypatch.setenv("CTSEG_CACHE", str(blocked))
    assert load_or_make("test", "", lambda: one, images_fingerprint) is one


def test_it_is_as_hard_as_real_slices(val: PhantomVal) -> None:
    truths = [val.label_map(index) for index in range(len(val))]
    counts = [len(val.phantom(index).names) for index in range(len(val))]
    assert min(counts) >= 10
    assert max(counts) <= 30
    assert 0.15 < np.mean([(truth > 0).mean() for truth in truths]) < 0.25
    regions = [score(connected_regions(truth > 0), truth).fg_ari for truth in truths]
    assert 0.60 <= np.mean(regions) <= 0.85
    every_fifth = range(0, len(val), 5)
    watershed = [
        score(segment_image(np.asarray(val.slice(index).pixels), lambda _step: None), truths[index]).ari
        for index in every_fifth
    ]
    assert 0.05 <= np.mean(watershed) <= 0.40


@pytest.mark.thorough
@pytest.mark.data
def test_its_statistics_lie_within_those_of_real_slices(
    ct_fewshot: Path, val: PhantomVal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    from phantom_realism import read_folder, statistics

    real = [statistics(pixels) for pixels in read_folder(ct_fewshot / "val")]
    drawn = [statistics(np.asarray(val.slice(index).pixels)) for index in range(len(val))]
    for name in real[0]:
        known = [row[name] for row in real if name in row]
        ours = np.mean([row[name] for row in drawn if name in row])
        assert min(known) <= ours <= max(known), name


def test_validation_slices_are_made_from_their_own_seeds() -> None:
    assert val_slice(2).seed == 1_000_002
    assert images_fingerprint([val_slice(2)]) == images_fingerprint([phantom_slice(1_000_002, "abdomen")])

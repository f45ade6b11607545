"""The contract of all methods that run with what is on this machine."""

import contextlib
import threading
from collections.abc import Callable, Container, Iterable
from pathlib import Path
from typing import Any, get_args

import numpy as np
import psutil
import pytest
from numpy.typing import NDArray
from waiting import until

from ctseg.methods import CARDS, Card, Method, Stopped, download_bytes, load
from ctseg.methods.base.card import Family, Saw
from ctseg.slices import CTSlice

READY = [name for name, card in CARDS.items() if card.trained and download_bytes(name) is None]


def discs(height: int, width: int) -> NDArray[np.uint8]:
    """A grey body with brighter organs on black air, and a little noise."""
    rows, columns = np.mgrid[:height, :width]
    image = np.random.default_rng(0).normal(0, 3, (height, width))
    for row, column, radius, grey in ((0.5, 0.5, 0.42, 110), (0.4, 0.4, 0.14, 170), (0.6, 0.65, 0.1, 230)):
        inside = np.hypot(rows / height - row, columns / width - column) < radius
        image = np.where(inside, grey + image, image)
    return np.clip(image, 0, 255).astype(np.uint8)


def eight_bit(image: NDArray[np.uint8]) -> CTSlice:
    return CTSlice(image, "8-bit", None, "test")


SLICES: dict[str, Callable[[], CTSlice]] = {
    "one pixel": lambda: eight_bit(np.full((1, 1), 77, dtype=np.uint8)),
    "thin": lambda: eight_bit(discs(7, 513)),
    "constant": lambda: eight_bit(np.full((96, 64), 130, dtype=np.uint8)),
    "noisy": lambda: eight_bit(np.random.default_rng(1).integers(0, 256, (64, 96), dtype=np.uint8)),
    "HU": lambda: CTSlice(discs(96, 80).astype(np.float32) * 2.5 - 220, "HU", (0.7, 0.7), "test"),
    "HU far outside the window": lambda: CTSlice(np.full((20, 30), -2e9, np.float32), "HU", None, "test"),
    "2048x2048": lambda: eight_bit(discs(2048, 2048)),
}


LONG = {"2048x2048"}
"""Kinds of slices that methods take in the long run only."""

OF_SAM = [name for name in READY if name.startswith("sam-")]
"""They take seconds a slice, so that all but one kind of slice waits for the long run."""


def _in_long_run(values: Iterable[str], long: Container[str]) -> list[Any]:
    return [pytest.param(one, marks=pytest.mark.slow) if one in long else one for one in values]


@pytest.fixture(params=_in_long_run(READY, OF_SAM))
def method(request: pytest.FixtureRequest) -> Method:
    return load(request.param)


@pytest.mark.parametrize("kind", _in_long_run(SLICES, LONG))
def test_answers_with_an_integer_label_map_of_the_same_size(method: Method, kind: str) -> None:
    check_answer(method, SLICES[kind]())


@pytest.mark.thorough
@pytest.mark.parametrize("name", OF_SAM)
def test_segment_anything_answers_with_such_a_label_map_too(name: str) -> None:
    check_answer(load(name), SLICES["HU"]())


def check_answer(method: Method, ct_slice: CTSlice) -> None:
    """An integer label map of the same size, the input untouched, progress from 0 to 1."""
    untouched = ct_slice.pixels.copy()
    ct_slice.pixels.flags.writeable = False
    fractions: list[float] = []
    label_map = method.segment(ct_slice, progress=fractions.append)
    assert label_map.shape == ct_slice.shape
    assert label_map.dtype == np.int32
    assert label_map.min() >= 0
    np.testing.assert_array_equal(ct_slice.pixels, untouched)
    assert fractions == sorted(fractions)
    assert (fractions[0], fractions[-1]) == (0.0, 1.0)


def test_answers_the_same_twice_and_from_two_threads(method: Method) -> None:
    ct_slice = eight_bit(discs(100, 120))
    answers: list[NDArray[np.int32]] = []
    threads = [threading.Thread(target=lambda: answers.append(method.segment(ct_slice))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 2
    np.testing.assert_array_equal(answers[0], answers[1])
    assert answers[0].any()


def cpu_seconds() -> float:
    """CPU time of this process and of the processes it has started."""
    here = psutil.Process()
    used = 0.0
    for process in [here, *here.children(recursive=True)]:
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        used += times.user + times.system
    return used


def nothing_runs() -> bool:
    """Whether, at ten looks in a row, no thread but this one and no child of this process wants a core."""
    here, pause = psutil.Process(), threading.Event()
    for _ in range(10):
        pause.wait(0.005)
        states = [child.status() for child in here.children(recursive=True)]
        for task in Path("/proc/self/task").glob("*"):
            with contextlib.suppress(OSError):  # a thread that ended meanwhile
                if int(task.name) != threading.get_native_id():
                    states.append((task / "stat").read_text().rpartition(")")[2].split()[0])
        if {"R", psutil.STATUS_RUNNING} & set(states):
            return False
    return True


@pytest.mark.parametrize("moment", [0.0, pytest.param(0.3, marks=pytest.mark.slow)])
def test_a_stop_flag_ends_it_and_leaves_the_cores_idle(method: Method, moment: float) -> None:
    stop = threading.Event()
    at_stop: list[float] = []

    def stop_now() -> None:
        at_stop.append(cpu_seconds())
        stop.set()

    def stop_from(fraction: float) -> None:
        if fraction >= moment and not stop.is_set():
            stop_now()

    # For a method of a single step, whose progress says nothing before its end.
    timer = threading.Timer(3.0, stop_now)
    timer.start()
    with pytest.raises(Stopped):
        method.segment(eight_bit(discs(2048, 2048)), stop, stop_from)
    timer.cancel()
    # Counted in CPU time, so that other work on the machine does not matter: 1 s of 2 cores.
    assert cpu_seconds() - at_stop[0] < 2.0
    until(nothing_runs, "a method that was stopped to do nothing")


def test_a_stop_flag_set_before_the_start_ends_it_at_once(method: Method) -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(Stopped):
        method.segment(eight_bit(discs(2048, 2048)), stop)


@pytest.mark.slow
def test_a_stop_flag_ends_the_largest_slice_too(method: Method) -> None:
    stop = threading.Event()
    at_stop: list[float] = []

    def stop_later() -> None:
        at_stop.append(cpu_seconds())
        stop.set()

    ct_slice = eight_bit(discs(4096, 4096))  # painted before the clock runs: that takes seconds too
    timer = threading.Timer(3.0, stop_later)
    timer.start()
    with contextlib.suppress(Stopped):  # a method of less than 3 s is done before
        method.segment(ct_slice, stop)
    timer.cancel()
    timer.join()
    if at_stop:
        assert cpu_seconds() - at_stop[0] < 2.0  # as above: 1 s of 2 cores


@pytest.mark.parametrize("card", CARDS.values(), ids=CARDS.keys())
def test_cards_are_complete(card: Card) -> None:
    assert card.name == card.name.strip().lower()
    assert len(card.short or card.title) <= 24
    for text in (card.title, card.summary, card.training_data, card.weights_licence):
        assert text.strip() == text != ""
    assert card.family in get_args(Family)
    assert set(card.saw) <= set(get_args(Saw))
    assert card.paper_url == "" or card.paper_url.startswith("https://")
    assert (card.paper == "") == (card.paper_url == "")
    assert card.input_window.width > 0
    if card.trained:
        assert card.saw
        assert card.known_failures
        assert bool(card.parameters) == bool(card.weights)
    else:
        assert (card.parameters, card.seconds, card.weights, card.saw) == (0, 0.0, (), ())

"""Fetches a method's weights before it is loaded, so that progress is told and a stop flag counts."""

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from typing import TypeVar

from ctseg.methods.base.method import Progress, StopFlag, raise_if_stopped
from ctseg.weights import bytes_to_fetch, fetch, manifest

LOOK_AGAIN_SECONDS = 0.1

Made = TypeVar("Made")


def stoppably(work: Callable[[], Made], stop: StopFlag, meanwhile: Callable[[], None]) -> Made:
    """Return what ``work`` returns, done in a second thread.

    So a line that does not answer cannot keep a stop flag waiting.

    Parameters
    ----------
    work : what it raises is raised here
    stop : looked at every 0.1 s
    meanwhile : called as often

    Raises
    ------
    Stopped
        If ``stop`` is set meanwhile; the thread goes on until it notices by itself.
    """
    future: Future[Made] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:  # whatever it is, the waiting thread raises it
            future.set_exception(error)

    # A pool would keep the program from ending until a line that says nothing has timed out.
    threading.Thread(target=run, name="ctseg-fetch", daemon=True).start()
    while True:
        raise_if_stopped(stop)
        meanwhile()
        try:
            return future.result(timeout=LOOK_AGAIN_SECONDS)
        except NotYet:
            continue


def fetch_weights(files: Iterable[str], stop: StopFlag, progress: Progress) -> None:
    """Fetch those of a method's weights that have to come from the Hub; nothing where all are here.

    Parameters
    ----------
    files : names, as on a card; others' checkpoints and names that the manifest has not are passed over
    stop : see `ctseg.methods.Method`
    progress : called with the fetched part

    Raises
    ------
    Stopped
        If ``stop`` is set before all are here.
    WeightsError
        If one cannot be had.
    """
    known = manifest()
    missing = [name for name in files if name in known and not known[name].outside and bytes_to_fetch([name])]
    total = sum(known[name].bytes for name in missing)
    before = 0
    for name in missing:
        done = 0

        def note(count: int, _of: int) -> None:
            nonlocal done
            done = count
            raise_if_stopped(stop)

        stoppably(lambda: fetch(name, note), stop, lambda: progress((before + done) / total))  # noqa: B023
        before += known[name].bytes

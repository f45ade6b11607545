"""How Segment Anything uses the cores: many points side by side, each by one thread.

Splitting every small matrix product over the cores would be as fast on an idle machine; on a busy one each of
them waits for the slower core, which was measured to take ten times as long.
"""

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from functools import cache
from typing import TypeVar

import torch

from ctseg import settings
from ctseg.methods.sam.engine.memory import give_back_freed_memory

THREADS = min(max(1, int(settings.THREADS.number())), os.cpu_count() or 1)
"""The machine this is made for has 2 cores; a container may be shown more than it is given."""

Batch = TypeVar("Batch")
Found = TypeVar("Found")


def decoded(
    batches: Sequence[Batch], decode: Callable[[Batch], list[Found]]
) -> Iterator[tuple[float, list[Found]]]:
    """Yield the finished fraction and what was found in each batch, in order; many are decoded at once.

    Where it ends early, what was not begun is dropped and what was is waited for.
    """
    workers = single_threaded_workers()
    running = [workers.submit(decode, batch) for batch in batches]
    try:
        for number, found in enumerate(running, start=1):
            yield number / len(batches), found.result()
    finally:
        for one in running:
            one.cancel()
        wait(running)
        give_back_freed_memory()


@cache
def single_threaded_workers() -> ThreadPoolExecutor:
    """Return the pool of as many threads as may be used, in each of which torch uses one thread."""
    all_started = threading.Barrier(THREADS)

    def start() -> None:
        # The first question makes torch note its settings for this thread; later ones stay as set here.
        torch.get_num_threads()
        torch.set_num_threads(1)
        all_started.wait()

    before = torch.get_num_threads()
    pool = ThreadPoolExecutor(THREADS, thread_name_prefix="ctseg-sam", initializer=start)
    for started in [pool.submit(lambda: None) for _ in range(THREADS)]:
        started.result()
    # The setting of this thread, and of those that start from now on.
    torch.set_num_threads(before)
    return pool

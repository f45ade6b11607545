"""How Segment Anything uses the cores: many points side by side, each by one thread.

Splitting every small matrix product over the cores would be as fast on an idle machine; on a busy one each of
them waits for the slower core, which was measured to take ten times as long.
"""

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import torch

from ctseg import settings

THREADS = min(max(1, int(settings.THREADS.number())), os.cpu_count() or 1)
"""The machine this is made for has 2 cores; a container may be shown more than it is given."""


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

"""The learning rate over a run."""

import math
from bisect import bisect_right

from ctseg.training.recipe import Optimiser


def learning_rate(step: int, steps: int, optimiser: Optimiser) -> float:
    """Return the learning rate of a step: linear warm-up, then decay that reaches 0 after the last step.

    Polynomial decay is ``(1 - t) ** power`` and cosine decay ``(1 + cos(pi t)) / 2``, with t from 0 to 1 over
    the whole run, or over each part of it where the recipe begins anew.

    Parameters
    ----------
    step : from 0 to ``steps - 1``
    steps : length of the run
    optimiser : part of the recipe

    References
    ----------
    Loshchilov and Hutter, SGDR: Stochastic Gradient Descent with Warm Restarts, ICLR 2017, arXiv 1608.03983.
    """
    begins = [0, *optimiser.restarts]
    part = bisect_right(begins, step) - 1
    start, end = begins[part], [*optimiser.restarts, steps][part]
    step -= start
    progress = step / (end - start)
    if optimiser.schedule == "cosine":
        factor = (1 + math.cos(math.pi * progress)) / 2
    else:
        factor = (1 - progress) ** optimiser.power
    warmup = min(1.0, (step + 1) / (optimiser.warmup_steps + 1))
    return optimiser.learning_rate * factor * warmup

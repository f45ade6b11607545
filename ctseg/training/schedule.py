"""The learning rate over a run."""

import math

from ctseg.training.recipe import Optimiser


def learning_rate(step: int, steps: int, optimiser: Optimiser) -> float:
    """Return the learning rate of a step: linear warm-up, then decay that reaches 0 after the last step.

    Polynomial decay is ``(1 - t) ** power`` and cosine decay ``(1 + cos(pi t)) / 2``, with t from 0 to 1 over
    the whole run.

    Parameters
    ----------
    step : from 0 to ``steps - 1``
    steps : length of the run
    optimiser : part of the recipe
    """
    progress = step / steps
    if optimiser.schedule == "cosine":
        factor = (1 + math.cos(math.pi * progress)) / 2
    else:
        factor = (1 - progress) ** optimiser.power
    warmup = min(1.0, (step + 1) / (optimiser.warmup_steps + 1))
    return optimiser.learning_rate * factor * warmup

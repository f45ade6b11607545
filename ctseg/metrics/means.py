"""Means of scores over the slices of a split."""

import math
from collections.abc import Sequence
from dataclasses import fields

from ctseg.metrics.catalogue import MAY_BE_MISSING
from ctseg.metrics.scores import Scores


def mean_scores(scores: Sequence[Scores]) -> dict[str, float | int]:
    """Return the unweighted means over slices.

    Parameters
    ----------
    scores : one entry per slice, at least one

    Returns
    -------
    dict with the mean of every field of ``Scores`` under its name; ``slices``, the number of slices; and for
    each score that a slice may lack, ``<name>_left_out``, the number of slices whose nan was left out.
    The mean is nan if no slice has the score.

    Raises
    ------
    ValueError
        If there are no scores.
    """
    if not scores:
        raise ValueError("There are no scores to average; score at least one slice.")
    means: dict[str, float | int] = {}
    for field in fields(Scores):
        values = [float(getattr(each, field.name)) for each in scores]
        present = [value for value in values if not math.isnan(value)]
        means[field.name] = math.fsum(present) / len(present) if present else float("nan")
        if field.name in MAY_BE_MISSING:
            means[f"{field.name}_left_out"] = len(values) - len(present)
    means["slices"] = len(scores)
    return means

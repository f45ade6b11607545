"""The two halves of the variation of information in bits.

Meila 2007, Journal of Multivariate Analysis 98, 873-895.
"""

import numpy as np
from numpy.typing import NDArray

from ctseg.metrics.contingency import ContingencyTable


def split_error(table: ContingencyTable) -> float:
    """Return H(predicted | true) in bits over all pixels, label 0 too: 0 if no true label is divided."""
    return _conditional_entropy(table.counts, table.true_sizes[table.true_index])


def merge_error(table: ContingencyTable) -> float:
    """Return H(true | predicted) in bits over all pixels, label 0 too: 0 if none mixes true labels."""
    return _conditional_entropy(table.counts, table.predicted_sizes[table.predicted_index])


def _conditional_entropy(counts: NDArray[np.int64], given: NDArray[np.int64]) -> float:
    surprise = np.log2(given / counts)
    return float((counts * surprise).sum()) / int(counts.sum())

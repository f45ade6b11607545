"""Contingency tables as columns of a table of slices, from which every score can be computed again."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ctseg.metrics.contingency import ContingencyTable, table_of_pairs

SUMS = ("predicted", "true", "counts")
"""Names of the columns: the pairs of labels that occur, and their pixels."""


def sums_of(table: ContingencyTable | None) -> dict[str, list[int] | None]:
    """Return the columns of a contingency table, all None where there is none."""
    return {name: None if table is None else getattr(table, name).tolist() for name in SUMS}


def table_from(row: Mapping[str, Any]) -> ContingencyTable | None:
    """Return the contingency table of a row that holds the columns, or None where they are None.

    Raises
    ------
    ValueError
        If they are no counts of pairs.
    """
    if row["counts"] is None:
        return None
    predicted, true, counts = (np.array(row[name], np.int64) for name in SUMS)
    return table_of_pairs(predicted, true, counts)

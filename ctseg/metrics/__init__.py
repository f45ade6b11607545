"""Scores of a label map against the true one, all of them from one contingency table.

Metric version 1 follows scikit-learn's values throughout; ``score`` says what each number means.
"""

from ctseg.metrics.catalogue import CATALOGUE, COMPARED, TABLED, ScoreInfo
from ctseg.metrics.contingency import ContingencyTable, contingency_table, table_of_pairs
from ctseg.metrics.means import mean_scores
from ctseg.metrics.rand import adjusted_rand_index_from_table, ari, rand_index_from_table
from ctseg.metrics.scores import METRIC_VERSION, SMALL_BELOW_PX, Scores, json_ready, score, scores_of

__all__ = [
    "CATALOGUE",
    "COMPARED",
    "METRIC_VERSION",
    "SMALL_BELOW_PX",
    "TABLED",
    "ContingencyTable",
    "ScoreInfo",
    "Scores",
    "adjusted_rand_index_from_table",
    "ari",
    "contingency_table",
    "json_ready",
    "mean_scores",
    "rand_index_from_table",
    "score",
    "scores_of",
    "table_of_pairs",
]

"""Datasets as ordered, named splits, divided by patient; ``CTSEG_DATA`` says where the files lie."""

from ctseg.datasets.partition import of_patients, patient_folds, report_validation_indices
from ctseg.datasets.registry import SPLITS, open_split
from ctseg.datasets.split import DatasetError, Split, Subset

__all__ = [
    "SPLITS",
    "DatasetError",
    "Split",
    "Subset",
    "of_patients",
    "open_split",
    "patient_folds",
    "report_validation_indices",
]

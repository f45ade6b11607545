"""The record of a run: a CSV file with a row for each logged step, and its image."""

import csv
from collections.abc import Mapping
from pathlib import Path

COLUMNS = (
    "step", "size", "learning_rate", "loss", "batch_dice", "kappa_background", "kappa_foreground",
    "ari", "fg_ari", "dice", "affinity_loss", "seconds_a_step", "slot_loss", "consistency_loss",
    "embedding_loss",
)  # fmt: skip


class Record:
    """Appends rows to ``log.csv``; a value that was not measured at a step stays empty.

    Rows of steps after ``steps_done`` are dropped when the file is opened: a resumed run makes them again.
    """

    def __init__(self, path: Path, steps_done: int) -> None:
        self._path = path
        kept = [row for row in read_record(path) if row["step"] <= steps_done] if path.is_file() else []
        with path.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerow(COLUMNS)
        for row in kept:
            self.append(row)

    def append(self, row: Mapping[str, float]) -> None:
        """Add one row; keys are among ``COLUMNS``."""
        assert set(row) <= set(COLUMNS), "a column has no name"
        with self._path.open("a", newline="", encoding="utf-8") as file:
            csv.writer(file).writerow([f"{row[name]:.8g}" if name in row else "" for name in COLUMNS])


def read_record(path: Path) -> list[dict[str, float]]:
    """Return the rows of a ``log.csv``, each with the values that were measured at its step."""
    with path.open(newline="", encoding="utf-8") as file:
        return [{name: float(value) for name, value in row.items() if value} for row in csv.DictReader(file)]


def draw_curves(record: Path, image: Path) -> None:
    """Draw loss, Dice, the two Rand indices and κ over the steps of a ``log.csv`` into a PNG file."""
    from matplotlib.figure import Figure

    rows = read_record(record)
    figure = Figure(figsize=(12, 3.2), layout="constrained")
    panels = (
        ("loss", "affinity_loss"),
        ("batch_dice", "dice"),
        ("ari", "fg_ari"),
        ("kappa_background", "kappa_foreground"),
    )
    for axes, names in zip(figure.subplots(1, len(panels)), panels, strict=True):
        for name in names:
            points = [(row["step"], row[name]) for row in rows if name in row]
            axes.plot([x for x, _ in points], [y for _, y in points], label=name)
        axes.set_xlabel("step")
        axes.legend()
    figure.savefig(image)

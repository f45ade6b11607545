"""``ctseg score PRED TRUE``: every index of a prediction, for one label map or a whole challenge CSV."""

import argparse
import json
import math
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ctseg.cli.errors import CommandError

if TYPE_CHECKING:
    from ctseg.labelmaps.files import PlacedLabelMap


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command and its options."""
    command = commands.add_parser("score", help="score label maps or challenge CSVs against the truth")
    command.add_argument(
        "predicted", type=Path, metavar="PRED", help="label map (PNG, TIFF, NIfTI, NRRD, …) or challenge CSV"
    )
    command.add_argument("true", type=Path, metavar="TRUE", help="the truth, of the same kind")
    command.add_argument("--json", action="store_true", help="print JSON, for CSVs with every image's scores")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the scores of one label map, or the means over a CSV's images."""
    from ctseg.metrics import CATALOGUE, TABLED

    report = _report(options.predicted, options.true)
    if options.json:
        print(json.dumps(_json_numbers(report), indent=2))
        return 0
    means = report["scores"]
    if report.get("note"):
        print(report["note"], file=sys.stderr)
    if report["images"] > 1:
        print(f"Means over {report['images']} images ({report['fg_ari_images']} of them count for fg_ari)")
    for name in TABLED:
        number = f"{means[name]:.4f}" if name in means else ""
        print(f"{name:22s} {number:>8s}  {CATALOGUE[name].explanation}")
    return 0


def scores_of(predicted: Path, true: Path) -> dict[str, Any]:
    """Return the scores of a label map or a challenge CSV as JSON values, with notes and the version.

    Raises
    ------
    UserError
        If a file cannot be read, or the two do not belong together.
    """
    told: dict[str, Any] = _json_numbers(_report(predicted, true))
    return told


def _report(predicted: Path, true: Path) -> dict[str, Any]:
    return _score_tables(predicted, true) if _is_csv(true) else _score_label_maps(predicted, true)


def _is_csv(path: Path) -> bool:
    return path.name.lower().endswith((".csv", ".csv.gz"))


def _score_label_maps(predicted: Path, true: Path) -> dict[str, Any]:
    from ctseg.metrics import METRIC_VERSION, score

    laid = _on_one_grid(predicted, true)
    notes = dict.fromkeys(each.note for each in laid if each.note)
    scores = asdict(score(laid[0].label_map, laid[1].label_map))
    return {"metric_version": METRIC_VERSION, "images": 1, "note": " ".join(notes) or None, "scores": scores}


def _on_one_grid(predicted: Path, true: Path) -> "tuple[PlacedLabelMap, PlacedLabelMap]":
    """Read both so that a pixel of one lies where that pixel of the other lies."""
    from ctseg.labelmaps.files import SeveralSlicesError, read_placed_label_map

    try:
        reference = read_placed_label_map(true)
    except SeveralSlicesError:
        # The truth of a whole series: the prediction tells which of its slices is meant.
        reference = read_placed_label_map(predicted)
        return reference, read_placed_label_map(true, on=reference.geometry)
    return read_placed_label_map(predicted, on=reference.geometry), reference


def _score_tables(predicted_file: Path, true_file: Path) -> dict[str, Any]:
    from ctseg.labelmaps.files import read_challenge_csv
    from ctseg.metrics import METRIC_VERSION, mean_scores, score

    predicted, true = (read_challenge_csv(path, shape=None) for path in (predicted_file, true_file))
    sizes = [next(iter(table.values())).size for table in (predicted, true)]
    if sizes[0] != sizes[1]:
        raise CommandError(
            f"The prediction has {sizes[0]} pixels an image, the truth {sizes[1]}; give tables of one size."
        )
    missing = [name for name in true if name not in predicted][:5]
    if missing:
        raise CommandError(f"The prediction lacks {', '.join(missing)}; give a column for each true image.")
    each = {name: score(predicted[name], true[name]) for name in true}
    means = mean_scores(list(each.values()))
    return {
        "metric_version": METRIC_VERSION,
        "images": len(each),
        "fg_ari_images": len(each) - means["fg_ari_left_out"],
        "scores": means,
        "per_image": {name: asdict(scores) for name, scores in each.items()},
    }


def _json_numbers(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _json_numbers(item) for key, item in value.items()}
    return None if isinstance(value, float) and math.isnan(value) else value

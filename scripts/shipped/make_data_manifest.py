"""``python scripts/shipped/make_data_manifest.py OUT``: what ct-fewshot consists of, without the data.

The images may not be redistributed. The manifest says which slices of which public sources they are and
holds a checksum of every label map, so that someone with access to the sources can tell whether theirs agree.
"""

import argparse
import csv
import hashlib
from collections.abc import Iterator
from pathlib import Path

from ctseg.datasets.few_shot import FewShotSplit
from ctseg.datasets.folders import data_folder
from ctseg.datasets.registry import FEW_SHOT_FOLDERS
from ctseg.datasets.split import canonical_bytes

COLUMNS = ("split", "image", "source", "patient", "z", "label_map_sha256")
PUBLISHED = Path(__file__).resolve().parents[2] / "ctseg" / "datasets" / "ct_fewshot_manifest.csv"


def manifest_rows(folder: Path) -> Iterator[tuple[str, ...]]:
    """Yield a row of ``COLUMNS`` for every image; the checksum is empty where nothing is annotated.

    Parameters
    ----------
    folder : the ``ct-fewshot`` folder

    Raises
    ------
    DatasetError
        If a split is incomplete.
    """
    for name, part in FEW_SHOT_FOLDERS.items():
        split = FewShotSplit(folder / part, name)
        with (folder / part / "index.csv").open(newline="", encoding="utf-8") as file:
            index = {row["image"]: row for row in csv.DictReader(file)}
        for number, image in enumerate(split.images):
            label_map = split.label_map(number)
            checksum = "" if label_map is None else hashlib.sha256(canonical_bytes(label_map)).hexdigest()
            row = index[image]
            yield name, image, row["source"], row["patient"], row["z"], checksum


def main(arguments: list[str] | None = None) -> None:
    """Write the manifest of the data that ``CTSEG_DATA`` names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path, help="CSV file to write")
    options = parser.parse_args(arguments)
    with options.out.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(manifest_rows(data_folder() / "ct-fewshot"))


if __name__ == "__main__":
    main()

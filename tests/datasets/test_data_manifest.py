"""The published manifest of the data that cannot be published."""

import csv
import hashlib
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from make_data_manifest import COLUMNS, PUBLISHED, main, manifest_rows
from PIL import Image

from ctseg.datasets import DatasetError
from ctseg.datasets.registry import FEW_SHOT_FOLDERS


def published() -> list[list[str]]:
    with PUBLISHED.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def test_the_published_manifest_counts_what_the_data_has() -> None:
    header, *rows = published()
    assert tuple(header) == COLUMNS
    assert Counter(row[0] for row in rows) == {
        "ct-fewshot-train": 111,
        "ct-fewshot-unlabelled": 254,
        "ct-fewshot-val": 42,
        "ct-fewshot-zeroshot": 40,
    }
    assert all((row[5] == "") == (row[0] == "ct-fewshot-unlabelled") for row in rows)


def test_a_checksum_by_hand(tmp_path: Path, monkeypatch) -> None:
    for part in FEW_SHOT_FOLDERS.values():
        for kind in ("images", "labels"):
            (tmp_path / "ct-fewshot" / part / kind).mkdir(parents=True)
            Image.fromarray(np.full((2, 3), 7, np.uint8)).save(
                tmp_path / "ct-fewshot" / part / kind / "0.png"
            )
        text = "image,source,patient,z\n0.png,there,P1,12\n"
        (tmp_path / "ct-fewshot" / part / "index.csv").write_text(text)
    monkeypatch.setenv("CTSEG_DATA", str(tmp_path))
    main([str(tmp_path / "out.csv")])
    expected = hashlib.sha256(b"2 3\n" + np.full(6, 7, "<i4").tobytes()).hexdigest()
    lines = (tmp_path / "out.csv").read_text().splitlines()
    assert lines[1] == f"ct-fewshot-train,0.png,there,P1,12,{expected}"
    assert len(lines) == 5


def test_an_incomplete_folder_has_no_manifest(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="index"):
        list(manifest_rows(tmp_path))


@pytest.mark.data
def test_the_data_is_what_the_manifest_says(ct_fewshot: Path) -> None:
    assert [list(row) for row in manifest_rows(ct_fewshot)] == published()[1:]

"""The two layouts on disk, their errors, and the real data where it is present."""

import csv
import gzip
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ctseg.datasets import SPLITS, DatasetError, open_split, report_validation_indices
from ctseg.datasets.challenge import ChallengeSplit
from ctseg.datasets.few_shot import FewShotSplit
from ctseg.datasets.folders import image_number
from ctseg.labelmaps.files import read_challenge_csv, write_challenge_csv


def save(path: Path, pixels: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


def make_few_shot(folder: Path, numbers=(0, 10, 2), annotated=True) -> Path:
    for number in numbers:
        save(folder / "images" / f"{number}.png", np.full((4, 5), number, np.uint8))
        if annotated:
            save(folder / "labels" / f"{number}.png", np.full((4, 5), number + 1, np.uint8))
    with (folder / "index.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(
            [("image", "source", "patient"), *((f"{n}.png", "x", f"P{n}") for n in numbers)]
        )
    return folder


def test_few_shot_slices_come_in_numeric_order_with_their_own_label_maps(tmp_path: Path) -> None:
    split = FewShotSplit(make_few_shot(tmp_path), "made")
    assert (split.images, split.patients) == (("0.png", "2.png", "10.png"), ("P0", "P2", "P10"))
    assert split.slice(2).intensity == "8-bit"
    assert (split.slice(2).pixels == 10).all()
    assert split.slice(2).shape == (4, 5)
    assert (split.label_map(2) == 11).all()


def test_a_split_without_labels(tmp_path: Path) -> None:
    split = FewShotSplit(make_few_shot(tmp_path, annotated=False), "made")
    assert split.label_map(0) is None


@pytest.mark.parametrize("part", ["images", "labels"])
def test_the_first_missing_file_is_named(tmp_path: Path, part: str) -> None:
    folder = make_few_shot(tmp_path)
    (folder / part / "2.png").unlink()
    (folder / part / "10.png").unlink()
    with pytest.raises(DatasetError, match=rf"{part}/2\.png is missing"):
        FewShotSplit(folder, "made")


def test_an_unreadable_image_is_named(tmp_path: Path) -> None:
    folder = make_few_shot(tmp_path)
    (folder / "images" / "2.png").write_bytes(b"no image")
    split = FewShotSplit(folder, "made")
    with pytest.raises(DatasetError, match=r"2\.png .* cannot be read"):
        split.slice(1)


def test_an_image_that_vanished_is_named(tmp_path: Path) -> None:
    split = FewShotSplit(make_few_shot(tmp_path), "made")
    (tmp_path / "labels" / "0.png").unlink()
    with pytest.raises(DatasetError, match=r"0\.png is missing"):
        split.label_map(0)


def test_a_colour_image_is_refused(tmp_path: Path) -> None:
    folder = make_few_shot(tmp_path)
    save(folder / "images" / "0.png", np.zeros((4, 5, 3), np.uint8))
    with pytest.raises(DatasetError, match=r"0\.png is not an 8-bit grey image"):
        FewShotSplit(folder, "made").slice(0)


@pytest.mark.parametrize("text", ["image,person\n0.png,A\n", "image,patient\n\xff\xfe"])
def test_an_index_that_is_none(tmp_path: Path, text: str) -> None:
    folder = make_few_shot(tmp_path)
    (folder / "index.csv").write_text(text, encoding="latin-1")
    with pytest.raises(DatasetError, match="columns image and patient"):
        FewShotSplit(folder, "made")


def test_no_index(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"index\.csv is missing"):
        FewShotSplit(tmp_path, "made")


@pytest.mark.parametrize("name", ["scan.png", "-1.png", "1a.png", "²..png"])
def test_images_are_named_by_numbers(name: str) -> None:
    with pytest.raises(DatasetError, match="not named by a number"):
        image_number(name)


def make_challenge(
    folder: Path, images: int = 3, annotated: int = 3, below: str = "images", packed=False
) -> Path:
    rng = np.random.default_rng(0)
    label_maps = {}
    for number in range(images):
        block = np.kron(rng.integers(0, 256, (8, 8)), np.ones((64, 64))).astype(np.uint8)
        save(folder / below / f"{number}.png", block)
        label_maps[f"{number}.png"] = np.zeros((512, 512), np.uint8)
        if number < annotated:
            label_maps[f"{number}.png"][number, 1:3] = number + 1
    write_challenge_csv(folder / "Y.csv", label_maps)
    if packed:
        (folder / "Y.csv.gz").write_bytes(gzip.compress((folder / "Y.csv").read_bytes(), 1))
        (folder / "Y.csv").unlink()
    return folder


@pytest.mark.parametrize(("below", "packed"), [(".", False), ("train", True)])
def test_challenge_layout_keeps_the_annotated_images(tmp_path: Path, below: str, packed: bool) -> None:
    split = ChallengeSplit(make_challenge(tmp_path, 12, 11, below, packed), "made")
    assert split.images == tuple(f"{number}.png" for number in range(11))
    assert split.patients == split.images
    assert split.label_map(10)[10, 2] == 11
    assert split.slice(10).shape == (512, 512)


def test_the_first_image_that_is_missing_or_unreadable(tmp_path: Path) -> None:
    folder = make_challenge(tmp_path)
    save(folder / "images" / "1.png", np.zeros((8, 8), np.uint8))
    with pytest.raises(DatasetError, match=r"1\.png is \(8, 8\)"):
        ChallengeSplit(folder, "made").slice(1)
    (folder / "images" / "1.png").unlink()
    with pytest.raises(DatasetError, match=r"1\.png is missing"):
        ChallengeSplit(folder, "made")


def test_challenge_folders_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="There is no folder"):
        ChallengeSplit(tmp_path / "nowhere", "made")
    with pytest.raises(DatasetError, match=r"0\.png is in 0 folders"):
        ChallengeSplit(tmp_path, "made")
    folder = make_challenge(tmp_path, images=1, annotated=1)
    (folder / "second.csv").write_text("")
    with pytest.raises(DatasetError, match=r"not 2 \(Y\.csv, second\.csv\)"):
        ChallengeSplit(folder, "made")


def test_a_table_in_another_layout(tmp_path: Path) -> None:
    folder = make_challenge(tmp_path, images=1, annotated=1)
    (folder / "Y.csv").write_text("a,b\n1,2\n")
    with pytest.raises(DatasetError, match=r"Y\.csv cannot be used\. "):
        ChallengeSplit(folder, "made")


@pytest.mark.parametrize("inside", [".", "challenge"])
def test_challenge_splits_by_near_duplicate_group(tmp_path: Path, monkeypatch, inside: str) -> None:
    folder = make_challenge(tmp_path / inside, 8, 8)
    twin = np.asarray(Image.open(folder / "images" / "0.png"))
    save(folder / "images" / "7.png", np.maximum(twin, 3))
    monkeypatch.setenv("CTSEG_DATA", str(tmp_path))
    train, val = open_split("challenge-group-train"), open_split("challenge-group-val")
    assert sorted(train.images + val.images) == sorted(f"{number}.png" for number in range(8))
    assert ("0.png" in val.images) == ("7.png" in val.images)
    assert 2 <= len(val) <= 3
    assert val.name == "challenge-group-val"


def test_the_report_s_division_needs_its_400_images(tmp_path: Path, monkeypatch) -> None:
    make_challenge(tmp_path, 2, 2)
    monkeypatch.setenv("CTSEG_DATA", str(tmp_path))
    with pytest.raises(DatasetError, match="needs 400 annotated images and here are 2"):
        open_split("challenge-report-val")


@pytest.mark.slow
def test_the_report_s_division(tmp_path: Path, monkeypatch) -> None:
    folder = tmp_path / "challenge"
    save(folder / "0.png", np.zeros((512, 512), np.uint8))
    for number in range(1, 400):
        (folder / f"{number}.png").symlink_to("0.png")
    label_map = np.ones((512, 512), np.uint8)
    write_challenge_csv(folder / "Y.csv", {f"{number}.png": label_map for number in range(400)})
    monkeypatch.setenv("CTSEG_DATA", str(tmp_path))
    train, val = open_split("challenge-report-train"), open_split("challenge-report-val")
    assert (len(train), len(val)) == (340, 60)
    assert not set(train.images) & set(val.images)
    assert val.images == tuple(f"{number}.png" for number in report_validation_indices())


def test_where_the_data_lies(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.delenv("CTSEG_DATA", raising=False)
    with pytest.raises(DatasetError, match="Set CTSEG_DATA"):
        open_split("ct-fewshot-val")
    monkeypatch.setenv("CTSEG_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(DatasetError, match="which is no folder"):
        open_split("ct-fewshot-val")


def test_the_phantom_needs_no_data(monkeypatch) -> None:
    monkeypatch.delenv("CTSEG_DATA", raising=False)
    split = open_split("phantom-val")
    assert (split.name, len(split), len(set(split.patients))) == ("phantom-val", 60, 60)


def test_an_unknown_split_lists_the_known_ones() -> None:
    with pytest.raises(DatasetError) as caught:
        open_split("ct-fewshot-test")
    assert all(name in str(caught.value) for name in SPLITS)


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "slices", "patients"),
    [
        ("ct-fewshot-train", 111, 16),
        ("ct-fewshot-unlabelled", 254, 62),
        ("ct-fewshot-val", 42, 5),
        ("ct-fewshot-zeroshot", 40, 2),
    ],
)
def test_real_splits(ct_fewshot: Path, monkeypatch, name: str, slices: int, patients: int) -> None:
    monkeypatch.setenv("CTSEG_DATA", str(ct_fewshot.parent))
    split = open_split(name)
    assert (len(split), len(set(split.patients))) == (slices, patients)
    assert split.slice(0).shape == (512, 512)
    assert (split.label_map(0) is None) == (name == "ct-fewshot-unlabelled")


@pytest.mark.data
def test_no_patient_is_in_two_splits(ct_fewshot: Path, monkeypatch) -> None:
    monkeypatch.setenv("CTSEG_DATA", str(ct_fewshot.parent))
    names = ("ct-fewshot-train", "ct-fewshot-unlabelled", "ct-fewshot-val", "ct-fewshot-zeroshot")
    patients = [set(open_split(name).patients) for name in names]
    assert len(set.union(*patients)) == sum(map(len, patients))


@pytest.mark.thorough
@pytest.mark.data
def test_real_labels_are_the_same_in_both_layouts(ct_fewshot: Path, monkeypatch) -> None:
    monkeypatch.setenv("CTSEG_DATA", str(ct_fewshot.parent))
    split = open_split("ct-fewshot-val")
    table = read_challenge_csv(ct_fewshot / "val" / "Y.csv.gz")
    assert tuple(table) == split.images
    assert all(
        np.array_equal(table[image], split.label_map(index)) for index, image in enumerate(split.images)
    )
    assert split.fingerprint().startswith("bd0316683ddd8729")

"""From volumes to a dataset in the challenge's layout, and on to a method and a board's row."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from made_volumes import SHAPE, STRUCTURES, pairs, save, totalsegmentator, voxels

import ctseg
from ctseg.cli import main
from ctseg.datasets.challenge import ChallengeSplit
from ctseg.datasets.few_shot import FewShotSplit
from ctseg.datasets.own_folder import OwnFolder
from ctseg.datasets.split import DatasetError
from ctseg.datasets.volume_folders import LabelledVolume, paired_volumes, totalsegmentator_volumes
from ctseg.datasets.volume_slices import SliceOptions
from ctseg.labelmaps.errors import LabelMapError
from ctseg.labelmaps.files.label_stack import decode_label_stack
from ctseg.slices.decode import decode

pytestmark = pytest.mark.thorough

FACTOR = 512 / SHAPE[0]


def build(layout: str, source: Path, out: Path, *words: str) -> dict:
    given = ["--from", str(source), "--out", str(out), "--workers", "1", *words]
    assert main(["dataset", "build", layout, *given]) == 0
    return json.loads((out / "manifest.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict]:
    folder = tmp_path_factory.mktemp("built")
    source = totalsegmentator(folder / "source")
    (source / "s0003" / "segmentations" / "liver.nii.gz").write_bytes(b"no volume")
    return folder / "out", build("totalsegmentator", source, folder / "out", "--val-share", "0.4")


def test_a_dataset_is_split_by_patient_and_says_what_failed(built) -> None:
    out, manifest = built
    assert sorted(manifest["splits"]) == ["s0001", "s0002", "s0003"]
    assert sorted(manifest["splits"].values()) == ["train", "val", "val"]
    assert list(manifest["failed"]) == ["s0003"]
    assert "no file of voxels" in manifest["failed"]["s0003"]
    assert sum(manifest["images"].values()) == 2 * (SHAPE[2] - 1)
    for split, images in manifest["images"].items():
        rows = list(csv.DictReader((out / split / "index.csv").open()))
        assert len(rows) == images
        assert {manifest["splits"][row["patient"]] for row in rows} <= {split}
    assert not (out / ".building").exists()


def test_every_layout_of_ours_reads_it(built) -> None:
    out, manifest = built
    for split in (split for split, images in manifest["images"].items() if images):
        challenge, own = ChallengeSplit(out / split, "c"), OwnFolder(out / split, "o")
        few_shot = FewShotSplit(out / split, "f")
        assert challenge.images == own.images == few_shot.images
        assert own.patients == few_shot.patients
        for index in range(len(own)):
            label_map = few_shot.label_map(index)
            assert np.array_equal(challenge.label_map(index), label_map)
            assert np.array_equal(challenge.slice(index).pixels, few_shot.slice(index).pixels)
            assert set(np.unique(label_map)) == {0, 1, 2, 3}


def test_slices_lie_as_radiologists_see_them_and_numbers_mean_nothing(built) -> None:
    out, _ = built
    orders = set()
    for split in (
        FewShotSplit(out / name, name) for name in ("train", "val") if (out / name / "y.csv.gz").exists()
    ):
        for index in range(len(split)):
            patient = int(split.patients[index][1:])
            pixels, label_map = split.slice(index).pixels, split.label_map(index)
            assert pixels.shape == label_map.shape == (512, 512)
            numbers = []
            for name, (first, last, hounsfield) in STRUCTURES.items():
                # RAS+: the patient's right, where the first axis begins, is the left of the image.
                column = 512 - (first + last) / 2 * FACTOR
                row = (512 - SHAPE[1] * FACTOR) / 2 + (SHAPE[1] - (4 + patient + 12) / 2) * FACTOR
                numbers.append(int(label_map[int(row), int(column)]))
                assert numbers[-1] > 0, name
                grey = round(np.clip((hounsfield + 160) / 400 * 255, 0, 255))
                assert abs(int(pixels[int(row), int(column)]) - grey) <= 1
            orders.add(tuple(numbers))
    assert len(orders) > 1


def test_groups_steps_windows_and_single_structures(tmp_path: Path) -> None:
    source = pairs(tmp_path / "pairs", patients=2)
    words = ("--group", "kidneys=20+30", "--only", "kidneys", "--step", "2", "--window", "bone")
    manifest = build("folder", source, tmp_path / "out", *words)
    assert manifest["images"] == {"train": 2, "val": 2}
    assert manifest["slices"]["width"] == 1800
    split = FewShotSplit(tmp_path / "out" / "train", "train")
    for index in range(2):
        label_map = split.label_map(index)
        assert set(np.unique(label_map)) == {0, 1}
        _, masks = voxels(int(split.patients[index][1:]))
        share = (masks["kidney_left"] | masks["kidney_right"])[:, :, 0].mean() * SHAPE[1] / SHAPE[0]
        assert (label_map > 0).mean() == pytest.approx(share, rel=0.05)


def test_options_number_structures() -> None:
    names = ["a", "b", "c"]
    assert SliceOptions().numbers(names) == [1, 2, 3]
    assert SliceOptions(groups={"g": ("a", "c")}).numbers(names) == [1, 2, 1]
    assert SliceOptions(groups={"g": ("a", "c")}, only=("g",)).numbers(names) == [1, 0, 1]
    with pytest.raises(DatasetError, match="There are 256 structures"):
        SliceOptions().numbers([str(k) for k in range(256)])


def test_layouts_are_found_or_refused(tmp_path: Path) -> None:
    meta = "image_id;age;split\ns0001;50;train\ns0002;60;val\n"
    found = totalsegmentator_volumes(totalsegmentator(tmp_path / "ts", 2, meta))
    assert [(each.name, each.split, len(each.labels)) for each in found] == [
        ("s0001", "train", 3),
        ("s0002", "val", 3),
    ]
    assert found[0].has_masks
    source = pairs(tmp_path / "pairs", 2)
    assert [each.patient for each in paired_volumes(source)] == ["a1", "a2"]
    (source / "index.csv").write_text("image,patient,label\na1.nii.gz,p,a2.nii.gz\n")
    assert paired_volumes(source) == [
        LabelledVolume("a1.nii.gz", "p", "images/a1.nii.gz", ("labels/a2.nii.gz",))
    ]
    for wrong, sentence in (
        (lambda: totalsegmentator_volumes(source), "no volumes in TotalSegmentator's layout"),
        (lambda: paired_volumes(tmp_path), "lacks images/ and labels/"),
    ):
        with pytest.raises(DatasetError, match=sentence):
            wrong()
    (source / "index.csv").unlink()
    (source / "labels" / "a2.nii.gz").unlink()
    with pytest.raises(DatasetError, match=r"images/a2\.nii\.gz has no label volume"):
        paired_volumes(source)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--window", "wide"], "--window is 'wide'"),
        (["--window", "0/40"], "give WIDTH/LEVEL"),
        (["--step", "0"], "--step is 0"),
        (["--group", "lungs"], "--group is 'lungs'"),
        (["--val-share", "1"], "from 0 to below 1"),
    ],
)
def test_what_cannot_be_built_is_one_sentence(
    tmp_path: Path, capsys, words: list[str], sentence: str
) -> None:
    source = pairs(tmp_path / "pairs", 1)
    given = ["--from", str(source), "--out", str(tmp_path / "out"), "--workers", "1"]
    assert main(["dataset", "build", "folder", *given, *words]) == 1
    assert sentence in capsys.readouterr().err


def test_labels_that_lie_elsewhere_are_refused(tmp_path: Path) -> None:
    image, masks = voxels(1)
    save(tmp_path / "ct.nii.gz", image)
    stack = decode([tmp_path / "ct.nii.gz"])
    asked = json.dumps({"shape": stack.pixels.shape, "affine": stack.affines[0].tolist(), "numbers": None})
    save(tmp_path / "labels.nii.gz", masks["liver"])
    assert decode_label_stack(str(tmp_path / "labels.nii.gz"), asked)[0].sum() == masks["liver"].sum()
    for values, shift, sentence in (
        (masks["liver"], 4.0, "does not lie where its volume lies"),
        (masks["liver"][:-1], 0.0, "voxels and its volume"),
        (masks["liver"] * np.float32(0.5), 0.0, "holds fractions"),
        (-masks["liver"].astype(np.int16), 0.0, "holds labels beyond"),
    ):
        save(tmp_path / "labels.nii.gz", values, shift)
        with pytest.raises(LabelMapError, match=sentence):
            decode_label_stack(str(tmp_path / "labels.nii.gz"), asked)


@pytest.mark.slow
def test_volumes_without_the_wanted_structures_are_said(tmp_path: Path, capsys) -> None:
    given = ["--from", str(pairs(tmp_path / "pairs", 1)), "--out", str(tmp_path / "out"), "--only", "spleen"]
    assert main(["dataset", "build", "folder", *given]) == 1
    assert "No slice shows any of the structures" in capsys.readouterr().err


RECIPE = """
name = "small"
budget = "seconds"
steps = 2
network = "tiny-unet"
initial = "random"
batch = 2
sizes = [[0, 32]]
select_every = 1
log_every = 1
[data]
folds = 0
kappa_patients = 1
"""


@pytest.mark.slow
def test_from_volumes_to_a_board_row_in_one_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    """Build, train on one side of the split, seal the other as a board, and score both methods on it."""
    from accelerate.state import AcceleratorState

    out = tmp_path / "out"
    build("totalsegmentator", totalsegmentator(tmp_path / "source"), out, "--val-share", "0.3")
    (tmp_path / "small.toml").write_text(RECIPE)
    run = tmp_path / "run"
    given = ["train", str(tmp_path / "small.toml"), "--data", str(out / "train"), "--out", str(run)]
    assert main([*given, "--threads", "1"]) == 0
    AcceleratorState._reset_state(reset_partial_state=True)
    monkeypatch.setenv("CTSEG_STORE", str(tmp_path / "store"))
    monkeypatch.setenv("CTSEG_CACHE", str(tmp_path / "cache"))
    assert main(["board", "create", "made-volumes", "--folder", str(out / "val"), "--title", "Made"]) == 0
    monkeypatch.setenv("CTSEG_BOARD_FOLDER_MADE_VOLUMES", str(out / "val"))
    for method in ("watershed", f"run:{run}"):
        capsys.readouterr()
        scored = ["evaluate", method, "--board", "made-volumes", "--out", str(tmp_path / "board")]
        assert main(scored) == 0
        assert "on made-volumes: ari " in capsys.readouterr().out
    assert len((tmp_path / "board" / "looks.csv").read_text().splitlines()) == 3
    assert main(["batch", f"folder:{out / 'val'}", "--out", str(tmp_path / "batch"), "--workers", "1"]) == 0
    report = json.loads((tmp_path / "batch" / "report.json").read_text())
    split = FewShotSplit(out / "val", "val")
    expected = [
        ctseg.score(ctseg.segment(split.slice(k), "watershed"), split.label_map(k)).ari
        for k in range(len(split))
    ]
    assert report["scores"]["ari"]["mean"] == pytest.approx(np.mean(expected))

"""The ``ctseg`` command: what it writes, what it prints, and how it refuses."""

import json
from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.data import get_testdata_file
from pydicom.uid import generate_uid

import ctseg
from ctseg.api import segment_with_tree
from ctseg.cli import main
from ctseg.labelmaps.files import read_challenge_csv, read_label_map, write_challenge_csv, write_png16
from ctseg.partition import confidence
from ctseg.slices import read_slice

CT_SMALL = Path(str(get_testdata_file("CT_small.dcm")))


@pytest.mark.thorough
def test_a_file_becomes_a_folder_of_results(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["segment", str(CT_SMALL), "--method", "watershed", "--out", str(tmp_path), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report == json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert report["methods"][0]["name"] == "watershed"
    assert "not for diagnosis" in report["disclaimer"]
    expected = ctseg.segment(CT_SMALL, "watershed")
    assert np.array_equal(read_label_map(tmp_path / "watershed" / "labels.png"), expected)
    assert np.array_equal(read_label_map(tmp_path / "watershed" / "labels.nii.gz"), expected)
    assert report["methods"][0]["structures"] == len(np.unique(expected[expected > 0]))
    rows = (tmp_path / "watershed" / "structures.csv").read_text(encoding="utf-8").splitlines()
    assert len(rows) == report["methods"][0]["structures"] + 1
    assert rows[0] == "label,name,area_px,area_mm2,mean_hu,sd_hu,centroid_row_px,centroid_column_px"
    assert "intensities in HU" in (tmp_path / "README.txt").read_text(encoding="utf-8")


@pytest.mark.thorough
def test_a_slice_is_cut_into_as_many_regions_as_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["segment", str(CT_SMALL), "--method", "sobel-tree", "--regions", "12", "--out", str(tmp_path)]
    assert main([*asked, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["methods"][0]["structures"] == 12
    expected = ctseg.segment(CT_SMALL, "sobel-tree", regions=12)
    assert np.array_equal(read_label_map(tmp_path / "sobel-tree" / "labels.png"), expected)


@pytest.mark.thorough
def test_confidence_stands_in_the_table_the_report_and_a_layer(tmp_path: Path) -> None:
    ct_slice = read_slice(CT_SMALL)
    label_map, tree = segment_with_tree(ct_slice, "sobel-tree", regions=12)
    assert tree is not None
    sure = confidence(tree)
    assert 0 < sure.min() < sure.max() <= 1
    asked = ["segment", str(CT_SMALL), "--method", "sobel-tree", "--regions", "12", "--out", str(tmp_path)]
    assert main(asked) == 0
    home = tmp_path / "sobel-tree"
    rows = (home / "structures.csv").read_text(encoding="utf-8").splitlines()
    assert rows[0].endswith(",confidence")
    assert [float(row.rsplit(",", 1)[1]) for row in rows[1:]] == pytest.approx(sure, abs=1e-6)
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    reported = report["methods"][0]["confidence"]
    assert [reported[str(label)] for label in range(1, 13)] == pytest.approx(sure, abs=1e-4)
    layer = np.asarray(Image.open(home / "confidence.png"))
    assert np.array_equal(layer > 0, label_map > 0)
    assert layer[label_map > 0] == pytest.approx(1 + 254 * sure[label_map[label_map > 0] - 1], abs=0.5)
    assert main(["segment", str(CT_SMALL), "--out", str(tmp_path / "plain")]) == 0
    assert not list((tmp_path / "plain").rglob("confidence.png"))


@pytest.mark.thorough
def test_the_slice_of_a_stack_can_be_chosen(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    volume = np.zeros((40, 30, 3), np.int16)
    volume[5:20, 5:20, 2] = 1000
    nibabel.save(
        nibabel.Nifti1Image(volume - 1000, np.diag([1.0, 1.0, 5.0, 1.0])), tmp_path / "volume.nii.gz"
    )
    counts = []
    for k in ("0", "2"):
        arguments = [
            "segment",
            str(tmp_path / "volume.nii.gz"),
            "--slice",
            k,
            "--out",
            str(tmp_path / k),
            "--json",
        ]
        assert main(arguments) == 0
        counts.append(json.loads(capsys.readouterr().out)["methods"][0]["structures"])
    assert counts[1] > counts[0]


@pytest.mark.thorough
def test_a_folder_becomes_a_challenge_csv(tmp_path: Path) -> None:
    folder = tmp_path / "slices"
    folder.mkdir()
    rng = np.random.default_rng(3)
    for name in ("10.png", "2.png", "readme.png"):
        blocks = rng.integers(0, 255, (8, 8), np.uint8)
        Image.fromarray(np.kron(blocks, np.ones((64, 64), np.uint8))).save(folder / name)
    assert main(["segment", str(folder), "--method", "watershed", "--out", str(tmp_path / "y.csv")]) == 0
    label_maps = read_challenge_csv(tmp_path / "y.csv")
    assert list(label_maps) == ["2.png", "10.png"]
    assert np.array_equal(label_maps["10.png"], ctseg.segment(folder / "10.png", "watershed"))


def test_a_table_holds_255_structures_and_the_command_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "slices"
    folder.mkdir()
    tiles = np.indices((512, 512)).sum(0) % 2
    checked = np.kron(np.indices((20, 20)).sum(0) % 2, np.ones((26, 26)))[:512, :512] * 200 + tiles
    Image.fromarray(checked.astype(np.uint8)).save(folder / "0.png")
    found = ctseg.segment(folder / "0.png", "watershed")
    assert main(["segment", str(folder), "--method", "watershed", "--out", str(tmp_path / "y.csv")]) == 0
    assert np.unique(found).size > 255
    assert read_challenge_csv(tmp_path / "y.csv")["0.png"].max() == 255
    assert "1 of them had more than 255 structures" in capsys.readouterr().out


def test_folder_of_a_dicom_series_is_one_volume(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    heads, others = tmp_path / "disc" / "a", tmp_path / "disc" / "b" / "c"
    for home, heights in ((heads, (20, 0, 10)), (others, (0, 5))):
        home.mkdir(parents=True)
        series = generate_uid()
        for z in heights:
            dataset = pydicom.dcmread(CT_SMALL)
            dataset.SeriesInstanceUID, dataset.SOPInstanceUID = series, generate_uid()
            dataset.ImagePositionPatient = [0, 0, z]
            dataset.RescaleIntercept = -1024 + z
            dataset.save_as(home / f"IM{z}")
    (tmp_path / "disc" / "README.txt").write_text("hello")
    arguments = ["segment", str(tmp_path / "disc"), "--method", "watershed", "--out", str(tmp_path / "out")]
    assert main([*arguments, "--json"]) == 0
    said = capsys.readouterr()
    [note] = json.loads(said.out)["slice"]["notes"]
    assert "2 series" in note
    assert f"Note: {note}" in said.err
    affine = nibabel.load(tmp_path / "out" / "watershed" / "labels.nii.gz").affine
    assert affine[2, 3] == 10


def test_scores_of_label_maps_and_of_tables_agree(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    true = np.zeros((512, 512), np.uint8)
    true[50:200, 50:200], true[200:300, 50:200] = 1, 2
    predicted = np.roll(true, 7, axis=1)
    write_png16(tmp_path / "p.png", predicted)
    write_png16(tmp_path / "t.png", true)
    write_challenge_csv(tmp_path / "p.csv", {"0.png": predicted, "1.png": true})
    write_challenge_csv(tmp_path / "t.csv", {"0.png": true, "1.png": true})
    assert main(["score", str(tmp_path / "p.png"), str(tmp_path / "t.png"), "--json"]) == 0
    one = json.loads(capsys.readouterr().out)
    assert main(["score", str(tmp_path / "p.csv"), str(tmp_path / "t.csv"), "--json"]) == 0
    table = json.loads(capsys.readouterr().out)
    assert table["per_image"]["0.png"] == one["scores"]
    assert table["scores"]["ari"] == pytest.approx((one["scores"]["ari"] + 1) / 2)
    assert main(["score", str(tmp_path / "p.csv"), str(tmp_path / "t.csv")]) == 0
    assert "2 images" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["segment", "nothing.dcm", "--out", "x"], "There is no nothing.dcm"),
        (["segment", str(CT_SMALL), "--method", "magic", "--out", "x"], "There is no method 'magic'"),
        (["segment", str(CT_SMALL), "--slice", "7", "--out", "x"], "slice"),
        (["segment", str(CT_SMALL), "--regions", "5", "--out", "x"], "one partition only"),
        (["segment", str(CT_SMALL), "--method", "sobel-tree", "--regions", "0", "--out", "x"], "at least 1"),
        (["segment", ".", "--out", "x"], ".csv"),
        (["segment", ".", "--out", "y.csv"], "numbered PNG"),
        (["score", str(CT_SMALL), str(CT_SMALL)], "label map"),
    ],
)
def test_refusals_are_one_sentence(
    words: list[str],
    sentence: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(words) == 1
    printed = capsys.readouterr().err.strip()
    assert sentence in printed
    assert len(printed.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_label_maps_of_two_sizes_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_png16(tmp_path / "p.png", np.ones((4, 4), np.uint8))
    write_png16(tmp_path / "t.png", np.ones((4, 5), np.uint8))
    assert main(["score", str(tmp_path / "p.png"), str(tmp_path / "t.png")]) == 1
    assert "one size" in capsys.readouterr().err


def test_tables_must_hold_the_true_images(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    empty = np.zeros((512, 512), np.uint8)
    write_challenge_csv(tmp_path / "p.csv", {"0.png": empty})
    write_challenge_csv(tmp_path / "t.csv", {"0.png": empty, "1.png": empty})
    assert main(["score", str(tmp_path / "p.csv"), str(tmp_path / "t.csv")]) == 1
    assert "lacks 1.png" in capsys.readouterr().err


def test_wrong_words_end_with_two() -> None:
    with pytest.raises(SystemExit) as end:
        main(["segment"])
    assert end.value.code == 2


def test_methods_and_weights_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["methods"]) == 0
    assert "watershed" in capsys.readouterr().out
    assert main(["methods", "--json"]) == 0
    assert {card["name"] for card in json.loads(capsys.readouterr().out)} == set(ctseg.METHODS)
    assert main(["weights"]) == 0
    listed = capsys.readouterr().out
    assert main(["weights", "--json"]) == 0
    assert all(row["file"] in listed for row in json.loads(capsys.readouterr().out))


def test_spreadsheets_cannot_take_names_for_formulas(tmp_path: Path) -> None:
    from ctseg.export import MethodRun, write_results

    ct_slice = ctseg.read_slice(CT_SMALL)
    label_map = np.zeros(ct_slice.shape, np.int32)
    label_map[4:9, 4:9], label_map[20:30, 20:30] = 1, 300
    write_results(tmp_path, ct_slice, [MethodRun("watershed", label_map, 1.0, {300: "=cmd|'/c calc'!A1"})])
    text = (tmp_path / "watershed" / "structures.csv").read_text(encoding="utf-8")
    assert "300,'=cmd" in text
    write_results(tmp_path, ct_slice, [MethodRun("watershed", label_map * 0, 1.0)])
    assert len((tmp_path / "watershed" / "structures.csv").read_text(encoding="utf-8").splitlines()) == 1


@pytest.mark.thorough
def test_the_format_of_the_voxels_can_be_chosen(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from ctseg.labelmaps.files import read_placed_label_map

    chosen = ["--format", "dicom-seg", "--format", "seg.nrrd", "--format", "mha"]
    assert main(["segment", str(CT_SMALL), "--out", str(tmp_path), *chosen]) == 0
    assert "patient's name" in capsys.readouterr().err
    place = ctseg.read_slice(CT_SMALL).geometry
    expected = read_label_map(tmp_path / "watershed" / "labels.png")
    for name in ("labels.dcm", "labels.seg.nrrd", "labels.mha"):
        placed = read_placed_label_map(tmp_path / "watershed" / name, on=place)
        assert np.array_equal(placed.label_map, expected)
        assert placed.note is None
    assert not (tmp_path / "watershed" / "labels.nii.gz").exists()
    assert "1CT1" not in (tmp_path / "report.json").read_text(encoding="utf-8")

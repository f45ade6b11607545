"""A folder and a split become label maps, tables and a report, all of which agree with the single calls."""

import json
import shutil
from pathlib import Path

import nibabel
import numpy as np
import polars as pl
import pydicom
import pytest

import ctseg
from ctseg.batch.engines import HowToRun, open_run, threads_environment
from ctseg.batch.run_folder import RunFolder
from ctseg.batch.tasks import BatchError
from ctseg.cohort import label_files
from ctseg.cohort.inputs import FolderInput
from ctseg.cohort.job import SegmentJob, weights_of
from ctseg.cohort.run import Asked, may_score, segment_all
from ctseg.cohort.scores import scores_of_run
from ctseg.cohort.sources import find_sources, sources_in
from ctseg.datasets import open_split
from ctseg.labelmaps.files import read_challenge_csv, read_placed_label_map
from ctseg.methods.base import registry
from ctseg.metrics import TABLED, json_ready
from ctseg.metrics.sums import table_from
from ctseg.slices import read_slice, read_stack

pytestmark = pytest.mark.thorough

METHOD = "sobel-tree"
SIDE = 48


def run(out: Path, source: object, **changes) -> dict:
    how = {name: changes.pop(name) for name in ("workers", "resume", "share") if name in changes}
    asked = Asked(**{"input": str(source), "method": METHOD, "out": out, **changes})
    given = HowToRun(**{"workers": 2, "environment": threads_environment(1), **how})
    report = segment_all(asked, given, lambda *_: None, lambda _: None)
    assert report is not None
    return report


@pytest.fixture(scope="module")
def done(patients: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict]:
    out = tmp_path_factory.mktemp("run") / "out"
    return out, run(out, patients, workers=1)


def contents(folder: Path) -> dict[str, bytes]:
    files = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return {name: content for name, content in files.items() if not name.startswith("times")}


def test_the_report_counts_what_was_done_and_what_was_not(done) -> None:
    out, report = done
    assert (report["sources"], report["slices"], report["failed"], report["files_left_out"]) == (7, 10, 1, 3)
    assert report == json.loads((out / "report.json").read_text(encoding="utf-8"))
    assert (out / "failures.csv").read_text().splitlines() == [
        "source,slice,error",
        "broken,,This PNG file is damaged or incomplete; export it again.",
    ]
    slices = pl.read_parquet(out / "slices.parquet")
    assert slices["structures"].sum() == pl.read_parquet(out / "structures.parquet").height
    assert pl.read_parquet(out / "times.parquet")["seconds"].min() > 0


def test_label_maps_lie_where_their_slices_lie_and_are_those_of_single_calls(patients: Path, done) -> None:
    out, _ = done
    for source, file in (("s0001/ct", "s0001/ct.nii.gz"), ("images/10", "images/10.png")):
        stack = read_stack(patients / file)
        for index in range(len(stack)):
            expected = ctseg.segment(stack[index], METHOD)
            assert np.array_equal(_slice(out, source, index), expected)
            rows = pl.read_parquet(out / "structures.parquet").filter(source=source, slice=index)
            assert rows["area_px"].to_list() == np.bincount(expected.ravel())[1:].tolist()
            assert rows["confidence"].is_between(0, 1).all()
    labels = read_stack(out / "labels" / "s0001" / "ct.nii.gz")
    assert np.allclose(labels.affines, read_stack(patients / "s0001" / "ct.nii.gz").affines)


def _slice(out: Path, source: str, index: int) -> np.ndarray:
    return np.asarray(nibabel.load(out / "labels" / f"{source}.nii.gz").dataobj)[:, :, index].T


def test_scores_follow_from_the_sums_alone(patients: Path, done) -> None:
    out, report = done
    stack = read_stack(patients / "s0001" / "ct.nii.gz")
    found = scores_of_run(out)
    assert found.patients == ("s0001",) * 3
    assert found.interval("ari") is None
    masks = [
        read_stack(patients / "s0001" / "segmentations" / f"{name}.nii.gz").pixels
        for name in ("liver", "spleen")
    ]
    table = pl.read_parquet(out / "slices.parquet").filter(source="s0001/ct")
    for index in range(3):
        truth = np.zeros(stack.pixels.shape[1:], np.int32)
        for number, mask in enumerate(masks, start=1):
            truth[mask[index] != 0] = number
        expected = json_ready(ctseg.score(ctseg.segment(stack[index], METHOD), truth))
        assert json_ready(found.scores[index]) == expected
        assert {name: table[name][index] for name in expected} == expected
    assert set(report["scores"]) == set(TABLED)
    assert report["scores"]["ari"]["mean"] == pytest.approx(table["ari"].mean())


@pytest.mark.slow
def test_another_number_of_workers_and_shares_write_the_same_bytes(
    patients: Path, done, tmp_path: Path
) -> None:
    for part in (2, 1):
        asked = Asked(input=str(patients), method=METHOD, out=tmp_path / "out")
        how = HowToRun(workers=2, environment=threads_environment(1), share=(part, 2))
        report = segment_all(asked, how, lambda *_: None, lambda _: None)
    assert report == done[1]
    assert contents(tmp_path / "out") == contents(done[0])


def test_a_run_refuses_other_weights_and_what_cannot_be(patients: Path, done, tmp_path: Path) -> None:
    with pytest.raises(BatchError, match="holds a run already"):
        run(done[0], patients)
    with pytest.raises(BatchError, match="other method"):
        run(done[0], patients, method="watershed", resume=True)
    with pytest.raises(BatchError, match="--out lies in the folder"):
        run(patients / "out", patients)
    with pytest.raises(BatchError, match="There is no folder nowhere, and as a split: There is no split"):
        run(tmp_path / "out", "nowhere")
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "a.txt").write_text("hello")
    with pytest.raises(BatchError, match="holds nothing that can be segmented"):
        run(tmp_path / "out", tmp_path / "texts")
    with pytest.raises(registry.MethodError, match="no method"):
        run(tmp_path / "out", patients, method="nothing")


def test_what_changed_since_the_run_began_is_not_mixed_in(tmp_path: Path, patients: Path) -> None:
    """And the others come to lie in the challenge's table."""
    folder, out = tmp_path / "in", tmp_path / "out"
    shutil.copytree(patients / "images", folder)
    files = FolderInput(str(folder.resolve()))
    job = SegmentJob(files, METHOD, {}, format="csv", regions=5, about={"input": "folder"})
    plan = files.tasks(find_sources(folder)[0])
    open_run(RunFolder(out), job, lambda: plan, HowToRun(environment={}))
    (folder / "9.png").write_bytes((folder / "9.png").read_bytes() + b" ")
    (folder / "10.png").unlink()
    assert run(out, folder, resume=True, format="csv", regions=5)["failed"] == 2
    assert "9 has changed since the run began" in (out / "failures.csv").read_text()
    ((name, label_map),) = read_challenge_csv(out / "labels.csv.gz", (SIDE, SIDE)).items()
    expected = ctseg.segment(read_slice(folder / name), METHOD, regions=5)
    assert ctseg.score(label_map, expected).ari == 1.0
    assert 1 < label_map.max() <= 5


def test_the_images_of_a_split_are_scored(tmp_path: Path, patients: Path) -> None:
    for part in ("images", "labels"):
        (tmp_path / part).mkdir()
        for name in ("9.png", "10.png"):
            shutil.copy(patients / "images" / name, tmp_path / part / name)
    (tmp_path / "index.csv").write_text("image,patient\n10.png,a\n9.png,b\n")
    name, out = f"folder:{tmp_path}", tmp_path / "out"
    report = run(out, name, format="npz")
    assert (report["scored"], report["patients"]) == (2, 2)
    split = open_split(name)
    for index, scores in enumerate(scores_of_run(out).scores):
        expected = ctseg.score(ctseg.segment(split.slice(index), METHOD), split.label_map(index))
        assert json_ready(scores) == json_ready(expected)
    with np.load(out / "labels" / "10.png.npz") as stored:
        assert stored["label_maps"].dtype == np.uint8
        assert stored["label_maps"].shape == (1, SIDE, SIDE)


def test_scores_of_boards_are_told_by_evaluate_only() -> None:
    assert may_score("phantom-val")
    assert may_score("folder:somewhere")
    assert not may_score("ct-fewshot-val")
    assert not may_score("phantom-sealed")


def test_sums_that_were_spoilt_are_refused() -> None:
    row = {"predicted": [0, 1], "true": [0, 0], "counts": [5, 3]}
    assert table_from(row).pixels == 8
    assert table_from(dict.fromkeys(row)) is None
    twice = {"predicted": [1, 1], "true": [2, 2], "counts": [1, 1]}
    for spoilt in ({**row, "counts": [5, 0]}, {**row, "counts": []}, twice):
        with pytest.raises(ValueError, match="no counts of pairs"):
            table_from(spoilt)


def test_series_become_dicom_segmentations_of_the_same_bytes(patients: Path, tmp_path: Path) -> None:
    """A file for each slice, in its place; what is no DICOM becomes NIfTI, and its notes say so."""
    folder = tmp_path / "in"
    for part in ("export", "images"):
        shutil.copytree(patients / part, folder / part)
    for name, workers in (("out", 1), ("again", 2)):
        assert run(tmp_path / name, folder, format="dicom-seg", workers=workers)["failed"] == 0
    out = tmp_path / "out"
    assert contents(out) == contents(tmp_path / "again")
    assert all(b"1CT1" in content for name, content in contents(out).items() if name.endswith(".dcm"))
    texts = {name: content for name, content in contents(out).items() if name.endswith((".json", ".csv"))}
    assert len(texts) > 3
    assert not any(b"1CT1" in content for content in texts.values())
    rows = pl.read_parquet(out / "slices.parquet")
    noted = rows.filter(pl.col("notes").str.contains("written as NIfTI"))["source"].to_list()
    assert noted == ["images/2", "images/9", "images/10"]
    assert all((out / "labels" / f"{name}.nii.gz").is_file() for name in noted)
    for series in ("export-1", "export-2"):
        files = sorted((out / "labels" / f"{series}.seg").iterdir())
        assert [file.name for file in files] == ["0000.dcm", "0001.dcm"]
        headers = [pydicom.dcmread(file) for file in files]
        assert len({each.SeriesInstanceUID for each in headers}) == 1
        assert len({each.SOPInstanceUID for each in headers}) == 2
    for file in sorted((folder / "export").glob("0?")):
        ct_slice = read_slice(file)
        found = [
            each
            for each in (out / "labels").glob("export-*/*.dcm")
            if _segments(each) == pydicom.dcmread(file).SOPInstanceUID
        ]
        placed = read_placed_label_map(found[0], on=ct_slice.geometry)
        assert np.array_equal(placed.label_map, ctseg.segment(ct_slice, METHOD))


def _segments(file: Path) -> str:
    """UID of the slice that a Segmentation belongs to."""
    (series,) = pydicom.dcmread(file).ReferencedSeriesSequence
    (instance,) = series.ReferencedInstanceSequence
    return str(instance.ReferencedSOPInstanceUID)


def test_a_source_that_cannot_be_written_does_not_take_its_neighbours_along(
    patients: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(path: Path, label_maps: label_files.LabelMaps) -> None:
        if label_maps.name == "9":
            raise ValueError("an identifier is too long")
        path.touch()

    monkeypatch.setitem(label_files.FORMATS, "npz", (".npz", write))
    files = FolderInput(str(patients / "images"))
    job = SegmentJob(files, METHOD, weights_of(METHOD), format="npz")
    (task,) = files.tasks(find_sources(patients / "images")[0] * 2)[:1]
    assert {source.name for source in sources_in(task)} == {"2", "9"}
    record = job.start(tmp_path)(task)
    assert (record.done, record.failed) == (1, 1)
    told = pl.read_parquet(record.parts["slices"])
    assert told.filter(source="9")["error"].to_list() == [
        "Its label maps could not be written (an identifier is too long)."
    ]

"""What lies in a folder becomes sources with names of their own, or is left out with a sentence."""

import shutil
from pathlib import Path

import pytest
from PIL import Image

from ctseg.cohort.sources import MAX_TOGETHER, find_sources, natural, sources_in, tasks_of
from ctseg.sandbox.runner import Limits
from ctseg.slices import bulk

pytestmark = pytest.mark.thorough


def test_every_file_is_a_source_or_left_out(patients: Path) -> None:
    sources, left_out = find_sources(patients)
    assert [(source.name, len(source.files), source.patient) for source in sources] == [
        ("broken", 1, "broken"),
        ("export-1", 2, "patient 1"),
        ("export-2", 2, "patient 1"),
        ("images/2", 1, "images/2"),
        ("images/9", 1, "images/9"),
        ("images/10", 1, "images/10"),
        ("s0001/ct", 1, "s0001"),
    ]
    assert sources[-1].masks == ("s0001/segmentations/liver.nii.gz", "s0001/segmentations/spleen.nii.gz")
    assert [each.file for each in left_out] == ["empty.dcm", "export/cut", "read me.txt"]
    assert "empty" in left_out[0].why
    assert left_out[2].why.startswith("This file is a text, not a CT slice; give a PNG")
    assert sum(source.bytes for source in sources) == sum(
        (patients / file).stat().st_size for source in sources for file in source.files
    )


def test_small_sources_share_a_task_and_come_back(patients: Path) -> None:
    sources, _ = find_sources(patients)
    tasks = tasks_of(sources)
    assert [source for task in tasks for source in sources_in(task)] == sources
    assert len(tasks) == 4
    assert max(len(sources_in(task)) for task in tasks_of(sources[:3] * 20)) == MAX_TOGETHER


def test_names_sort_by_number_and_stay_apart(tmp_path: Path) -> None:
    assert sorted(["10.png", "9", "a10b", "a9b"], key=natural) == ["9", "10.png", "a9b", "a10b"]
    for name in ("one.png", "one.tif", "1.2.840.5"):
        Image.new("L", (9, 9)).save(tmp_path / name, format="PNG")
    assert [source.name for source in find_sources(tmp_path)[0]] == ["1.2.840.5", "one-1", "one-2"]


def test_one_file_beyond_the_limits_does_not_take_its_neighbours_along(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, side in (("a", 30), ("b", 400), ("c", 30)):
        Image.new("L", (side, side), 7).save(tmp_path / f"{name}.png")
    files = [[tmp_path / f"{name}.png"] for name in "abc"]
    together = bulk.read_stacks(files)
    assert [stack.pixels.shape for stack in together] == [(1, 30, 30), (1, 400, 400), (1, 30, 30)]
    monkeypatch.setattr(bulk, "LIMITS", Limits(output_bytes=50_000, wall_seconds=120.0))
    first, second, third = bulk.read_stacks(files)
    assert first.pixels.shape == third.pixels.shape == (1, 30, 30)
    assert "takes more room than is allowed" in str(second)


def test_headers_that_end_their_reader_cost_only_their_own_file(
    tmp_path: Path, patients: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run_decoder(decoder, paths, *args, **kwargs):
        if any(path.name == "bad" for path in paths):
            raise bulk.DecoderError("crashed")
        return real(decoder, paths, *args, **kwargs)

    real = bulk.run_decoder
    monkeypatch.setattr(bulk, "run_decoder", run_decoder)
    for name in ("00", "bad", "10"):
        shutil.copy(patients / "export" / "00", tmp_path / name)
    found = bulk.series_of([tmp_path / name for name in ("00", "bad", "10")])
    assert [sorted(each) for each in found] == [["patient", "series"], ["refused"], ["patient", "series"]]

"""What ``ctseg batch`` says: how far it is, what it refuses, and how it stops."""

from pathlib import Path

import pytest

from ctseg.batch.tasks import TaskDone
from ctseg.cli import main
from ctseg.cli.batch import ProgressLine
from ctseg.cohort import run as cohort_run


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "There is no folder nowhere, and as a split"),
        (["--workers", "0"], "--workers is 0; it must be 1 or more"),
        (["--threads", "0"], "--threads is 0"),
        (["--address", "auto"], "add --engine ray"),
        (["--shard", "0/4"], "--shard takes i/n"),
        (["--method", "nothing"], "no method 'nothing'"),
    ],
)
def test_what_cannot_be_is_one_sentence(tmp_path: Path, capsys, words: list[str], sentence: str) -> None:
    assert main(["batch", "nowhere", "--out", str(tmp_path / "out"), *words]) == 1
    said = capsys.readouterr().err
    assert sentence in said
    assert said.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_the_line_counts_what_is_done_fails_and_is_left(capsys) -> None:
    line = ProgressLine(10)
    assert line.text() == "0 slices"
    line(TaskDone("kept", 5, 7, 0, fresh=False))
    assert line.text() == "7 slices"
    line(TaskDone("fresh", 1, 2, 1, fresh=True))
    assert line.text().startswith("9 slices, ")
    for words in (" a second", "1 failed", "60 %", " left"):
        assert words in line.text()
    line.end()
    line.end()
    assert capsys.readouterr().err.count("\n") == 1


def test_stopping_says_how_to_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    def stop(*_args) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cohort_run, "segment_all", stop)
    assert main(["batch", str(tmp_path), "--out", str(tmp_path / "out")]) == 1
    assert (
        f"Stopped; what is done stays in {tmp_path / 'out'}, and --resume does the rest."
        in capsys.readouterr().err
    )

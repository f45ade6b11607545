"""A run that is killed goes on as if nothing had happened."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from ctseg.cli import main
from ctseg.training.curves import read_record


def finish(process) -> None:
    said, _ = process.communicate(timeout=300)
    assert process.returncode == 0, said


def without_times(record: Path) -> list[dict[str, float]]:
    return [
        {name: value for name, value in row.items() if name != "seconds_a_step"}
        for row in read_record(record)
    ]


def assert_close(first: Path, second: Path, tolerance: float) -> None:
    one, other = load_file(first), load_file(second)
    assert one.keys() == other.keys()
    for name, tensor in one.items():
        assert torch.allclose(tensor, other[name], rtol=0, atol=tolerance), name


@pytest.mark.slow
def test_resume_after_kill_minus_9_equals_the_uninterrupted_run(tmp_path, write_recipe, start) -> None:
    recipe = write_recipe(steps=30)
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    finish(start("ctseg", "train", recipe, "--out", whole, "--threads", 1))

    # Killed between two saves: three steps after one of them.
    script = Path(__file__).with_name("killed_training.py")
    killed = start(script, 13, "train", recipe, "--out", broken, "--threads", 1)
    assert killed.wait() == -9
    steps_done = torch.load(broken / "state.pt", weights_only=True)["steps_done"]
    assert 10 <= steps_done < 14

    finish(start("ctseg", "train", recipe, "--out", broken, "--threads", 1))
    assert_close(whole / "last.safetensors", broken / "last.safetensors", 1e-6)
    assert_close(whole / "best.safetensors", broken / "best.safetensors", 1e-6)
    first, second = without_times(whole / "log.csv"), without_times(broken / "log.csv")
    assert [row.keys() for row in first] == [row.keys() for row in second]
    for one, other in zip(first, second, strict=True):
        assert all(abs(one[name] - other[name]) <= 1e-6 * max(1, abs(one[name])) for name in one), one
    assert [row["step"] for row in second] == list(range(1, 31))
    assert (broken / "curves.png").stat().st_size > 1000


@pytest.mark.slow
def test_a_run_learns_and_a_finished_run_is_left_alone(
    tmp_path, write_recipe, small_data, monkeypatch
) -> None:
    monkeypatch.setenv("CTSEG_DATA", str(small_data))
    recipe, folder = write_recipe(steps=60), tmp_path / "run"
    assert main(["train", str(recipe), "--out", str(folder)]) == 0
    rows = read_record(folder / "log.csv")
    scored = [row for row in rows if "ari" in row]
    assert [row["step"] for row in scored] == [10, 20, 30, 40, 50, 60]
    assert scored[-1]["ari"] > 0.5 > scored[0]["ari"]
    assert (rows[0]["size"], rows[-1]["size"]) == (32, 64)
    assert rows[0]["kappa_foreground"] == 0  # the first epoch, 18 slices in batches of 4, is plain cosine
    assert 0 < rows[-1]["kappa_foreground"] <= 32
    before = load_file(folder / "last.safetensors")
    assert main(["train", str(recipe), "--out", str(folder)]) == 0
    assert read_record(folder / "log.csv") == rows
    after = load_file(folder / "last.safetensors")
    assert all(torch.equal(after[name], tensor) for name, tensor in before.items())


def test_another_seed_is_another_run(tmp_path, write_recipe, small_data, monkeypatch, capsys) -> None:
    monkeypatch.setenv("CTSEG_DATA", str(small_data))
    recipe = str(write_recipe(steps=2))
    first, second = tmp_path / "first", tmp_path / "second"
    assert main(["train", recipe, "--out", str(first)]) == 0
    assert main(["train", recipe, "--out", str(second), "--seed", "1"]) == 0
    assert '"seed": 1' in (second / "recipe.json").read_text()
    one, other = (read_record(run / "log.csv")[0]["loss"] for run in (first, second))
    assert one != other
    assert main(["train", recipe, "--out", str(first), "--seed", "1"]) == 1
    assert "holds a run of another recipe" in capsys.readouterr().err

"""The study of how probabilities become a label map."""

import numpy as np
import pytest
from study_label_maps import Choice, choices
from study_label_maps import main as study_main

from ctseg.cli import main


def squares() -> np.ndarray:
    """Probability 0.6 on a 9 x 9 square with a 1 px tail of 4, and 0.3 on a 3 x 3 square."""
    probability = np.zeros((30, 30), np.float32)
    probability[5:14, 5:14], probability[9, 14:18] = 0.6, 0.6
    probability[20:23, 20:23] = 0.3
    return probability


def areas(choice: Choice) -> list[int]:
    return np.bincount(choice.regions(squares()).ravel())[1:].tolist()


def test_each_choice_by_hand() -> None:
    assert areas(Choice()) == [85]
    assert areas(Choice(threshold=0.25)) == [85, 9]
    assert areas(Choice(threshold=0.7)) == []
    assert areas(Choice(opening=3)) == [81]
    assert areas(Choice(dilation=3)) == [121 + 4 * 3]
    assert areas(Choice(threshold=0.25, smallest=10)) == [85]
    assert areas(Choice(threshold=0.25, smallest=9)) == [85, 9]


def test_every_choice_but_the_first_changes_something() -> None:
    every = list(choices(256))
    assert every[0] == Choice()
    assert len(set(every)) == len(every)


@pytest.mark.thorough
def test_the_table_of_a_run(tmp_path, small_data, write_recipe, monkeypatch, capsys) -> None:
    monkeypatch.setenv("CTSEG_DATA", str(small_data))
    assert main(["train", str(write_recipe(steps=3)), "--out", str(tmp_path / "run")]) == 0
    capsys.readouterr()
    study_main([str(tmp_path / "run")])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "3 slices at 64 px"
    assert lines[2].endswith("plain")
    assert any("'flips'" in line and "'size': 128" in line for line in lines)

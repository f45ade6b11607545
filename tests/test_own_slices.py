"""The page on one's own slices: every command of it, one after the other."""

import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydicom.data import get_testdata_file

from ctseg.cli import main
from ctseg.labelmaps.files import read_label_map
from ctseg.leaderboard.results.store import load_results
from ctseg.methods import CARDS
from ctseg.methods.base import registry

ROOT = Path(__file__).resolve().parents[1]


def _annotated(folder: Path, images: dict[str, Path | None]) -> None:
    for part in ("images", "labels"):
        (folder / part).mkdir(parents=True)
    label_map = np.zeros((128, 128), np.uint8)
    label_map[30:70, 20:60], label_map[60:100, 70:110] = 4, 9
    lines = ["image,patient,label"]
    for image, source in images.items():
        if source:
            shutil.copy(source, folder / "images" / image)
        else:
            Image.fromarray(label_map * 20).save(folder / "images" / image)
        label = f"{Path(image).stem}.png"
        Image.fromarray(label_map).save(folder / "labels" / label)
        lines.append(f"{image},P{len(lines)},{label}")
    (folder / "index.csv").write_text("\n".join(lines), encoding="utf-8")


@pytest.mark.slow
def test_the_commands_of_the_page_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    """With one step of one slice and a small network where the recipe has 200 of four and the shipped one."""
    from accelerate.state import AcceleratorState

    page = (ROOT / "docs" / "own-slices.md").read_text(encoding="utf-8")
    (commands,) = re.findall(r"```bash\n(.*?)```", page, flags=re.DOTALL)
    _annotated(tmp_path / "mine", {"1.dcm": Path(str(get_testdata_file("CT_small.dcm"))), "2.png": None})
    _annotated(tmp_path / "ct-fewshot" / "val", {"0.png": None})
    monkeypatch.setenv("CTSEG_DATA", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    recipe = (ROOT / "ctseg" / "training" / "recipes" / "own.toml").read_text(encoding="utf-8")
    small = {"batch": "1", "network": '"tiny-unet-affinities"', "initial": '"random"', "sizes": "[[0, 64]]"}
    for key, value in small.items():
        recipe = re.sub(rf"(?m)^{key} = .*", f"{key} = {value}", recipe)
    (tmp_path / "own.toml").write_text(recipe, encoding="utf-8")
    try:
        for command in commands.splitlines():
            words = command.split()[1:]
            if words[0] == "train":
                words = [words[0], f"{words[1]}.toml", *words[2:], "--steps", "1"]
            assert main(words) == 0, command
        assert "run-mine on ct-fewshot-val" in capsys.readouterr().out
        assert "A folder of own slices; 1 steps" in CARDS["run-mine"].training_data
        assert read_label_map(tmp_path / "results" / "run-mine" / "labels.png").shape == (128, 128)
        (result,) = load_results(tmp_path / "scores", "ct-fewshot-val")
        assert result.saw == ("annotated",)
    finally:
        registry.remove("run-mine")
        # accelerate allows one precision a process; other tests have another.
        AcceleratorState._reset_state(reset_partial_state=True)

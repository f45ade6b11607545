"""A small annotated data set on disk, and recipes for it."""

import csv
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from accelerate.state import AcceleratorState
from PIL import Image

from ctseg.datasets import open_split
from ctseg.training.recipe_files import read_recipe

PATIENTS, SLICES, SIDE = 8, 3, 64
RECIPE = """
name = "small"
budget = "seconds"
steps = {steps}
network = "tiny-unet"
initial = "random"
batch = 4
sizes = [[0, 32], [{late}, 64]]
select_every = 10
log_every = 1
[optimiser]
warmup_steps = 2
"""


@pytest.fixture(autouse=True)
def fresh_accelerator():
    """Forget the precision of the last run: accelerate allows one a process."""
    yield
    AcceleratorState._reset_state(reset_partial_state=True)


@pytest.fixture(scope="session")
def small_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for CTSEG_DATA: bright discs on grey noise are the structures, 8 patients of 3 slices."""
    root = tmp_path_factory.mktemp("data")
    folder = root / "ct-fewshot" / "train"
    (folder / "images").mkdir(parents=True)
    (folder / "labels").mkdir()
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[:SIDE, :SIDE]
    with (folder / "index.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["image", "patient"])
        for number in range(PATIENTS * SLICES):
            label_map = np.zeros((SIDE, SIDE), np.uint8)
            for label in (1, 2, 3):
                row, column, radius = *rng.uniform(10, 54, 2), rng.uniform(4, 9)
                label_map[(rows - row) ** 2 + (columns - column) ** 2 < radius**2] = label
            grey = np.clip(rng.normal(80, 15, (SIDE, SIDE)) + 90 * (label_map > 0), 0, 255).astype(np.uint8)
            Image.fromarray(grey).save(folder / "images" / f"{number}.png")
            Image.fromarray(label_map).save(folder / "labels" / f"{number}.png")
            writer.writerow([f"{number}.png", f"P{number // SLICES}"])
    return root


@pytest.fixture
def write_recipe(tmp_path: Path):
    """Write the small recipe and return its path; keyword: steps."""

    def write(steps: int = 20) -> Path:
        path = tmp_path / f"small-{steps}.toml"
        path.write_text(RECIPE.format(steps=steps, late=steps * 2 // 3))
        return path

    return write


@pytest.fixture
def start(small_data: Path):
    """Start a Python module, or a script, in a process of its own with the small data."""
    started = []

    def run(*arguments: object) -> subprocess.Popen[str]:
        environment = os.environ | {
            "CTSEG_DATA": str(small_data), "OMP_NUM_THREADS": "1", "ACCELERATE_USE_CPU": "true",
            "OMP_WAIT_POLICY": "PASSIVE",
        }  # fmt: skip
        kind = () if str(arguments[0]).endswith(".py") else ("-m",)
        command = [sys.executable, *kind, *map(str, arguments)]
        started.append(
            subprocess.Popen(
                command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
            )
        )
        return started[-1]

    yield run
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def small_split(small_data, monkeypatch):
    monkeypatch.setenv("CTSEG_DATA", str(small_data))
    return open_split("ct-fewshot-train")


@pytest.fixture
def recipe(write_recipe):
    return read_recipe(write_recipe(steps=20))

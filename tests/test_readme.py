"""Every command and every line of Python in the README and CONTRIBUTING is run as it stands there."""

import os
import re
import shutil
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydicom.data import get_testdata_file
from waiting import until

from ctseg.labelmaps.files import write_challenge_csv, write_png16

pytestmark = pytest.mark.thorough

ROOT = Path(__file__).resolve().parents[1]
MAKE_TARGETS = {
    "make app",
    "make test",
    "make test THOROUGH=1",
    "make check",
    "make test-all",
    "make bench",
    "make audit",
    "make space",
}


def blocks(file: str, language: str) -> list[str]:
    text = (ROOT / file).read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, flags=re.DOTALL)


def commands(file: str) -> list[str]:
    lines = "".join(blocks(file, "bash")).splitlines()
    return [line.split("#")[0].strip() for line in lines if line.strip()]


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the files that the README speaks of."""
    folder = tmp_path_factory.mktemp("readme")
    shutil.copy(str(get_testdata_file("CT_small.dcm")), folder / "slice.dcm")
    label_map = np.zeros((64, 64), np.uint8)
    label_map[8:30, 8:30], label_map[34:60, 20:50] = 1, 2
    write_png16(folder / "predicted.png", label_map)
    write_png16(folder / "true.png", np.roll(label_map, 2, axis=0))
    (folder / "slices").mkdir()
    names = ["0.png", "1.png"]
    for name in names:
        Image.fromarray(np.kron(label_map, np.full((8, 8), 90, np.uint8))).save(folder / "slices" / name)
    large = np.kron(label_map, np.ones((8, 8), np.uint8))
    write_challenge_csv(folder / "true.csv", dict.fromkeys(names, large))
    return folder


@pytest.fixture(scope="module")
def command_environment() -> dict[str, str]:
    return {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}


def test_the_commands_run(workplace: Path, command_environment: dict[str, str]) -> None:
    documented = [command for file in ("README.md", "CONTRIBUTING.md") for command in commands(file)]
    ours = [
        command
        for command in documented
        if command.startswith("ctseg ") and not command.startswith("ctseg serve")
    ]
    assert len(ours) >= 6
    others = {command for command in documented if not command.startswith("ctseg ")}
    assert others <= MAKE_TARGETS
    for command in ours:
        done = subprocess.run(
            command.split(),
            cwd=workplace,
            env=command_environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{command}: {done.stderr}"
        assert done.stdout.strip()
    assert (workplace / "results" / "watershed" / "labels.nii.gz").stat().st_size > 0
    assert (workplace / "y.csv").stat().st_size > 0


@pytest.mark.slow
def test_the_commands_of_submitting_run(
    tmp_path: Path, workplace: Path, command_environment: dict[str, str]
) -> None:
    environment = {**command_environment, "CTSEG_STORE": str(tmp_path / "store")}
    for command in commands("docs/submitting.md"):
        assert command.startswith("ctseg ")
        done = subprocess.run(
            command.split(), cwd=workplace, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{command}: {done.stderr}"
        assert done.stdout.strip()
    assert "My-method" in done.stdout


@pytest.mark.slow
def test_the_commands_of_training_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    """Each with its recipe cut down to one step of a small network on eight drawn patients."""
    from accelerate.state import AcceleratorState

    from ctseg.cli import main

    folder = tmp_path / "ct-fewshot" / "train"
    for part in ("images", "labels"):
        (folder / part).mkdir(parents=True)
    rows = ["image,patient"]
    for number in range(16):
        label_map = np.zeros((64, 64), np.uint8)
        label_map[8 + number : 40, 16:48] = 1
        Image.fromarray(label_map * 200).save(folder / "images" / f"{number}.png")
        Image.fromarray(label_map).save(folder / "labels" / f"{number}.png")
        rows.append(f"{number}.png,P{number // 2}")
    (folder / "index.csv").write_text("\n".join(rows))
    shutil.copytree(folder, tmp_path / "ct-fewshot" / "unlabelled")
    monkeypatch.setenv("CTSEG_DATA", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    documented = commands("docs/training.md")
    assert {command.split()[1] for command in documented} == {"train", "pretrain"}
    for command in documented:
        _, verb, name, *rest = command.split()
        recipe = (ROOT / "ctseg" / "training" / "recipes" / f"{name}.toml").read_text(encoding="utf-8")
        small = re.sub(r"(?m)^(steps|batch|select_every|log_every) = .*", r"\1 = 1", recipe)
        small = re.sub(r"(?m)^sizes = .*", "sizes = [[0, 64]]", small)
        small = re.sub(r"(?m)^kappa_patients = .*", "kappa_patients = 1", small)
        (tmp_path / f"{name}.toml").write_text(small, encoding="utf-8")
        assert main([verb, f"{name}.toml", *rest]) == 0, command
        assert ".safetensors" in capsys.readouterr().out
    # accelerate allows one precision a process; other tests have another.
    AcceleratorState._reset_state(reset_partial_state=True)


def _answers(url: str, app: subprocess.Popen) -> bool:
    assert app.poll() is None, "the app ended before its first page"
    try:
        urllib.request.urlopen(url, timeout=60).close()
    except OSError:
        return False
    return True


@pytest.fixture(scope="module")
def running_app(workplace: Path, command_environment: dict[str, str]) -> Iterator[str]:
    (serve,) = [command for command in commands("README.md") if command.startswith("ctseg serve")]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = re.sub(r"--port \d+", f"--port {port}", serve).split()
    app = subprocess.Popen(
        words, cwd=workplace, env={**command_environment, "GRADIO_TEMP_DIR": str(workplace / "gr")}
    )
    url = f"http://127.0.0.1:{port}/"
    try:
        until(lambda: _answers(url, app), "the first page")
        yield url
    finally:
        app.terminate()
        app.wait(120)


def test_the_python_runs(workplace: Path, running_app: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(workplace)
    library, client = blocks("README.md", "python")
    names: dict[str, object] = {"true_label_map": np.ones((128, 128), np.uint8)}
    exec(library, names)
    assert names["label_map"].shape == (128, 128)  # type: ignore[attr-defined]
    call = 'Client("http://127.0.0.1:7860/")'
    assert call in client
    # As typed, the client gives up where a busy machine does not answer within 5 s.
    exec(client.replace(call, f'Client("{running_app}", httpx_kwargs={{"timeout": 600}})'), names)
    with Image.open(str(names["label_map_png"])) as image:
        assert np.array_equal(np.asarray(image), names["label_map"])


def test_the_example_method_keeps_the_contract() -> None:
    from ctseg.methods import Card
    from ctseg.slices import CTSlice

    (example,) = blocks("CONTRIBUTING.md", "python")
    names: dict[str, object] = {}
    exec(example, names)
    assert isinstance(names["CARD"], Card)
    pixels = np.zeros((32, 40), np.uint8)
    pixels[4:10, 4:10], pixels[20:30, 20:30] = 200, 250
    label_map = names["load"]().segment(CTSlice(pixels, "8-bit", None, "PNG"))  # type: ignore[operator]
    assert label_map.shape == (32, 40)
    assert set(np.unique(label_map)) == {0, 1, 2}


@pytest.mark.parametrize("page", [path.name for path in (ROOT / "docs").glob("*.md")])
def test_the_python_of_the_docs_runs(page: str, workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(workplace)
    for block in blocks(f"docs/{page}", "python"):
        exec(block, {})


def test_every_link_leads_somewhere() -> None:
    for file in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")):
        for target in re.findall(r"\]\(([^)#]+)\)", file.read_text(encoding="utf-8")):
            if not target.startswith("http"):
                assert (file.parent / target).exists(), f"{file.name} links to {target}"

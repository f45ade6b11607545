"""The project's own files agree with each other."""

import re
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def pins(file: str) -> dict[str, str]:
    lines = (ROOT / file).read_text(encoding="utf-8").splitlines()
    return dict(line.split("==") for line in lines if "==" in line)


def test_the_space_runs_the_pinned_gradio() -> None:
    front_matter = (ROOT / "README.md").read_text(encoding="utf-8").split("---")[1]
    assert f"sdk_version: {pins('requirements.txt')['gradio']}\n" in front_matter


@pytest.mark.parametrize("file", ["requirements.txt", "requirements-dev.txt"])
def test_every_requirement_is_pinned_and_installed(file: str) -> None:
    lines = (ROOT / file).read_text(encoding="utf-8").splitlines()
    assert all("==" in line for line in lines if not line.startswith(("#", "-r")))
    assert {name: version(name) for name in pins(file)} == pins(file)


def test_the_space_installs_no_training_or_development_packages() -> None:
    assert not pins("requirements.txt").keys() & pins("requirements-dev.txt").keys()


def test_pins_fulfil_what_the_package_asks_for() -> None:
    from packaging.requirements import Requirement

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = [*project["dependencies"], *project["optional-dependencies"]["app"]]
    pinned = pins("requirements.txt")
    for requirement in map(Requirement, asked):
        assert requirement.specifier.contains(pinned[requirement.name]), requirement


def test_no_index_or_machine_is_named() -> None:
    for file in ("requirements.txt", "requirements-dev.txt", "pyproject.toml", "Makefile", ".ci/run"):
        text = (ROOT / file).read_text(encoding="utf-8")
        assert not re.search(r"--index|--find-links|--hash|https?://", text), file


def test_importing_ctseg_and_its_help_load_nothing_heavy() -> None:
    script = (
        "import sys, ctseg, ctseg.cli\n"
        "ctseg.cli.parser().format_help()\n"
        "heavy = {'torch', 'gradio', 'skimage', 'scipy', 'pandas', 'onnxruntime', 'cv2'} & set(sys.modules)\n"
        "sys.exit(f'loaded {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr

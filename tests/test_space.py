"""The app starts as a Space and as the image do; `make space` looks at it in full."""

import re
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from image_steps import DockerfileError, read_dockerfile
from run_space import PAGES, look
from space_app import lay_out, remove
from space_means import free_port, means_for, no_network

from ctseg.hub.space_files import space_files

ROOT = Path(__file__).resolve().parents[1]
IMAGE = read_dockerfile(ROOT / "Dockerfile")


@pytest.mark.thorough
def test_the_app_runs_read_only_from_exactly_the_files_of_a_space(tmp_path: Path) -> None:
    """The short form of `make space`: this environment, all pages, one method, no browser."""
    folder = tmp_path / "space"
    python = Path(sys.executable)
    try:
        lay_out(folder, IMAGE)
        with means_for(python) as means:
            assert [line.split(":")[0] for line in means.said] == ["Network", "User", "Memory"]
            port, _ = free_port()
            seen = look(folder, python, means, ("watershed",), None, {"PORT": str(port)})
        assert seen.first_page_s > 0
        assert set(seen.found) == {"watershed"}
        assert (folder / "app" / "app.py").stat().st_mode & 0o222 == 0
    finally:
        remove(folder)


def test_what_a_machine_lacks_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where neither programs nor rights are there, each line says so and the app runs as it can."""
    monkeypatch.setattr("space_means.shutil.which", lambda _name: None)
    monkeypatch.setattr("space_means.has_network", lambda: True)
    monkeypatch.setattr("space_means._CGROUPS", Path("/nowhere"))
    assert no_network() == ()
    with means_for(Path("/nowhere/python")) as means:
        assert (means.before, means.user, means.group) == ((), None, None)
        assert all("NOT " in line for line in means.said)


def test_the_image_has_all_files_of_a_space_but_its_readme() -> None:
    copied = {
        path for source, _ in IMAGE.copied for path in space_files("cpu-basic") if path.startswith(source)
    }
    assert space_files("cpu-basic").keys() - copied == {"README.md"}
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert {f"!{source}" for source, _ in IMAGE.copied} == {line for line in ignored if line.startswith("!")}
    assert "*" in ignored


def test_the_image_is_pinned_not_root_and_watched() -> None:
    assert re.fullmatch(r"python:3\.\d+\.\d+-slim-\w+", IMAGE.base)
    users = [rest for word, rest in IMAGE.steps if word == "USER"]
    assert users[-1] == IMAGE.user == "user"
    words = [word for word, _ in IMAGE.steps]
    assert words.index("USER") > max(index for index, word in enumerate(words) if word == "RUN")
    assert "/health" in IMAGE.health
    assert IMAGE.command == ["python", "app.py"]
    assert {"HOME", "PORT", "CTSEG_STORE", "GRADIO_TEMP_DIR"} <= IMAGE.environment.keys()


def test_an_instruction_that_is_not_known_is_named(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM a\nADD b c\n")
    with pytest.raises(DockerfileError, match="ADD"):
        read_dockerfile(tmp_path / "Dockerfile")


def test_the_spaces_front_matter_agrees_with_the_project() -> None:
    front = yaml.safe_load((ROOT / "README.md").read_text(encoding="utf-8").split("---")[1])
    pins = dict(
        line.split("==")
        for line in (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
        if "==" in line
    )
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert front["sdk"] == "gradio"
    assert front["sdk_version"] == pins["gradio"]
    assert (ROOT / front["app_file"]).is_file()
    assert front["license"] == project["license"].lower()
    # Page spaces-config-reference: a longer one is refused when the README is committed.
    assert len(front["short_description"]) <= 60
    assert front["hf_oauth"] is True
    lowest, below = re.findall(r"3\.(\d+)", project["requires-python"])
    assert int(lowest) <= int(front["python_version"].split(".")[1]) < int(below)
    assert IMAGE.base.startswith(f"python:{front['python_version']}.")


def test_all_pages_are_looked_at() -> None:
    app = (ROOT / "ctseg" / "ui" / "app.py").read_text(encoding="utf-8")
    routes = re.findall(r'^    with pages\.route\("\w+", "(/\w+)"\):', app, flags=re.MULTILINE)
    assert {"/", *routes} == set(PAGES)

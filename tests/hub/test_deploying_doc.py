"""The commands of docs/deploying.md run as they stand there, against the stand-in for the Hub."""

import re
from pathlib import Path

import pytest
from hub_repositories import StandInAccount

from ctseg import cli
from ctseg.hub.space_files import HARDWARE, ZERO_GPU_PINS, ZERO_GPU_PYTHON

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "deploying.md").read_text(encoding="utf-8")


def commands() -> list[str]:
    lines = "".join(re.findall(r"```bash\n(.*?)```", PAGE, flags=re.DOTALL)).splitlines()
    return [line.split("#")[0].strip() for line in lines if line.strip()]


@pytest.mark.slow
def test_the_commands_of_the_owner_run(hub: StandInAccount, weights: Path) -> None:
    hub.user = "you"
    ours = [command for command in commands() if command.startswith("ctseg hub ")]
    assert {command.split()[2] for command in ours} == {"publish-weights", "publish-space", "publish-board"}
    for command in ours:
        assert cli.main(command.split()[1:]) == 0, command
    assert {"models/you/ctseg-partition", "spaces/you/ctseg", "datasets/you/ctseg-phantom-val"} <= set(
        hub.repositories
    )


def test_the_words_of_docker_are_those_of_the_dockerfile() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    told = re.sub(r"\s*\\?\n#\s*", " ", dockerfile.split("FROM")[0])
    for command in (command for command in commands() if command.startswith("docker ")):
        assert command in told


def test_the_table_has_the_ways_and_pins_of_the_code() -> None:
    assert all(f"`{name}`" in PAGE for name in HARDWARE)
    torch = ".".join(ZERO_GPU_PINS["torch"].split(".")[:2])
    assert f"Python {ZERO_GPU_PYTHON}, torch {torch}" in PAGE

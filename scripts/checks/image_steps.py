"""Reads a Dockerfile and carries out its steps in a folder, for machines on which Docker cannot run.

Only what ours uses is known: FROM, ENV, RUN, WORKDIR, COPY, USER, EXPOSE, HEALTHCHECK and CMD. A folder
stands for the image's root and a virtual environment for its Python; steps that make users are not run.
"""

import json
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

KNOWN = ("FROM", "ENV", "RUN", "WORKDIR", "COPY", "USER", "EXPOSE", "HEALTHCHECK", "CMD")


@dataclass
class Image:
    """What a Dockerfile says.

    Attributes
    ----------
    base : the image it starts from
    steps : (word, rest) of every instruction, in order
    environment : all variables of ENV
    copied : (source, target) of every COPY, relative to the working folder
    user, command, health : as the last of each says; the health check without its options
    """

    base: str = ""
    steps: list[tuple[str, str]] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)
    copied: list[tuple[str, str]] = field(default_factory=list)
    user: str = "root"
    command: list[str] = field(default_factory=list)
    health: str = ""

    def runs(self) -> list[str]:
        """Return the commands that build it."""
        return [rest for word, rest in self.steps if word == "RUN"]


class DockerfileError(Exception):
    """An instruction is not known here; the message names it."""


def read_dockerfile(path: Path) -> Image:
    """Return what a Dockerfile says."""
    text = re.sub(r"(?m)^\s*#.*\n", "", path.read_text(encoding="utf-8")).replace("\\\n", " ")
    image = Image()
    for line in filter(None, map(str.strip, text.splitlines())):
        word, rest = line.split(None, 1)
        if word not in KNOWN:
            raise DockerfileError(f"{word} in {path.name} is not known here.")
        image.steps.append((word, rest))
        _take(image, word, rest)
    return image


def _take(image: Image, word: str, rest: str) -> None:
    if word == "FROM":
        image.base = rest
    elif word == "ENV":
        image.environment |= dict(each.split("=", 1) for each in shlex.split(rest))
    elif word == "COPY":
        *sources, target = shlex.split(rest)
        image.copied += [(source, _target(source, target)) for source in sources]
    elif word == "USER":
        image.user = rest
    elif word == "HEALTHCHECK":
        image.health = rest.split("CMD", 1)[1].strip()
    elif word == "CMD":
        image.command = json.loads(rest)


def _target(source: str, target: str) -> str:
    return f"{target.rstrip('/')}/{source}".removeprefix("./") if target in (".", "./") else target


def with_root(environment: Mapping[str, str], root: Path) -> dict[str, str]:
    """Return variables whose absolute paths lie under another root."""
    return {name: f"{root}{value}" if value.startswith("/") else value for name, value in environment.items()}

"""What a Space is made of: the files of the clone that serving needs, and how each hardware changes them."""

import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ctseg.hub.account import HubError
from ctseg.methods import CARDS
from ctseg.settings import packaged_folder

HardwareName = Literal["cpu-basic", "zero-gpu", "static"]


@dataclass(frozen=True, kw_only=True)
class Hardware:
    """What a Space runs on.

    Attributes
    ----------
    sdk, flavor : as the Hub calls them; no flavor where nothing runs
    cost : what it costs and which plan it needs, one sentence
    needs_plan : whether an account without a plan is refused
    """

    sdk: str
    flavor: str
    cost: str
    needs_plan: bool = False


# https://huggingface.co/docs/hub/spaces-overview and spaces-zerogpu, August 2026.
HARDWARE: Mapping[HardwareName, Hardware] = {
    "cpu-basic": Hardware(
        sdk="gradio",
        flavor="cpu-basic",
        cost="no charge by the hour, but the account needs PRO (an organization Team or Enterprise); 2 "
        "cores, 16 GB, sleeps after 48 hours without a visitor.",
        needs_plan=True,
    ),
    "zero-gpu": Hardware(
        sdk="gradio",
        flavor="zero-a10g",
        cost="free for two Spaces of an account with a verified email that is older than 30 days (PRO: ten); "
        "each visitor has some minutes of GPU a day.",
    ),
    "static": Hardware(
        sdk="static",
        flavor="",
        cost="free for everyone; no server, everything runs in the visitor's browser.",
    ),
}
ZERO_GPU_PYTHON = "3.12"
ZERO_GPU_PINS = {"torch": "2.11.0", "torchvision": "0.26.0", "spaces": "0.51.3"}
"""The newest that hardware runs (page spaces-zerogpu, August 2026: Python 3.12.12, torch up to 2.11.0)."""

_TOPS = ("app.py", "requirements.txt", "LICENSE", "NOTICE")
_FOLDERS = ("ctseg/", "leaderboard/", "weights/")
_LEFT_OUT = ("ctseg/training/", "ctseg/hub/", "ctseg/static_site/")
"""What a Space with a server never does: train, publish, and write the page that needs none."""


def space_files(hardware: HardwareName, page: Path | None = None) -> dict[str, Path | bytes]:
    """Return exactly the files of a Space by path, as the clone's file or as content of their own.

    Only files that git tracks are taken, so that nothing else can slip out of the clone.

    Parameters
    ----------
    hardware : what it is to run on
    page : folder with the page of a static Space

    Raises
    ------
    HubError
        If this is no clone, or a static Space has no page.
    """
    top = packaged_folder("weights").parent
    readme = (top / "README.md").read_text(encoding="utf-8") if (top / "README.md").is_file() else ""
    if hardware == "static":
        return _static_files(page, readme)
    tracked = _tracked(top)
    chosen = [path for path in tracked if path in _TOPS or (path.startswith(_FOLDERS) and _is_served(path))]
    files: dict[str, Path | bytes] = {path: top / path for path in chosen}
    files["README.md"] = space_readme(readme, hardware).encode()
    if hardware == "zero-gpu":
        pins = (top / "requirements.txt").read_text(encoding="utf-8")
        files["requirements.txt"] = zero_gpu_requirements(pins).encode()
    return dict(sorted(files.items()))


def space_readme(readme: str, hardware: HardwareName) -> str:
    """Return the README of a Space: the clone's front matter for this hardware, and its introduction."""
    _, front, text = readme.split("---\n", 2)
    if hardware == "zero-gpu":
        front = re.sub(r"(?m)^python_version: .*$", f'python_version: "{ZERO_GPU_PYTHON}"', front)
    if hardware == "static":
        kept = [line for line in front.splitlines() if line.startswith(("title:", "license:", "short_desc"))]
        isolated = ["custom_headers:", "  cross-origin-embedder-policy: require-corp"]
        isolated += [
            "  cross-origin-opener-policy: same-origin",
            "  cross-origin-resource-policy: cross-origin",
        ]
        front = "\n".join([*kept, "sdk: static", "app_file: index.html", *isolated, ""])
    introduction = text.split("\n![", 1)[0].strip()
    return f"---\n{front}---\n\n{introduction}\n"


def zero_gpu_requirements(requirements: str) -> str:
    """Return the pins with those that a ZeroGPU Space runs in place of ours, and ``spaces`` added."""
    lines = [line for line in requirements.splitlines() if line.split("==")[0] not in ZERO_GPU_PINS]
    return "\n".join([*lines, *(f"{name}=={version}" for name, version in ZERO_GPU_PINS.items())]) + "\n"


def _is_served(path: str) -> bool:
    if path.startswith("weights/") and not path.endswith(".toml"):
        return any(path == f"weights/{file}" for card in CARDS.values() for file in card.weights)
    return not path.startswith(_LEFT_OUT)


def _tracked(top: Path) -> list[str]:
    try:
        listed = subprocess.run(
            ["git", "-C", str(top), "ls-files", "-z"],  # noqa: S607 git is where the user has it
            check=True,
            capture_output=True,
            timeout=60,
        ).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise HubError("A Space is published from a clone of ctseg with git; this is none.") from error
    return [path for path in listed.decode().split("\0") if path and (top / path).is_file()]


def _static_files(page: Path | None, readme: str) -> dict[str, Path | bytes]:
    if page is None or not (page / "index.html").is_file():
        raise HubError(
            "This folder has no index.html; leave out --page, or name one that `ctseg export-static` wrote."
        )
    found = [path for path in sorted(page.rglob("*")) if path.is_file()]
    files: dict[str, Path | bytes] = {path.relative_to(page).as_posix(): path for path in found}
    return files | {"README.md": space_readme(readme, "static").encode()}

"""Writes the folder that is the static page: scripts, networks, runtime, examples, the committed board."""

import json
import shutil
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from ctseg import __version__
from ctseg.errors import UserError
from ctseg.methods import CARDS
from ctseg.static_site.board import board_page
from ctseg.static_site.examples import write_examples
from ctseg.static_site.facts import METHODS, engine_facts, network_files, page_facts, published
from ctseg.ui.compare.early import joined_script, stage_style
from ctseg.ui.compare.frames import frame, unframed
from ctseg.ui.compare.opening import opening_frames
from ctseg.ui.components.assets import read_asset
from ctseg.ui.components.display import marks_style
from ctseg.ui.components.templates import render
from ctseg.ui.theme import theme

_RUNTIME = "onnxruntime/ort-wasm-simd-threaded.wasm.gz"
_LOCAL, _START = "local.js", "start.js"


class ExportError(UserError):
    """The folder cannot be written; the message is one sentence."""


def export_static(out: Path) -> int:
    """Write the static page into a folder that is not there yet, or is empty; return its bytes.

    Raises
    ------
    ExportError
        If something is there already, or it cannot be written.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ExportError(f"{out} is not empty; name a new folder, or empty it first.")
    try:
        out.mkdir(parents=True, exist_ok=True)
        _write(out)
    except OSError as error:
        raise ExportError(f"{out} cannot be written ({error.strerror}); choose another folder.") from error
    return sum(path.stat().st_size for path in out.rglob("*") if path.is_file())


def _write(out: Path) -> None:
    with as_file(files("ctseg.static_site")) as package:
        shutil.copytree(package / "static" / "engine", out / "engine")
        shutil.copytree(package / "vendor" / "onnxruntime-web", out / "onnxruntime")
        for name in ("site.css", "theme.js", "isolate.js", "headers.js"):
            shutil.copyfile(package / "static" / "page" / name, out / name)
        own = [(package / "static" / "page" / name).read_text(encoding="utf-8") for name in (_LOCAL, _START)]
    for name in METHODS:
        for place, path in network_files(CARDS[name]).items():
            (out / place).parent.mkdir(exist_ok=True)
            shutil.copyfile(path, out / place)
    examples = write_examples(out / "examples")
    runtime = json.loads((out / "onnxruntime" / "SOURCE.json").read_text(encoding="utf-8"))
    versions = {"ctseg": __version__, runtime["package"]: runtime["version"]}
    facts = engine_facts(published(out / _RUNTIME, _RUNTIME), versions, examples)
    _write_text(out / "facts.js", _module(facts))
    _write_text(out / "stage.js", joined_script(page_facts(examples), *own))
    _write_text(out / "stage.css", "\n".join([theme()._get_theme_css(), stage_style(), *_board_style()]))
    (out / "opening.frames").write_bytes(_opening())
    _write_text(out / "index.html", render("static_site", "index", marks=marks_style()))
    _write_text(out / "leaderboard.html", board_page())


def _board_style() -> list[str]:
    return [read_asset("components", "shared.css"), read_asset("leaderboard", "page.css")]


def _module(facts: dict[str, Any]) -> str:
    return f"export const FACTS = {json.dumps(facts)};\n"


def _opening() -> bytes:
    """Return the finished first result, of the methods that this page has, deflated part by part."""
    packed = []
    for message, arrays in unframed(opening_frames()):
        if message.get("method", "unet-tvmf") not in METHODS:
            continue
        if "beforehand" in message:
            message["methods"] = [each for each in message["methods"] if each["name"] in METHODS]
        packed.append(frame(message, arrays))
    return b"".join(packed)


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")

"""Methods are found by name, here and in other packages, without importing torch."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ctseg.methods import CARDS, MethodError, load
from ctseg.methods.base import registry

ONE_LABEL = """
import dataclasses

import numpy as np

from ctseg.methods import Stopped
from ctseg.methods.classical.watershed import CARD as WATERSHED

CARD = dataclasses.replace(WATERSHED, name="one-label", title="One label")


class OneLabel:
    def segment(self, ct_slice, stop, progress):
        if stop.is_set():
            raise Stopped
        return np.ones(ct_slice.shape, dtype=np.int32)


def load():
    return OneLabel()
"""


def install(folder: Path, package: str, source: str) -> None:
    """Write a package and the metadata that announces it, as an installer would."""
    (folder / f"{package}.py").write_text(source, encoding="utf-8")
    metadata = folder / f"{package}-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(f"[ctseg.methods]\n{package} = {package}\n")


def ask(folder: Path, question: str) -> Any:
    """Run Python in a process of its own that sees the packages of a folder; return the JSON it prints."""
    path = os.pathsep.join([str(folder), *filter(None, [os.environ.get("PYTHONPATH")])])
    done = subprocess.run(
        [sys.executable, "-c", f"import json\n{question}"],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def test_listing_imports_nothing_heavy(tmp_path: Path) -> None:
    heavy = ["torch", "onnxruntime", "skimage", "gradio", "segment_anything"]
    question = (
        f"import sys, ctseg; list(ctseg.METHODS); print(json.dumps([m for m in {heavy} if m in sys.modules]))"
    )
    assert ask(tmp_path, question) == []


def test_the_methods_of_this_project_are_listed() -> None:
    assert {"watershed", "sam-vit-t", "unet-simclr", "unet-tvmf", "vit-mae", "swin-mae"} <= CARDS.keys()
    assert all(name == card.name for name, card in CARDS.items())


def test_another_package_can_add_a_method(tmp_path: Path) -> None:
    install(tmp_path, "outside_method", ONE_LABEL)
    question = (
        "import numpy as np\n"
        "from ctseg.methods import METHODS, NeverStop, ignore_progress, load\n"
        "from ctseg.slices import CTSlice\n"
        "ct_slice = CTSlice(np.zeros((2, 3), np.uint8), '8-bit', None, 'test')\n"
        "label_map = load('one-label').segment(ct_slice, NeverStop(), ignore_progress)\n"
        "print(json.dumps([METHODS['one-label'].title, label_map.tolist()]))"
    )
    assert ask(tmp_path, question) == ["One label", [[1, 1, 1], [1, 1, 1]]]


@pytest.mark.parametrize(
    "source",
    [
        "raise RuntimeError('broken')",
        "import a_module_that_is_not_there",
        "CARD = 'no card'",
        ONE_LABEL.replace("one-label", "watershed"),
    ],
    ids=["raises", "misses a module", "no card", "a name that is taken"],
)
def test_another_packages_fault_leaves_the_rest_as_it_is(tmp_path: Path, source: str) -> None:
    install(tmp_path, "outside_method", source)
    question = (
        "from ctseg.methods import METHODS; print(json.dumps({n: c.title for n, c in METHODS.items()}))"
    )
    assert ask(tmp_path, question) == {name: card.title for name, card in CARDS.items()}


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(MethodError, match=r"no method 'watershde'; choose one of .*watershed"):
        load("watershde")


def test_a_planned_method_cannot_be_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    planned = replace(CARDS["watershed"], name="a-plan", trained=False)
    monkeypatch.setattr(registry, "CARDS", {**CARDS, "a-plan": planned})
    with pytest.raises(MethodError, match="not trained yet"):
        load("a-plan")


def test_a_method_is_loaded_once() -> None:
    assert load("watershed") is load("watershed")

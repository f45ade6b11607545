"""What CONTRIBUTING says about adding things is done in a copy of the project, and works there."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[1]


class Clone:
    """A copy of the project that may be changed; commands run in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for part in ("ctseg", "scripts", "docs", "leaderboard"):
            shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
        (folder / "weights").symlink_to(ROOT / "weights")

    def python(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            env=os.environ | {"PYTHONPATH": str(self.folder)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def ctseg(self, *arguments: str) -> str:
        return self.python("-m", "ctseg", *arguments)

    def change(self, file: str, old: str, new: str) -> None:
        path = self.folder / file
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {file}"
        path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    return Clone(tmp_path)


def test_a_method_is_one_file_and_make_docs(clone: Clone) -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    (name,) = re.findall(r"Write `(ctseg/methods/\w+/\w+\.py)`", text)
    (clone.folder / name).write_text(example, encoding="utf-8")
    assert "bright-parts" in clone.ctseg("methods")
    clone.python("scripts/docs/make_method_docs.py")
    assert (clone.folder / "docs" / "methods" / "bright-parts.md").read_text().startswith("# Bright parts")
    bright = np.zeros((64, 64), np.uint8)
    bright[8:20, 8:20] = bright[30:50, 30:50] = 200
    Image.fromarray(bright).save(clone.folder / "slice.png")
    clone.ctseg("segment", "slice.png", "--method", "bright-parts", "--out", "out")
    (labels,) = (clone.folder / "out").rglob("labels.png")
    assert len(np.unique(np.asarray(Image.open(labels)))) == 3


def test_a_score_is_two_files(clone: Clone) -> None:
    clone.change("ctseg/metrics/scores.py", "    ri: float\n", "    ri: float\n    constant: float\n")
    clone.change(
        "ctseg/metrics/scores.py",
        "        ri=rand_index_from_table(table),\n",
        "        ri=rand_index_from_table(table),\n        constant=0.25,\n",
    )
    clone.change(
        "ctseg/metrics/catalogue.py",
        "_ALL = (\n",
        '_ALL = (\n    ScoreInfo(key="constant", title="Constant", better="higher", explanation="The same.", '
        'asks="nothing"),\n',
    )
    Image.fromarray(np.eye(16, dtype=np.uint8)).save(clone.folder / "map.png")
    answer = json.loads(clone.ctseg("score", "map.png", "map.png", "--json"))
    assert answer["scores"]["constant"] == 0.25
    rows = json.loads(clone.ctseg("board", "phantom-val", "--json"))
    assert rows
    # Stored before there was this score: nothing to tell, and nothing breaks.
    assert {row["constant"] for row in rows} == {None}


def test_a_column_of_the_boards_is_one_file(clone: Clone) -> None:
    table = "ctseg/leaderboard/results/table.py"
    clone.change(table, '    "patients",\n', '    "patients",\n    "images",\n')
    clone.change(
        table,
        '        "patients": len(set(result.patients)),\n',
        '        "patients": len(set(result.patients)),\n        "images": len(result.images),\n',
    )
    rows = json.loads(clone.ctseg("board", "phantom-val", "--json"))
    assert {row["images"] for row in rows} == {60}


def test_a_format_of_slices_is_two_files(clone: Clone) -> None:
    (clone.folder / "ctseg" / "slices" / "formats" / "pgm.py").write_text(
        '"""Portable grey maps of 8 bits."""\n\n'
        "import numpy as np\n\nfrom ctseg.slices.stack import Stack\n\n\n"
        "def read_pgm(file):\n"
        '    _, size, _, pixels = file.read().split(b"\\n", 3)\n'
        "    columns, rows = map(int, size.split())\n"
        "    grey = np.frombuffer(pixels, np.uint8).reshape(1, rows, columns)\n"
        '    return Stack(grey, "8-bit", None, "PGM")\n',
        encoding="utf-8",
    )
    row = '    "pgm": Format("PGM", (b"P5\\n",), reads="pgm:read_pgm"),\n'
    clone.change("ctseg/slices/sniff.py", "FORMATS = {\n", "FORMATS = {\n" + row)
    bright = np.zeros((64, 48), np.uint8)
    bright[8:20, 8:20] = bright[30:50, 30:40] = 200
    (clone.folder / "slice.pgm").write_bytes(b"P5\n48 64\n255\n" + bright.tobytes())
    clone.ctseg("segment", "slice.pgm", "--method", "multi-otsu", "--out", "out")
    (labels,) = (clone.folder / "out").rglob("labels.png")
    assert np.asarray(Image.open(labels)).shape == (64, 48)


def test_a_page_is_two_files(clone: Clone) -> None:
    package = clone.folder / "ctseg" / "ui" / "hello"
    package.mkdir()
    (package / "page.py").write_text(
        'import gradio as gr\n\n\ndef hello_page() -> None:\n    gr.Markdown("A page of its own")\n',
        encoding="utf-8",
    )
    clone.change(
        "ctseg/ui/app.py",
        "    return pages\n",
        '    from ctseg.ui.hello.page import hello_page\n\n    with pages.route("Hello", "/hello"):\n'
        "        hello_page()\n    return pages\n",
    )
    answer = clone.python(
        "-c", "from ctseg.ui.app import build; import json; print('A page of its own' in str(build().config))"
    )
    assert answer.strip().endswith("True")

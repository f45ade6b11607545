"""An installed wheel without extras reads, scores and has its weights with it, and pulls in no torch."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from pydicom.data import get_testdata_file

from ctseg.labelmaps.files import write_png16

ROOT = Path(__file__).resolve().parents[1]
CHECK = """
import importlib.util, sys
import ctseg
from ctseg.weights import manifest
assert importlib.util.find_spec("torch") is None and importlib.util.find_spec("gradio") is None
assert ctseg.read_slice(sys.argv[1]).intensity == "HU"
assert ctseg.segment(sys.argv[1], "watershed").max() > 10
home = ctseg.weights.__file__.rsplit("ctseg", 1)[0]
assert "site-packages" in home, home
assert manifest()
"""


@pytest.mark.slow
def test_the_wheel_without_extras_works_alone(tmp_path: Path) -> None:
    python = tmp_path / "venv" / "bin" / "python"
    uv = [sys.executable, "-m", "uv"]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    for command in (
        [*uv, "build", "--quiet", "--wheel", "--out-dir", str(tmp_path), str(ROOT)],
        [*uv, "venv", "--quiet", "--python", sys.executable, str(tmp_path / "venv")],
    ):
        subprocess.run(command, check=True, env=environment)
    (wheel,) = tmp_path.glob("*.whl")
    subprocess.run(
        [*uv, "pip", "install", "--quiet", "--python", str(python), str(wheel)], check=True, env=environment
    )
    ct_small = str(get_testdata_file("CT_small.dcm"))
    subprocess.run([str(python), "-c", CHECK, ct_small], check=True, cwd=tmp_path, env=environment)
    write_png16(tmp_path / "a.png", np.eye(9, dtype=np.uint8))
    scored = subprocess.run(
        [str(python.with_name("ctseg")), "score", "a.png", "a.png"],
        check=True,
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert "1.0000" in scored.stdout

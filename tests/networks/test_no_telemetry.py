"""Running a network leaves nothing in the user's home and tells nobody."""

import os
import subprocess
import sys
from pathlib import Path

_RUN = """
import numpy as np
from ctseg import segment
from ctseg.slices import CTSlice
print(segment(CTSlice(np.zeros((32, 32), np.uint8), "8-bit", None, "drawn"), "unet-tvmf").shape)
"""


def test_a_network_keeps_no_identifier_at_home(tmp_path: Path) -> None:
    """ONNX Runtime would put one into the cache; where it may, it also asks its maker's server."""
    # Where the environment looks like a test's, it keeps none of itself.
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    done = subprocess.run(
        [sys.executable, "-c", _RUN],
        env=kept | {"HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "(32, 32)\n", done.stderr
    assert "elemetry" not in done.stderr
    assert [path for path in tmp_path.rglob("*") if "onnxruntime" in path.name] == []

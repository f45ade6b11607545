"""Decoders that misbehave, run by the tests in the decoder's own process."""

import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Decoded = tuple[NDArray[Any], dict[str, Any]]


def crash(path: str) -> Decoded:
    """Fail as a broken codec does."""
    ctypes.string_at(0)
    raise AssertionError("unreachable")


def be_killed(path: str) -> Decoded:
    """End as the kernel ends a process when memory is short."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("unreachable")


def sleep(path: str) -> Decoded:
    """Never come back."""
    time.sleep(600)
    raise AssertionError("unreachable")


def wait_for_gate(path: str) -> Decoded:
    """Come back when a file called "gate" lies beside the upload."""
    while not Path(path).with_name("gate").exists():
        time.sleep(0.02)
    return mirrored(path)


def spin(path: str) -> Decoded:
    """Keep a core busy for ever."""
    while True:
        pass


def start_child_and_sleep(path: str) -> Decoded:
    """Start a process that would outlive its parent, and leave its number in the file."""
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    Path(path).write_text(str(child.pid))
    time.sleep(600)
    raise AssertionError("unreachable")


def eat_memory(path: str) -> Decoded:
    """Ask for more memory than any file deserves."""
    return np.ones((1, 1 << 16, 1 << 16), np.uint8), {}


def fill_disk(path: str) -> Decoded:
    """Return more than may be handed over."""
    return np.zeros((64, 1024, 1024), np.uint8), {}


def quote_file(path: str) -> Decoded:
    """Fail and complain as libraries do, quoting the file, on every channel there is."""
    sys.stderr.write(f"cannot decode {path}\n")
    sys.stdout.write(f"cannot decode {path}\n")
    raise ValueError(f"cannot decode {path}: (0010,0010) PatientName Doe^Jane")


def lie_about_shape(path: str) -> Decoded:
    """Answer as a hijacked decoder might: a shape that the bytes do not hold."""
    return _answer(path, {"shape": [1, 4000, 4000], "dtype": "uint8", "metadata": {}}, b"1234")


def lie_about_dtype(path: str) -> Decoded:
    """Answer with a dtype whose elements would be objects."""
    return _answer(path, {"shape": [1], "dtype": "O", "metadata": {}}, b"12345678")


def lie_about_length(path: str) -> Decoded:
    """Answer with lengths that are no numbers."""
    return _answer(path, {"shape": ["many", -1], "dtype": "uint8", "metadata": {}}, b"1234")


def answer_nonsense(path: str) -> Decoded:
    """Answer with something that is not JSON."""
    return _end_with(path, "{", b"")


def answer_with_a_list(path: str) -> Decoded:
    """Answer with JSON of another kind."""
    return _end_with(path, "[1]", b"")


def answer_at_length(path: str) -> Decoded:
    """Answer with far more text than any file needs."""
    return _end_with(path, '{"refused": "' + "x" * (5 << 20) + '"}', b"")


def preach(path: str) -> Decoded:
    """Refuse with a sermon full of control characters."""
    return _answer(path, {"refused": "No.\x1b[31m\n" * 1000}, b"")


def leave_early(path: str) -> Decoded:
    """End well, but without an answer."""
    os._exit(0)


def contradict_itself(path: str) -> Decoded:
    """Give facts of a stack that do not fit its pixels."""
    facts = {
        "intensity": "HU",
        "spacing_mm": None,
        "source": "PNG",
        "window": None,
        "affines": None,
        "notes": [],
    }
    return np.zeros((1, 2, 2), np.uint8), facts


def environment(path: str) -> Decoded:
    """Tell what the process was given to know, and what it has imported."""
    modules = [name for name in ("torch", "gradio") if name in sys.modules]
    return np.zeros(1, np.uint8), {"environment": dict(os.environ), "modules": modules}


def mirrored(path: str) -> Decoded:
    """Return a view that is not contiguous, and one dimension only."""
    return np.arange(6, dtype=np.int16)[::-2], {"path": path}


def _answer(path: str, answer: dict[str, Any], pixels: bytes) -> Any:
    _end_with(path, json.dumps(answer), pixels)


def _end_with(path: str, answer: str, pixels: bytes) -> Any:
    # The tests hand decoded data over beside the file.
    [folder] = Path(path).parent.glob("ctseg-*")
    (folder / "pixels").write_bytes(pixels)
    (folder / "answer.json").write_text(answer)
    os._exit(0)

"""Networks served by ONNX Runtime: they load in a fraction of the time, because torch is not imported."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from ctseg.settings import THREADS

GRAPHS = Path(__file__).with_name("graphs")
"""Graphs without weights, one for each network and size, written by ``scripts/docs/make_graphs.py``."""

_ERRORS_ONLY = 3
_COUNTER = "num_batches_tracked"  # only training looks at it


class ServedNetwork:
    """A network ready to predict; several threads may use one object.

    Parameters
    ----------
    path : safetensors file with ``network`` and ``size`` in its metadata; half precision is widened
    times : so many times as large as the file says it looks at a slice; there must be a graph of that size

    Attributes
    ----------
    size : side in px at which it looks at a slice

    Raises
    ------
    ValueError
        If the file is no safetensors file, lacks those facts, or does not fit the graph of its network.
    """

    def __init__(self, path: Path, times: float = 1.0) -> None:
        facts, weights = _read(path)
        facts = dict(_enlarged(facts, times))
        graph = _graph(facts)
        if not graph.is_file():
            raise ValueError(f"{path.name} does not say which network it belongs to; export it again.")
        self.size = int(facts["size"])
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = max(1, int(THREADS.number()))
        options.log_severity_level = _ERRORS_ONLY
        # Without an arena the memory of one run is given back after it.
        options.enable_cpu_mem_arena = False
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        values = [onnxruntime.OrtValue.ortvalue_from_numpy(value) for value in weights.values()]
        options.add_external_initializers(list(weights), values)
        try:
            self._session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # ONNX Runtime's own kinds of error share no base class
            raise ValueError(f"{path.name} does not fit {graph.stem}; export it again.") from error

    def logits(self, image: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return logits (1, C, S, S) of an image (1, 1, S, S) in [-1, 1]: background, foreground, more."""
        return np.asarray(self._session.run(["logits"], {"grey": image})[0])


def graph_of(path: Path, times: float = 1.0) -> Path:
    """Return where the graph of a file's network lies, if it is one of those that are served.

    Parameters
    ----------
    path, times : as of :class:`ServedNetwork`

    Raises
    ------
    ValueError
        If the file is no safetensors file.
    """
    try:
        with safe_open(path, framework="numpy") as file:
            return _graph(_enlarged(file.metadata() or {}, times))
    except SafetensorError as error:
        raise ValueError(f"{path.name} is no safetensors file; fetch it again.") from error


def larger(size: int, times: float) -> int:
    """Return a side so many times as large in px, a multiple of 32 as networks need it."""
    return round(size * times / 32) * 32


def _enlarged(facts: Mapping[str, str], times: float) -> Mapping[str, str]:
    """Return a file's facts with a larger size; as they are if they tell none."""
    size = facts.get("size", "")
    return {**facts, "size": str(larger(int(size), times))} if size.isdecimal() and times != 1 else facts


def _graph(facts: Mapping[str, str]) -> Path:
    return GRAPHS / Path(f"{facts.get('network', '')}-{facts.get('size', '')}.onnx").name


def _read(path: Path) -> tuple[dict[str, str], dict[str, NDArray[np.generic]]]:
    try:
        with safe_open(path, framework="numpy") as file:
            facts = file.metadata() or {}
            names = [name for name in file.keys() if not name.endswith(_COUNTER)]  # noqa: SIM118  not a dict
            weights = {name: file.get_tensor(name) for name in names}
    except SafetensorError as error:
        raise ValueError(f"{path.name} is no safetensors file; fetch it again.") from error
    return facts, {
        name: value.astype(np.float32) if value.dtype == np.float16 else value
        for name, value in weights.items()
    }

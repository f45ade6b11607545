"""An image encoder stored as ONNX, run so that it can be stopped."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray
from torch import Tensor

from ctseg.methods.base.method import StopFlag, Stopped, raise_if_stopped
from ctseg.methods.sam.engine.threads import THREADS

LOOK_AGAIN_SECONDS = 0.05


@contextmanager
def _stopping(options: onnxruntime.RunOptions, stop: StopFlag) -> Iterator[None]:
    """Watch the stop flag from a second thread, and end the run when it is set."""
    done = threading.Event()

    def watch() -> None:
        while not done.wait(LOOK_AGAIN_SECONDS):
            if stop.is_set():
                options.terminate = True
                return

    watcher = threading.Thread(target=watch, name="ctseg-encoder-stop", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()


class OnnxEncoder:
    """Loads an ONNX encoder with input (1, 3, 1024, 1024) and output (1, 256, 64, 64), float32.

    Its half-precision weights are followed by casts that ONNX Runtime folds while loading, so it computes in
    float32. Several threads may use one object.
    """

    def __init__(self, file: Path) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = THREADS
        # Without an arena the memory of one run is given back after it, for the decoder to use.
        options.enable_cpu_mem_arena = False
        options.add_free_dimension_override_by_name("batch_size", 1)
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])

    def embed(self, pixels: NDArray[np.float32], stop: StopFlag) -> Tensor:
        """Embed a normalised, padded image.

        Parameters
        ----------
        pixels : ndarray of float32, shape (1, 3, 1024, 1024)

        Returns
        -------
        Tensor of float32, shape (1, 256, 64, 64)

        Raises
        ------
        Stopped
            If ``stop`` is set meanwhile.
        """
        options = onnxruntime.RunOptions()
        name = self._session.get_inputs()[0].name
        try:
            with _stopping(options, stop):
                (embedding,) = self._session.run(None, {name: pixels}, options)
        except Exception as error:
            if stop.is_set():
                raise Stopped from error
            raise
        raise_if_stopped(stop)
        return torch.from_numpy(embedding)

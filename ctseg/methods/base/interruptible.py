"""Run a recipe that cannot be interrupted: in this process if it is quick, else in one that can be killed.

A recipe is a module with ``segment_image(image, after_step)`` and ``STEPS``; what is heavy it imports inside
that function.
"""

import importlib
import os
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import IO

import numpy as np
from numpy.typing import NDArray

from ctseg.methods.base.method import NeverStop, Progress, StopFlag, ignore_progress, raise_if_stopped
from ctseg.slices.ct_slice import CTSlice, Window
from ctseg.slices.windowing import to_uint8

MAX_IN_PROCESS_PX = 512 * 512
"""Above this one step alone may take longer than a stop may; scikit-image cannot be interrupted."""
LOOK_AGAIN_SECONDS = 0.05


class RecipeMethod:
    """A method that is a recipe applied to a slice's grey levels, with a stop flag that works at any size.

    Parameters
    ----------
    recipe : name of the module
    input_window : in HU, for slices in HU
    """

    def __init__(self, recipe: str, input_window: Window) -> None:
        self._recipe = importlib.import_module(recipe)
        self._input_window = input_window

    def segment(
        self, ct_slice: CTSlice, stop: StopFlag = NeverStop(), progress: Progress = ignore_progress
    ) -> NDArray[np.int32]:
        """See ``ctseg.methods.Method``."""
        return run_recipe(self._recipe, to_uint8(ct_slice, self._input_window), stop, progress)


def run_recipe(
    recipe: ModuleType, image: NDArray[np.uint8], stop: StopFlag, progress: Progress
) -> NDArray[np.int32]:
    """Return the recipe's label map of an image.

    Parameters
    ----------
    recipe : module with ``segment_image`` and ``STEPS``
    image : ndarray of uint8, shape (H, W)
    stop, progress : as in ``ctseg.methods.Method``

    Returns
    -------
    ndarray of int32, shape (H, W)

    Raises
    ------
    Stopped
        If ``stop`` is set before the label map is ready.
    """
    raise_if_stopped(stop)
    progress(0.0)
    answer = _in_process if image.size <= MAX_IN_PROCESS_PX else _in_subprocess
    return answer(recipe, image, stop, progress)


def _in_process(
    recipe: ModuleType, image: NDArray[np.uint8], stop: StopFlag, progress: Progress
) -> NDArray[np.int32]:
    def after_step(step: int) -> None:
        raise_if_stopped(stop)
        progress(step / recipe.STEPS)

    label_map: NDArray[np.int32] = recipe.segment_image(image, after_step)
    return label_map


def _in_subprocess(
    recipe: ModuleType, image: NDArray[np.uint8], stop: StopFlag, progress: Progress
) -> NDArray[np.int32]:
    command = [sys.executable, "-P", "-m", "ctseg.methods.base.worker", recipe.__name__]
    # The package may stand in a checkout that is not installed.
    home = str(Path(__file__).resolve().parents[3])
    path = os.pathsep.join(filter(None, (home, os.environ.get("PYTHONPATH"))))
    # Files without a name: they take any size without a reader on the other side, and vanish with this block.
    with (
        tempfile.TemporaryFile() as asked,
        tempfile.TemporaryFile() as answer,
        tempfile.TemporaryFile() as stderr,
    ):
        np.save(asked, image, allow_pickle=False)
        asked.seek(0)
        with subprocess.Popen(
            command, stdin=asked, stdout=answer, stderr=stderr, env=os.environ | {"PYTHONPATH": path}
        ) as process:
            try:
                _wait(process, stderr, recipe.STEPS, stop, progress)
            finally:
                process.kill()
        if process.returncode != 0:
            stderr.seek(0)
            raise RuntimeError(f"A recipe's process ended early: {stderr.read().decode(errors='replace')}")
        answer.seek(0)
        label_map: NDArray[np.int32] = np.load(answer, allow_pickle=False)
    progress(1.0)
    return label_map


def _wait(
    process: subprocess.Popen[bytes], stderr: IO[bytes], steps: int, stop: StopFlag, progress: Progress
) -> None:
    while True:
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=LOOK_AGAIN_SECONDS)
            return
        raise_if_stopped(stop)
        progress(min(os.fstat(stderr.fileno()).st_size, steps) / steps)

"""The report's baseline: a watershed of the edges, flooded from flat places."""

import os
import subprocess
import sys
import tempfile
from typing import IO

import numpy as np
from numpy.typing import NDArray

from ctseg.methods import watershed_recipe
from ctseg.methods.card import Card
from ctseg.methods.method import Method, NeverStop, Progress, StopFlag, Stopped, ignore_progress
from ctseg.slices.ct_slice import CTSlice
from ctseg.slices.windowing import SOFT_TISSUE, to_uint8

CARD = Card(
    name="watershed",
    title="Watershed",
    family="classical",
    summary=(
        "Finds flat places in the grey levels and lets them grow until they meet at edges. It learns "
        "nothing, and puts every pixel into some region."
    ),
    paper="Neubert and Protzel, Compact Watershed and Preemptive SLIC, ICPR 2014",
    paper_url="https://doi.org/10.1109/ICPR.2014.181",
    input_window=SOFT_TISSUE,
    handles_unknown_window=True,
    weights=(),
    weights_licence="none needed",
    training_data="None.",
    saw=("nothing",),
    parameters=0,
    seconds=0.2,
    full_tiling=True,
    known_failures=(
        "Cuts one organ into many regions wherever its texture or noise makes an edge.",
        "Also divides air, table and everything else that is no structure.",
        "Finds nothing in a slice so noisy that no place is flat.",
    ),
    trained=True,
)

LARGEST_IN_PROCESS_PX = 512 * 512
"""Above this the last step alone takes longer than a stop may; scikit-image cannot be interrupted."""
LOOK_AGAIN_SECONDS = 0.05


class Watershed:
    """The recipe, with a stop flag that works at any size."""

    def segment(
        self, ct_slice: CTSlice, stop: StopFlag = NeverStop(), progress: Progress = ignore_progress
    ) -> NDArray[np.int32]:
        """See ``ctseg.methods.Method``."""
        if stop.is_set():
            raise Stopped
        progress(0.0)
        image = to_uint8(ct_slice, CARD.input_window)
        answer = _in_process if image.size <= LARGEST_IN_PROCESS_PX else _in_subprocess
        return answer(image, stop, progress)


def _in_process(image: NDArray[np.uint8], stop: StopFlag, progress: Progress) -> NDArray[np.int32]:
    def after_step(step: int) -> None:
        if stop.is_set():
            raise Stopped
        progress(step / watershed_recipe.STEPS)

    return watershed_recipe.segment_image(image, after_step)


def _in_subprocess(image: NDArray[np.uint8], stop: StopFlag, progress: Progress) -> NDArray[np.int32]:
    """Run the recipe in a process of its own and kill it when the stop flag is set."""
    # -P: modules beside the script must not hide those of the standard library.
    command = [sys.executable, "-P", watershed_recipe.__file__]
    # Files without a name: they take any size without a reader on the other side, and vanish with this block.
    with (
        tempfile.TemporaryFile() as asked,
        tempfile.TemporaryFile() as answer,
        tempfile.TemporaryFile() as told,
    ):
        np.save(asked, image, allow_pickle=False)
        asked.seek(0)
        with subprocess.Popen(command, stdin=asked, stdout=answer, stderr=told) as process:
            try:
                _wait(process, told, stop, progress)
            finally:
                process.kill()
        if process.returncode != 0:
            told.seek(0)
            raise RuntimeError(f"The watershed process ended early: {told.read().decode(errors='replace')}")
        answer.seek(0)
        regions = np.load(answer, allow_pickle=False)
    progress(1.0)
    return regions


def _wait(process: subprocess.Popen[bytes], told: IO[bytes], stop: StopFlag, progress: Progress) -> None:
    while True:
        try:
            process.wait(timeout=LOOK_AGAIN_SECONDS)
        except subprocess.TimeoutExpired:
            if stop.is_set():
                raise Stopped from None
            done = min(os.fstat(told.fileno()).st_size, watershed_recipe.STEPS)
            progress(done / watershed_recipe.STEPS)
        else:
            return


def load() -> Method:
    """Return the method; there is nothing to load."""
    return Watershed()

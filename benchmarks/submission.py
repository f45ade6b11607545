"""Reads, checks and scores submissions of 500 images of 512x512, beside pandas + scikit-learn.

Both take the same CSV, of discs, in the same run. Processor times of this process and its children stand
beside wall-clock times, as other programs on the machine slow the latter. "Memory" is the largest sum of the
resident memory of this process and its children; pages that two of them share count twice. For scikit-learn,
both indices of the first 20 images are timed, and the time is scaled up.
"""

import os
import threading
import time
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import psutil
from numpy.typing import NDArray
from PIL import Image
from sklearn.metrics import adjusted_rand_score

from ctseg.datasets.few_shot import FewShotSplit
from ctseg.labelmaps.files import write_challenge_csv
from ctseg.leaderboard.boards import Board
from ctseg.leaderboard.submissions.metadata import EntryDetails
from ctseg.leaderboard.submissions.read import read_submission
from ctseg.leaderboard.submissions.score import score_submission

IMAGES = 500
SIDE = 512
SKLEARN_IMAGES = 20
BOARD = Board(
    name="mine",
    title="",
    kind="sealed",
    about="",
    redistribution="nothing",
    images=tuple(f"{number}.png" for number in range(IMAGES)),
    shape=(SIDE, SIDE),
)
DETAILS = EntryDetails.from_text(name="benchmark")
AIMS_S = {"y.csv": 10, "y.csv.gz": 10, "y.npz": 5, "y.zip": 5}
AIM_MB = 1024


def discs(seed: int) -> NDArray[np.uint8]:
    """Paint 20 discs of random place, size and label on background for each image, (N, 512, 512)."""
    rng = np.random.default_rng(seed)
    stack = np.zeros((IMAGES, SIDE, SIDE), np.uint8)
    for label_map in stack:
        for label in rng.integers(1, 256, 20):
            (row, column), radius = rng.integers(60, SIDE - 60, 2), rng.integers(5, 60)
            down, across = np.mgrid[-radius : radius + 1, -radius : radius + 1]
            inside = label_map[row - radius : row + radius + 1, column - radius : column + radius + 1]
            inside[down**2 + across**2 < radius**2] = label
    return stack


def png(pixels: NDArray[np.uint8]) -> bytes:
    """Encode an image as PNG."""
    content = BytesIO()
    Image.fromarray(pixels).save(content, "PNG")
    return content.getvalue()


def write_truth(folder: Path, stack: NDArray[np.uint8]) -> None:
    """Write labels, and images of them, in the ``ct-fewshot`` layout."""
    for part in ("images", "labels"):
        (folder / part).mkdir(parents=True)
        for image, label_map in zip(BOARD.images, stack, strict=True):
            (folder / part / image).write_bytes(png(label_map))
    lines = [f"{image},{number // 5}" for number, image in enumerate(BOARD.images)]
    (folder / "index.csv").write_text("\n".join(["image,patient", *lines]), encoding="utf-8")


def write_submissions(folder: Path, stack: NDArray[np.uint8]) -> None:
    """Write the same predictions in each format."""
    label_maps = dict(zip(BOARD.images, stack, strict=True))
    write_challenge_csv(folder / "y.csv", label_maps)
    write_challenge_csv(folder / "y.csv.gz", label_maps)
    np.savez_compressed(folder / "y.npz", images=np.array(BOARD.images), label_maps=stack)
    with zipfile.ZipFile(folder / "y.zip", "w") as archive:
        for image, label_map in label_maps.items():
            archive.writestr(image, png(label_map))


class Memory:
    """Watches the resident memory of this process and its children while a block runs."""

    def __enter__(self) -> "Memory":
        self.peak_mb = 0.0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        me = psutil.Process()
        while not self._done.wait(0.05):
            total = 0
            for process in (me, *me.children(recursive=True)):
                try:
                    total += process.memory_info().rss
                except psutil.NoSuchProcess:
                    continue
            self.peak_mb = max(self.peak_mb, total / 2**20)


def timed(call: Callable[[], object]) -> tuple[float, float, float]:
    """Return wall-clock and processor seconds, and peak memory in MB."""
    before, start = sum(os.times()[:4]), time.perf_counter()
    with Memory() as memory:
        call()
    return time.perf_counter() - start, sum(os.times()[:4]) - before, memory.peak_mb


def ours(path: Path) -> None:
    """Read, check and score, as the app does."""
    score_submission(read_submission(path, BOARD), BOARD, DETAILS)


def theirs(path: Path, truth: Path) -> float:
    """Read with pandas, score the first images with scikit-learn; return the time of the others."""
    table = pd.read_csv(path, index_col=0)
    label_maps = table.T.to_numpy().reshape(-1, SIDE, SIDE)
    split = FewShotSplit(truth, "mine")
    start = sum(os.times()[:4])
    for index in range(SKLEARN_IMAGES):
        true, predicted = split.label_map(index).ravel(), label_maps[index].ravel()
        adjusted_rand_score(true, predicted)
        adjusted_rand_score(true[true != 0], predicted[true != 0])
    return (sum(os.times()[:4]) - start) * (IMAGES / SKLEARN_IMAGES - 1)


def main() -> None:
    """Print one row per format, then one for pandas + scikit-learn."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        truth = discs(1)
        write_truth(folder / "truth", truth)
        write_submissions(folder, np.roll(truth, 3, axis=1))
        del truth
        os.environ["CTSEG_BOARD_FOLDER_MINE"] = str(folder / "truth")
        head = f"{IMAGES} images of {SIDE}x{SIDE}"
        print(f"{head:24s} {'wall s':>7s} {'cpu s':>7s} {'aim s':>6s} {'memory MB':>10s}")
        cpu = {}
        for file, aim in AIMS_S.items():
            wall, cpu[file], peak = timed(lambda file=file: ours(folder / file))
            print(f"{file:24s} {wall:7.1f} {cpu[file]:7.1f} {aim:6d} {peak:10.0f}")
        rest: list[float] = []
        wall, seconds, peak = timed(lambda: rest.append(theirs(folder / "y.csv", folder / "truth")))
        wall, seconds = wall + rest[0], seconds + rest[0]
        print(f"{'pandas + scikit-learn':24s} {wall:7.1f} {seconds:7.1f} {'':6s} {peak:10.0f}")
        ratio = seconds / cpu["y.csv"]
        print(f"pandas + scikit-learn, for 2 of our scores, take {ratio:.1f} times our processor time.")
        print(f"Aims are for 2 free cores; memory {AIM_MB} MB.")


if __name__ == "__main__":
    main()

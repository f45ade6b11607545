"""Times ``ari`` and ``score`` against scikit-learn's adjusted Rand index, in the same run, on 512x512 maps.

Times are processor times: waiting for other programs does not count. Labels are arbitrary, so every figure
includes finding out which there are. "structures" are maps of 20 and of 200 discs, like label maps of slices;
"noise" gives every pixel any label, the worst case.
"""

import time
from collections.abc import Callable
from statistics import median

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import adjusted_rand_score

from ctseg.metrics import ari, score

ROUNDS = 25
SIDE = 512
LARGEST = {"uint8": 255, "uint16": 65535, "int32": 2**31 - 1}
AIM = 20


def structures(count: int, dtype: str, rng: np.random.Generator) -> NDArray[np.integer]:
    """Paint discs of random place, size and label on background, shape (512, 512)."""
    label_map = np.zeros((SIDE, SIDE), dtype)
    rows, columns = np.mgrid[:SIDE, :SIDE]
    for label in rng.integers(1, LARGEST[dtype], count, endpoint=True):
        row, column = rng.integers(0, SIDE, 2)
        label_map[np.hypot(rows - row, columns - column) < rng.integers(5, 50)] = label
    return label_map


def noise(dtype: str, rng: np.random.Generator) -> NDArray[np.integer]:
    """Give every pixel any label, shape (512, 512)."""
    return rng.integers(0, LARGEST[dtype], (SIDE, SIDE), dtype=dtype, endpoint=True)


def median_times(calls: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Median processor time of each call in ms; they take turns, so that a busy machine slows all alike."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for call in calls.values():
        call()
    for _ in range(ROUNDS):
        for name, call in calls.items():
            start = time.process_time()
            call()
            times[name].append(1000 * (time.process_time() - start))
    return {name: median(each) for name, each in times.items()}


def main() -> None:
    """Print one row per kind of label map."""
    rng = np.random.default_rng(20)
    print(f"{'512x512 maps':20s} {'scikit-learn':>13s} {'ari':>9s} {'ratio':>6s} {'score':>9s} {'ratio':>6s}")
    for dtype in LARGEST:
        pairs = {
            "structures": (structures(20, dtype, rng), structures(200, dtype, rng)),
            "noise": (noise(dtype, rng), noise(dtype, rng)),
        }
        for kind, (predicted, true) in pairs.items():
            flat = true.ravel(), predicted.ravel()
            assert abs(ari(predicted, true) - adjusted_rand_score(*flat)) < 1e-12
            times = median_times(
                {
                    "sklearn": lambda flat=flat: adjusted_rand_score(*flat),
                    "ari": lambda pair=(predicted, true): ari(*pair),
                    "score": lambda pair=(predicted, true): score(*pair),
                }
            )
            print(
                f"{dtype + ', ' + kind:20s} {times['sklearn']:10.2f} ms {times['ari']:6.2f} ms "
                f"{times['sklearn'] / times['ari']:6.1f} {times['score']:6.2f} ms "
                f"{times['sklearn'] / times['score']:6.1f}"
            )
    print(f"Aim: ari at least {AIM} times as fast as scikit-learn on uint8 and uint16.")


if __name__ == "__main__":
    main()

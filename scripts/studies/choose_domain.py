"""Choose the score that tells whether a slice is of the kind that the trained methods know.

    CTSEG_DATA=... python scripts/studies/choose_domain.py [--look]

Inside are the slices of `train`, and abdomens among the unlabelled slices; outside are thoraxes and other
regions among these (docs/domain_regions.csv names them, by eye), drawn thoraxes, the sample files, and the
upper slices and pelvis of the examples. The threshold leaves 4.5 % of `train` outside when each patient is
judged by weights that did not see it. Writes ctseg/methods/base/domain.npz.

With --look nothing is chosen: the stored score is measured on `val` and `zeroshot_val`, which is a look at
each and is counted in leaderboard/looks.csv.
"""

import argparse
import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from ctseg.datasets import Split, open_split
from ctseg.datasets.examples import ABDOMEN, TOTALSEGMENTATOR
from ctseg.datasets.folders import data_folder, read_grey
from ctseg.datasets.phantom import phantom_slice
from ctseg.datasets.phantom.dataset import ct_slice as drawn_slice
from ctseg.leaderboard.evaluation.evaluate import code_version
from ctseg.leaderboard.results.look_log import Look, add_look
from ctseg.methods.base.domain import GRID, REGIONS, domain_of, features
from ctseg.slices import CTSlice, read_slice, read_stack
from ctseg.slices.windowing import SOFT_TISSUE, to_uint8

ROOT = Path(__file__).resolve().parents[2]
STORED = ROOT / "ctseg/methods/base/domain.npz"
REGIONS_BY_EYE = ROOT / "docs/domain_regions.csv"
FALSE_ALARMS = 0.045
FOLDS = 8
STRENGTH = 30.0
"""Of the penalty on the squares of the weights of standardised features."""
CONTRASTS = ((1.0, 0.0), (0.85, 10.0), (1.15, -12.0))
"""Windows a little wider and narrower than the usual one."""
_AIR_UP_TO = 8


@dataclass(frozen=True)
class Known:
    """A slice of which the region is known."""

    source: str
    patient: str
    region: str
    grey: NDArray[np.uint8]


def known_slices() -> Iterator[Known]:
    """Yield what is chosen on; nothing of `val` or `zeroshot_val`."""
    train = open_split("ct-fewshot-train")
    for patient, ct_slice in zip(train.patients, _slices(train), strict=True):
        yield Known("train", patient, "abdomen", to_uint8(ct_slice, SOFT_TISSUE))
    data = data_folder()
    with REGIONS_BY_EYE.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            path = data / "ct-fewshot/unlabelled/images" / row["image"]
            yield Known("unlabelled", row["patient"], row["region"], read_grey(path))
    abdomen, trunk = ABDOMEN.stack(), TOTALSEGMENTATOR.stack()
    for index in range(36, 41):
        yield Known("example", "CRLM-1004", "thorax", to_uint8(abdomen[index], SOFT_TISSUE))
    for index in range(0, len(trunk), 2):
        if index < 44 or index >= 56:
            region = "other" if index < 44 else "abdomen"
            yield Known("example", "TotalSegmentator", region, to_uint8(trunk[index], SOFT_TISSUE))
    neck = read_stack(data / "samples/nifti/neck_ct.nii.gz")
    for index in range(len(neck)):
        region = "thorax" if index < 8 else "other"
        yield Known("sample", "neck", region, to_uint8(neck[index], SOFT_TISSUE))
    for path in sorted((data / "samples/dicom").glob("*.dcm")):
        yield Known("sample", path.stem, "thorax", to_uint8(read_slice(path), SOFT_TISSUE))
    for seed in range(9000, 9030):
        drawn = drawn_slice(phantom_slice(seed, "thorax"))
        yield Known("phantom", str(seed), "thorax", to_uint8(drawn, SOFT_TISSUE))


def _slices(split: Split) -> Iterator[CTSlice]:
    for index in range(len(split)):
        yield split.slice(index)


def turned(described: NDArray[np.float32], quarters: int, mirrored: bool) -> NDArray[np.float32]:
    """Return the features of a slice that is turned to the left by quarters, mirrored first."""
    grids = described[: 3 * GRID**2].reshape(3, GRID, GRID)
    grids = np.rot90(grids[:, :, ::-1] if mirrored else grids, quarters, axes=(1, 2))
    aspect, *shares = described[3 * GRID**2 :]
    return np.concatenate([grids.ravel(), [-aspect if quarters % 2 else aspect, *shares]])


def fitted(
    x: NDArray[np.floating], y: NDArray[np.integer], weights: NDArray[np.floating]
) -> NDArray[np.float32]:
    """Return the linear map of multinomial logistic regression, shape (features + 1, classes)."""
    middle, spread = x.mean(axis=0), x.std(axis=0) + 0.05
    z = np.column_stack([(x - middle) / spread, np.ones(len(x))])
    classes = int(y.max()) + 1
    truth = np.eye(classes)[y]

    def loss(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        w = flat.reshape(-1, classes)
        values = z @ w
        values -= values.max(axis=1, keepdims=True)
        logs = values - np.log(np.exp(values).sum(axis=1, keepdims=True))
        penalty = STRENGTH / 2 * (w[:-1] ** 2).sum()
        slope = z.T @ (weights[:, None] * (np.exp(logs) - truth))
        slope[:-1] += STRENGTH * w[:-1]
        return float(-(weights * (truth * logs).sum(axis=1)).sum() + penalty), slope.ravel()

    start = np.zeros(z.shape[1] * classes)
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 300}).x.reshape(
        -1, classes
    )
    plain = found[:-1] / spread[:, None]
    return np.vstack([plain, found[-1] - middle @ plain]).astype(np.float32)


def fair(patients: NDArray[np.str_], y: NDArray[np.integer]) -> NDArray[np.float64]:
    """Weigh each patient by the root of its slices, and the classes alike; the mean is 1."""
    _, at, counts = np.unique(np.char.add(patients, y.astype(str)), return_inverse=True, return_counts=True)
    weights = counts[at] ** -0.5
    for each in np.unique(y):
        weights[y == each] /= weights[y == each].sum()
    return np.asarray(weights * len(y) / weights.sum(), np.float64)


def outside_score(x: NDArray[np.floating], model: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return 1 minus the probability of an abdomen."""
    values = x @ model[:-1] + model[-1]
    powers = np.exp(values - values.max(axis=1, keepdims=True))
    return np.asarray(1 - powers[:, 0] / powers.sum(axis=1), np.float64)


def described() -> Iterator[tuple[Known, float, NDArray[np.float32]]]:
    """Yield each known slice in three contrasts, the factor of the contrast, and its features."""
    for known in known_slices():
        for slope, offset in CONTRASTS:
            changed = known.grey * slope + offset * (known.grey > _AIR_UP_TO)
            yield known, slope, features(np.clip(changed, 0, 255).astype(np.uint8))


def choose(slices: Iterable[tuple[Known, float, NDArray[np.float32]]]) -> None:
    """Fit both linear maps, set the threshold by cross-validation over patients, print rates, store."""
    x, lies, about = [], [], []
    for known, slope, seen in slices:
        for mirrored in (False, True):
            for quarters in range(4 if slope == 1 else 1):
                x.append(turned(seen, quarters, mirrored))
                lies.append(quarters)
                plain = slope == 1 and not mirrored and not quarters
                about.append((known.source, known.patient, known.region, plain))
    every, quarter = np.array(x, np.float64), np.array(lies)
    source, patient, region, plain = (np.array(column) for column in zip(*about, strict=True))
    y = np.array([REGIONS.index(each) for each in region])
    folds = dict(zip(np.random.default_rng(0).permutation(np.unique(patient)), range(10**6), strict=False))
    fold = np.array([folds[each] % FOLDS for each in patient])
    upright = quarter == 0
    score = np.full(len(every), np.nan)
    right = np.zeros(len(every), bool)
    for k in range(FOLDS):
        rest, held = upright & (fold != k), fold == k
        score[held] = outside_score(every[held], fitted(every[rest], y[rest], fair(patient[rest], y[rest])))
        lie = fitted(every[fold != k], quarter[fold != k], fair(patient[fold != k], quarter[fold != k]))
        right[held] = (every[held] @ lie[:-1] + lie[-1]).argmax(axis=1) == quarter[held]
    threshold = float(np.quantile(score[plain & (source == "train")], 1 - FALSE_ALARMS))
    for name in dict.fromkeys(zip(source, region, strict=True)):
        chosen = plain & (source == name[0]) & (region == name[1])
        of = len(np.unique(patient[chosen]))
        turns = (source == name[0]) & (region == name[1])
        said = int((score[chosen] > threshold).sum())
        print(
            f"{name[0]}, {name[1]}: {said} of {int(chosen.sum())} slices of {of} patients outside; "
            f"{right[turns].mean():.3f} of turned copies told right"
        )
    print(f"threshold {threshold:.4f}")
    np.savez(
        STORED,
        allow_pickle=False,
        region=fitted(every[upright], y[upright], fair(patient[upright], y[upright])),
        lie=fitted(every, quarter, fair(patient, quarter)),
        threshold=np.float32(threshold),
    )


def look() -> None:
    """Measure the stored score on `val` and `zeroshot_val`, and count both looks."""
    for board in ("ct-fewshot-val", "ct-fewshot-zeroshot"):
        split = open_split(board)
        found = [domain_of(ct_slice) for ct_slice in _slices(split)]
        patients = np.array(split.patients)
        said = np.array([each.outside for each in found])
        print(f"{board}: {int(said.sum())} of {len(said)} slices of {len(set(patients))} patients outside")
        for patient in sorted(set(patients)):
            mine = patients == patient
            lies = sorted({each.lie for each, own in zip(found, mine, strict=True) if own})
            print(f"  {int(said[mine].sum())} of {int(mine.sum())}, lying {', '.join(lies)}")
        about = {"date": date.today().isoformat(), "commit": code_version(), "board": board}
        add_look(ROOT / "leaderboard/looks.csv", Look(**about, method="domain-check", ari="", fg_ari=""))


def main() -> None:
    """Choose, or look."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--look", action="store_true", help="measure on val and zeroshot_val")
    look() if parser.parse_args().look else choose(described())


if __name__ == "__main__":
    main()

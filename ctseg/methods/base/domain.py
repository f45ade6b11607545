"""Whether a slice is of the kind that the trained methods know: a small linear score of the slice itself.

What the score was chosen on and how often it errs stands in ``docs/domain.md``;
``scripts/studies/choose_domain.py`` writes its numbers.
"""

import functools
from dataclasses import dataclass
from importlib.resources import as_file, files
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from ctseg.methods.base.body import body_mask
from ctseg.methods.base.card import Card
from ctseg.slices.ct_slice import CTSlice
from ctseg.slices.orientation import Lie, lie_of
from ctseg.slices.windowing import SOFT_TISSUE, to_uint8

GRID = 6
"""Cells along each side of the body's box."""
_Region = Literal["abdomen", "thorax", "other"]
REGIONS: tuple[_Region, ...] = get_args(_Region)
LIES: tuple[Lie, ...] = ("upright", "left", "upside down", "right")
"""Where the patient's front points: up, left, down, right; each is a quarter turn to the left of the last."""
SURE_FROM = 0.8
"""Probability from which the slice's own grey levels may say that it is turned."""
_FILE = "domain.npz"
_LONGEST_SIDE = 512
_AIR_BELOW, _BONE_ABOVE = 16, 230
_HOW_TO_TURN = {
    "left": "a quarter turn to the right",
    "right": "a quarter turn to the left",
    "upside down": "a half turn",
}


@dataclass(frozen=True)
class Domain:
    """What a slice shows, as far as its file or its grey levels tell.

    Attributes
    ----------
    lie : how it lies on the display; ``"coronal"`` and ``"sagittal"`` only where the file says so
    region : the likeliest of `REGIONS`
    score : in [0, 1]; high where the trained methods are outside of what they know
    threshold : of the score, chosen once
    """

    lie: Lie
    region: _Region
    score: float
    threshold: float

    @property
    def outside(self) -> bool:
        """Whether the trained methods are outside of what they know."""
        return self.lie != "upright" or self.score > self.threshold


def domain_of(ct_slice: CTSlice) -> Domain:
    """Tell how a slice lies and which region of the body it shows.

    A file that says where its pixels lie in the patient is believed; else the grey levels are asked. The
    region is looked at upright. HU are looked at in the soft-tissue window, 8-bit files as they are.
    """
    model = _model()
    grey = _small(to_uint8(ct_slice, SOFT_TISSUE))
    described = features(grey)
    lie = lie_of(ct_slice.affine) or _seen_lie(described, model)
    if lie in LIES[1:]:
        described = features(np.rot90(grey, -LIES.index(lie)))
    chances = _chances(described, model["region"])
    region: Any = REGIONS[int(np.argmax(chances))]
    return Domain(lie, region, round(1 - float(chances[0]), 4), float(model["threshold"]))


def domain_note(card: Card, domain: Domain) -> str:
    """Return one sentence where a slice is outside of what a method knows, and "" where it is not."""
    if not card.knows or not domain.outside:
        return ""
    return f"{_why(domain)} {card.knows}"


def domain_facts() -> dict[str, Any]:
    """Return the score's parameters and weights as JSON values, for a page that computes it in a browser."""
    model = _model()
    return {
        "window": [SOFT_TISSUE.width, SOFT_TISSUE.level],
        "longest_side": _LONGEST_SIDE,
        "grid": GRID,
        "air_below": _AIR_BELOW,
        "bone_above": _BONE_ABOVE,
        "regions": REGIONS,
        "sure_from": SURE_FROM,
        "threshold": float(model["threshold"]),
        "lie": model["lie"].tolist(),
        "region": model["region"].tolist(),
    }


def domain_notes(card: Card) -> dict[str, str]:
    """Return the sentences that `domain_note` may say of a method: by lie, or by region if upright."""
    lying: list[tuple[str, Domain]] = [
        (lie, Domain(lie, "other", 1.0, 0.0)) for lie in get_args(Lie) if lie != LIES[0]
    ]
    upright: list[tuple[str, Domain]] = [
        (region, Domain(LIES[0], region, 1.0, 0.0)) for region in get_args(_Region)
    ]
    return {key: note for key, domain in lying + upright if (note := domain_note(card, domain))}


def _why(domain: Domain) -> str:
    if domain.lie in ("coronal", "sagittal"):
        return f"This slice is {domain.lie}, not axial."
    if domain.lie != "upright":
        lying = "upside down" if domain.lie == "upside down" else "on its side"
        return f"This slice lies {lying}; {_HOW_TO_TURN[domain.lie]} puts it upright."
    if domain.region == "thorax":
        return "This looks like a thorax."
    return "This does not look like an axial slice of an abdomen in a soft-tissue window."


def features(grey: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Describe a slice, whatever its size: mean grey level, air and bone in a grid over the body's box.

    Parameters
    ----------
    grey : ndarray of uint8, shape (H, W)

    Returns
    -------
    ndarray of float32, shape (3 * 36 + 3,)
    """
    import cv2

    body = body_mask(grey)
    rows, columns = np.flatnonzero(body.any(axis=1)), np.flatnonzero(body.any(axis=0))
    box = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    inside = body[box]
    shown = np.where(inside, grey[box], 0)
    channels = (shown / np.float32(255), (shown < _AIR_BELOW) & inside, (shown > _BONE_ABOVE) & inside)
    grids = [
        cv2.resize(channel.astype(np.float32), (GRID, GRID), interpolation=cv2.INTER_AREA).ravel()
        for channel in channels
    ]
    height, width = shown.shape
    shares = [grids[k].sum() / (inside.mean() * GRID**2) for k in (1, 2)]
    return np.concatenate([*grids, [np.log(height / width), *shares]]).astype(np.float32)


def _small(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    step = -(-max(grey.shape) // _LONGEST_SIDE)
    return np.ascontiguousarray(grey[::step, ::step])


def _seen_lie(described: NDArray[np.float32], model: dict[str, NDArray[np.float32]]) -> Lie:
    chances = _chances(described, model["lie"])
    likeliest = int(np.argmax(chances))
    return LIES[likeliest] if chances[likeliest] >= SURE_FROM else "upright"


def _chances(described: NDArray[np.float32], weights: NDArray[np.float32]) -> NDArray[np.float64]:
    """Softmax of a linear map: weights (features + 1, classes), the last row added."""
    values = described.astype(np.float64) @ weights[:-1] + weights[-1]
    powers = np.exp(values - values.max())
    return np.asarray(powers / powers.sum(), np.float64)


@functools.cache
def _model() -> dict[str, NDArray[np.float32]]:
    with as_file(files("ctseg.methods.base") / _FILE) as path, np.load(path, allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}

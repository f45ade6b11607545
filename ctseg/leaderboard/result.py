"""The scores of one entry on one board, whoever made its label maps."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Origin = Literal["verified by us", "submitted"]
OURS: Origin = "verified by us"
Role = Literal["method", "full tiling", "oracle"]


@dataclass(frozen=True, kw_only=True)
class Result:
    """Everything a row of a board and its charts are made of.

    Attributes
    ----------
    board, entry : the board, and the entry's short name on it.
    title, family, link : shown on the page; ``link`` is an https address or "".
    origin : "verified by us" where this code ran the method, "submitted" where label maps were uploaded.
    role : "full tiling" if every pixel lies in some structure, "oracle" if the truth was looked at.
    saw : what training saw.
    parameters : number of learnt parameters, or None where unknown.
    metric_version, dataset_fingerprint, code_version : under what the scores were computed.
    predictions_sha256 : of the canonical label maps.
    date : ISO 8601, UTC.
    images, patients : names of the images and the patient of each.
    scores : one dictionary of scores per image, None where a slice has no such score.
    means : of the scores over images.
    seconds, peak_mb : per image on one core; empty for submissions.
    """

    board: str
    entry: str
    title: str
    family: str
    link: str
    origin: Origin
    role: Role
    saw: tuple[str, ...]
    parameters: int | None
    metric_version: int
    dataset_fingerprint: str
    code_version: str
    predictions_sha256: str
    date: str
    images: tuple[str, ...]
    patients: tuple[str, ...]
    scores: tuple[dict[str, float | int | None], ...]
    means: dict[str, float | int | None]
    seconds: tuple[float, ...] = ()
    peak_mb: tuple[float, ...] = ()

    def values(self, score: str) -> NDArray[np.float64]:
        """Return one score of every image, (N,), nan where an image has none."""
        return np.array([np.nan if each[score] is None else each[score] for each in self.scores], float)


def to_json(result: Result) -> str:
    """Return the result as JSON text."""
    return json.dumps(asdict(result), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def from_json(text: str) -> Result:
    """Read what ``to_json`` wrote.

    Raises
    ------
    ValueError
        If the text is no JSON, or fields are missing or unknown.
    """
    stored: dict[str, Any] = json.loads(text)
    known = {field.name for field in fields(Result)}
    if stored.keys() != known:
        raise ValueError(f"This is no result: fields {sorted(stored.keys() ^ known)} are missing or unknown.")
    lists = {name: tuple(value) for name, value in stored.items() if isinstance(value, list)}
    return Result(**{**stored, **lists})


def predictions_sha256(board: str, label_maps: Iterable[NDArray[np.integer]]) -> str:
    """Return the sha256 that names an entry: the same structures under other numbers give the same one.

    Hashed are the board's name and, for each label map in order, its height and width and its labels
    renumbered from 1 in order of first appearance, as little-endian int32.
    """
    digest = hashlib.sha256(board.encode())
    for label_map in label_maps:
        canonical = canonical_label_map(label_map)
        digest.update(f"\n{canonical.shape[0]} {canonical.shape[1]}\n".encode())
        digest.update(np.ascontiguousarray(canonical, dtype="<i4").tobytes())
    return digest.hexdigest()


def canonical_label_map(label_map: NDArray[np.integer]) -> NDArray[np.int32]:
    """Return the label map with labels 1, 2, … in order of first appearance in C order; 0 stays 0."""
    values, first, inverse = np.unique(label_map, return_index=True, return_inverse=True)
    order = np.argsort(np.where(values == 0, -1, first))
    numbers = np.empty(values.size, np.int32)
    numbers[order] = np.arange(values.size) + (0 if (values == 0).any() else 1)
    return numbers[inverse].reshape(label_map.shape)

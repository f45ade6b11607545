"""The scores of one entry on one board, whoever made its label maps."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import MISSING, asdict, dataclass, fields
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ctseg.leaderboard.results.check import check_result
from ctseg.leaderboard.set_aside import UnusableError, parse_object
from ctseg.metrics import METRIC_VERSION

Origin = Literal["verified by us", "submitted", "local"]
OURS: Origin = "verified by us"
SUBMITTED: Origin = "submitted"
LOCAL: Origin = "local"
Role = Literal["method", "full tiling", "oracle"]


@dataclass(frozen=True, kw_only=True)
class Result:
    """Everything a row of a board and its charts are made of.

    Attributes
    ----------
    board, entry : the board, and the entry's short name on it.
    title, family, link : shown on the page; ``link`` is an https address or "".
    origin : "verified by us" where this code ran the method, "submitted" where a user who had logged in gave
        label maps, "local" where somebody did on a machine without a login.
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
    user : who submitted it, "local" without a login, "" for rows of ours.
    warning : one sentence where the scores look as if made for one index, else "".
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
    user: str = ""
    warning: str = ""

    def values(self, score: str) -> NDArray[np.float64]:
        """Return one score of every image, (N,), nan where an image, or this older result, has none."""
        found = [each.get(score) for each in self.scores]
        return np.array([np.nan if value is None else value for value in found], float)

    def mean(self, score: str) -> float | int | None:
        """Return the mean of one score over images; None where no image, or this older result, has it."""
        return self.means.get(score)


def to_json(result: Result) -> str:
    """Return the result as JSON text."""
    return json.dumps(asdict(result), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def from_json(text: str) -> Result:
    """Read what ``to_json`` wrote, by this code or by older code that knew fewer fields and scores.

    Raises
    ------
    UnusableError
        A `ValueError`: if the text is no JSON, fields without a default are missing, fields are unknown, as
        newer code wrote them, or a value cannot be.
    """
    stored = parse_object(text)
    known = {field.name for field in fields(Result)}
    missing = {field.name for field in fields(Result) if field.default is MISSING} - stored.keys()
    unknown = stored.keys() - known
    if missing:
        raise UnusableError(f"it is no result, as fields {sorted(missing)} are missing")
    if unknown or _is_newer(stored["metric_version"]):
        reason = f" (fields {sorted(unknown)})" if unknown else f" (metric {stored['metric_version']})"
        raise UnusableError(f"a newer version of ctseg wrote this result{reason[:200]}")
    lists = {name: tuple(value) for name, value in stored.items() if isinstance(value, list)}
    result = Result(**{**stored, **lists})
    check_result(result)
    return result


def _is_newer(metric_version: Any) -> bool:
    return isinstance(metric_version, int) and metric_version > METRIC_VERSION


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
    flat = np.ravel(label_map)
    starts = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    # Label maps are long runs of one value: all but a run's first pixel can be left out.
    heads = flat[np.concatenate(([0], starts))] if flat.size else flat
    values, first, inverse = np.unique(_narrow(heads), return_index=True, return_inverse=True)
    order = np.argsort(np.where(values == 0, -1, first))
    numbers = np.empty(values.size, np.int32)
    numbers[order] = np.arange(values.size) + (0 if (values == 0).any() else 1)
    lengths = np.diff(starts, prepend=0, append=flat.size) if flat.size else starts
    return np.repeat(numbers[inverse], lengths).reshape(label_map.shape)


def _narrow(labels: NDArray[np.integer]) -> NDArray[np.integer]:
    """Return the labels as uint16 if they fit, which sorts several times faster."""
    fits = labels.size and labels.min() >= 0 and labels.max() <= np.iinfo(np.uint16).max
    return labels.astype(np.uint16) if fits else labels

"""Every score once: its key, title, unit, which way is better, and what it means.

Tables, legends, charts, choices, CSV, JSON, reports and commands take names, words and order from here. A new
score is a field of ``Scores`` and an entry here, nothing else. Results stored before there was a score do not
have it: they show `NOTHING` in its place.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Better = Literal["higher", "lower", ""]
NOTHING = "–"
"""What stands where there is no value."""


@dataclass(frozen=True, kw_only=True)
class ScoreInfo:
    """What is known of one score.

    Attributes
    ----------
    key : its name in ``Scores``, results, CSV, JSON and addresses.
    title : its name on pages and in columns, without the unit.
    unit : ``"bits"``, ``"structures"``, or "" for a share or an index.
    better : whether ``"higher"`` or ``"lower"`` is better; "" where neither is, so that nothing is ordered by
        it.
    explanation : what it means, in one or two sentences, for legends.
    asks : what it asks of a label map, in a few words, for bars and axes.
    digits : decimals that are worth reading, on pages.
    may_be_missing : whether some slices do not have it; those are left out of its mean, and counted.
    tabled : whether it stands in tables; the others are told image by image only.
    """

    key: str
    title: str
    unit: Literal["", "bits", "structures"] = ""
    better: Better
    explanation: str
    asks: str
    digits: int = 3
    may_be_missing: bool = False
    tabled: bool = True

    @property
    def heading(self) -> str:
        """The title with its unit, where a reader needs that."""
        return f"{self.title} (bits)" if self.unit == "bits" else self.title

    @property
    def compared(self) -> bool:
        """Whether it is drawn on the common axis from 0 to 1, where more is better."""
        return self.tabled and self.better == "higher" and not self.unit

    @property
    def best(self) -> Callable[[Sequence[float]], float] | None:
        """What picks the best of several values, or None."""
        return {"higher": max, "lower": min, "": None}[self.better]

    def text(self, value: float | int | None, digits: int | None = None) -> str:
        """Return a value as a person reads it, with ``digits`` decimals at most; `NOTHING` for None."""
        if value is None:
            return NOTHING
        return f"{value:.{self.digits if digits is None else min(digits, self.digits)}f}"


_ALL = (
    ScoreInfo(
        key="ari",
        title="ari",
        better="higher",
        explanation="Adjusted Rand index over all pixels, background included. 1 is perfect, 0 is chance.",
        asks="is the foreground right?",
    ),
    ScoreInfo(
        key="fg_ari",
        title="fg_ari",
        better="higher",
        explanation="The same over pixels of true structures only. Growing regions over the background costs "
        "nothing here, so never read it alone.",
        asks="are structures kept apart?",
        may_be_missing=True,
    ),
    ScoreInfo(
        key="best_iou",
        title="Best IoU",
        better="higher",
        explanation="For each true structure the best overlap with any found one, averaged. Small structures "
        "count as much as large ones.",
        asks="every structure, small ones too",
        may_be_missing=True,
    ),
    ScoreInfo(
        key="panoptic_quality",
        title="Panoptic quality",
        better="higher",
        explanation="Overlap of matched structures (IoU above 0.5), lowered by every miss and every false "
        "alarm.",
        asks="matches, misses, false alarms",
        may_be_missing=True,
    ),
    ScoreInfo(
        key="split",
        title="Split",
        unit="bits",
        better="lower",
        explanation="Information lost by cutting true structures apart; less is better.",
        asks="cut apart",
    ),
    ScoreInfo(
        key="merge",
        title="Merge",
        unit="bits",
        better="lower",
        explanation="Information lost by joining true structures; less is better.",
        asks="joined",
    ),
    ScoreInfo(
        key="foreground_dice",
        title="Foreground Dice",
        better="higher",
        explanation="Overlap of everything marked with everything that should be.",
        asks="the mask alone",
    ),
    ScoreInfo(
        key="ri",
        title="Plain ri",
        better="",
        explanation="The Rand index without adjustment. It is high already for an image without any "
        "structure, which is why nothing is ranked by it.",
        asks="pairs of pixels, not adjusted",
    ),
    ScoreInfo(
        key="ri_all_background",
        title="ri of all background",
        better="",
        explanation="What a label map without any structure gets as plain Rand index.",
        asks="nothing marked",
    ),
    ScoreInfo(
        key="structures_found",
        title="Found",
        unit="structures",
        better="higher",
        explanation="Mean structures a slice with a match of IoU above 0.5.",
        asks="structures found",
        digits=1,
    ),
    ScoreInfo(
        key="structures_true",
        title="True",
        unit="structures",
        better="",
        explanation="Mean number of true structures in a slice.",
        asks="structures there are",
        digits=1,
    ),
    ScoreInfo(
        key="structures_predicted",
        title="Regions",
        unit="structures",
        better="",
        explanation="Mean regions a slice in the label map.",
        asks="regions marked",
        digits=1,
    ),
    *(
        ScoreInfo(
            key=f"{key}_{size}",
            title=f"{title}, {size}",
            better="higher",
            explanation=f"{title} over true structures {of} 1000 px.",
            asks=f"{size} structures",
            may_be_missing=True,
            tabled=False,
        )
        for key, title in (("best_iou", "Best IoU"), ("panoptic_quality", "Panoptic quality"))
        for size, of in (("small", "under"), ("large", "from"))
    ),
)
CATALOGUE: Mapping[str, ScoreInfo] = {info.key: info for info in _ALL}
"""All scores by key, in the order in which they are told."""

TABLED: tuple[str, ...] = tuple(info.key for info in _ALL if info.tabled)
"""Keys of the scores that stand in tables."""

COMPARED: tuple[str, ...] = tuple(info.key for info in _ALL if info.compared)
"""Keys of the scores that lie between 0 (or chance) and 1, where more is better: those a chart may show."""

MAY_BE_MISSING: tuple[str, ...] = tuple(info.key for info in _ALL if info.may_be_missing)
"""Keys of the scores that some slices do not have."""


def tabled(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the scores of tables from any mapping by key, in order; None where it has none."""
    return {key: values.get(key) for key in TABLED}

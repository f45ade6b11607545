"""What a method says about itself: data, read by the app, the docs and the tests."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from ctseg.slices.ct_slice import Window

Family = Literal["classical", "foundation model", "supervised", "self-supervised"]
Saw = Literal["nothing", "unlabelled", "annotated", "synthetic", "outside"]


@dataclass(frozen=True)
class SawWords:
    """What training may have seen, in a few words for tables, and in more for forms."""

    table: str
    form: str


TRAINING_SAW: Mapping[Saw, SawWords] = {
    "nothing": SawWords("nothing", "nothing: a method without training"),
    "unlabelled": SawWords("unlabelled images", "unlabelled images"),
    "annotated": SawWords("annotated slices", "annotated images"),
    "synthetic": SawWords("synthetic labels", "synthetic labels"),
    "outside": SawWords("outside labels", "labels from outside, such as those of Segment Anything"),
}
"""All that may be said to have been seen, in the order in which it is told."""


def saw_words(saw: Iterable[str]) -> str:
    """Return in words what training saw; words that are not known stay as they are."""
    words = {str(key): known.table for key, known in TRAINING_SAW.items()}
    return ", ".join(words.get(each, each) for each in saw) or "nothing"


@dataclass(frozen=True, kw_only=True)
class Card:
    """The facts about one method. Fields without a default are required, so a card cannot be half filled.

    Attributes
    ----------
    name : identifier used in commands, files and boards, such as ``"sam-vit-t"``.
    title : the name shown on pages.
    short : the same where there is little room, at most 24 characters; the title if it is "".
    family : what kind of method it is.
    summary : two sentences: what it does.
    paper : citation in one line, or "" where there is none.
    paper_url : https link to the paper, or "".
    input_window : the window in HU in which the method sees a slice; display never changes it.
    handles_unknown_window : whether 8-bit files may show any window; if not, one like ``input_window``. They
        are taken as they are, and never a reason to warn.
    weights : names of the files in ``weights/manifest.toml`` that it loads; empty if it needs none.
    weights_licence : licence of those files, or "none needed".
    training_data : what the weights were trained on, one sentence.
    saw : what training saw, for the leaderboard.
    parameters : number of learnt parameters.
    seconds : measured time for a 512x512 slice on 2 cores, in seconds; 0 if never measured.
    full_tiling : True if it divides the whole slice or the whole body, so that ``ari`` is not its index.
    known_failures : what it is known to do badly, one sentence each.
    trained : False while the method is planned and its weights do not exist.
    control : True if it is there to be compared against; Compare lists it behind "more".
    knows : one sentence on what the training limits it to, said where a slice is outside of that (see
        ``ctseg.methods.base.domain``); "" for a method that is made for any slice.
    """

    name: str
    title: str
    family: Family
    summary: str
    paper: str
    paper_url: str
    input_window: Window
    handles_unknown_window: bool
    weights: tuple[str, ...]
    weights_licence: str
    training_data: str
    saw: tuple[Saw, ...]
    parameters: int
    seconds: float
    full_tiling: bool
    known_failures: tuple[str, ...]
    trained: bool
    control: bool
    knows: str = ""
    short: str = ""

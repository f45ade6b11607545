"""What the Compare page's events do: each takes the page's session and returns messages for the viewer."""

import logging
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ctseg.errors import UserError
from ctseg.methods import METHODS, Card, download_bytes
from ctseg.slices import SliceError, Stack, read_upload
from ctseg.ui.compare.encode import slice_message
from ctseg.ui.compare.examples import Opened, open_board_image, open_example
from ctseg.ui.compare.findings import matched, result_message
from ctseg.ui.compare.messages import OUTSIDE, elapsed, estimate, seconds
from ctseg.ui.server.method_runs import Cancelled, Failed, Step, run_method
from ctseg.ui.server.sessions import SESSIONS, Finished, Plan, Session

Message = dict[str, Any]

_logger = logging.getLogger(__name__)

GONE = "Nothing is loaded; upload a file or pick an example."


_CANCELLED = {"state": "cancelled", "text": "Cancelled."}


class PageError(UserError):
    """The page asked for something that cannot be done; the message is one sentence for the visitor."""


def load_upload(session: Session, paths: Sequence[str]) -> Stack:
    """Read an upload into the session; `read_upload` deletes the original in any case.

    Raises
    ------
    PageError
        If it is no CT that can be read; what was loaded before stays.
    """
    return _keep(session, lambda: Opened(read_upload(paths)))


def load_example(session: Session, index: int) -> Stack:
    """Read an example into the session, as `load_upload` does, with its true label map if it is known."""
    return _keep(session, lambda: open_example(index))


def load_board_image(session: Session, board: str, image: str) -> Stack:
    """Read an image of a board into the session, as `load_example` does."""
    return _keep(session, lambda: open_board_image(board, image))


def _keep(session: Session, read: Callable[[], Opened]) -> Stack:
    try:
        opened = read()
    except SliceError as error:
        raise PageError(str(error)) from error
    except Exception as error:  # a reader's own fault must not show a traceback to the visitor
        # Without the traceback: it could hold the file's name.
        _logger.error("Reading an upload failed with %s.", type(error).__name__)  # noqa: TRY400 see above
        raise PageError("This file cannot be read as a CT slice; export it again as DICOM or PNG.") from error
    session.keep(opened.stack, opened.truth)
    return opened.stack


def show_slice(session: Session) -> Message:
    """Return the slice on show as a message for the viewer."""
    ct_slice = session.ct_slice
    if session.stack is None or ct_slice is None:
        raise PageError(GONE)
    return slice_message(ct_slice, session.index, len(session.stack))


def turn_to(session: Session, index: int) -> Message:
    """Show another slice of the stack; returns its message for the viewer."""
    if session.stack is None:
        raise PageError(GONE)
    if not 0 <= index < len(session.stack):
        raise PageError("There is no such slice; choose one that the slider offers.")
    session.show(index)
    return show_slice(session)


def begin(session: Session, chosen: Sequence[str]) -> Message:
    """Plan the runs of the chosen methods.

    Raises
    ------
    PageError
        If nothing is loaded or no method that can run was chosen.
    """
    ct_slice = session.ct_slice
    if ct_slice is None:
        raise PageError(GONE)
    cards = [METHODS[name] for name in chosen if name in METHODS and METHODS[name].trained]
    if not cards:
        raise PageError("No method is chosen; tick at least one.")
    plan = session.begin(card.name for card in cards)
    unknown_window = ct_slice.intensity == "8-bit"
    waiting = _others_running(plan)
    return {
        "id": plan.identity,
        "methods": [_planned(card, unknown_window, waiting) for card in cards],
    }


def _planned(card: Card, unknown_window: bool, waiting: int) -> Message:
    outside = OUTSIDE if unknown_window and not card.handles_unknown_window else ""
    queue = f"Waiting: {waiting} other {'visitor is' if waiting == 1 else 'visitors are'} being served."
    return {
        "name": card.name,
        "title": card.title,
        "estimate": estimate(card),
        "outside": outside,
        "ahead": queue if waiting else "Waiting for its turn.",
    }


def _others_running(plan: Plan) -> int:
    plans = [session.plan for session in SESSIONS]
    return sum(
        other is not None and other is not plan and not other.stop.is_set() and bool(other.left)
        for other in plans
    )


def run(session: Session, identity: str, method: str) -> Iterator[Message]:
    """Run one planned method and yield a message at every step."""
    plan, ct_slice = session.plan, session.ct_slice
    about = {"plan": identity, "method": method}
    if plan is None or plan.identity != identity or method not in plan.left or ct_slice is None:
        yield about | {"state": "failed", "text": GONE}
        return
    if plan.stop.is_set():
        yield about | _CANCELLED
        return
    card = METHODS[method]
    fetch = download_bytes(method)
    try:
        for step in run_method(ct_slice, method, plan.stop):
            if isinstance(step, Step):
                yield about | {"state": "running"} | _progress(step, card, fetch)
            elif isinstance(step, Failed):
                yield about | {"state": "failed", "text": step.sentence}
            elif isinstance(step, Cancelled):
                yield about | _CANCELLED
            elif session.plan is plan:
                found = Finished(matched(step.label_map, session.finished), step.seconds)
                session.finished[method] = found
                yield (
                    about
                    | {"state": "done", "time": seconds(step.seconds)}
                    | result_message(method, found, ct_slice)
                )
    finally:
        plan.left.discard(method)


def _progress(step: Step, card: Card, fetch: int | None) -> Message:
    if step.seconds == 0:
        return {"text": "Loading the method …", "fraction": 0.0, "time": estimate(card)}
    if fetch and download_bytes(card.name):
        text = f"Fetching {round(fetch / 1e6)} MB, once …"
        return {"text": text, "fraction": round(step.fraction, 3), "time": f"{step.seconds:.0f} s"}
    guess = min(step.seconds / card.seconds, 0.95) if card.seconds else 0.0
    fraction = step.fraction or guess
    return {
        "text": "Running …",
        "fraction": round(fraction, 3),
        "time": elapsed(card, step.seconds),
    }

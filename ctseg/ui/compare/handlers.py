"""What the Compare page asks for: each takes the page's session and returns heads or frames for the stage."""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from ctseg.errors import UserError
from ctseg.methods import CARDS, Card, download_bytes
from ctseg.methods.base.domain import Domain, domain_note, domain_of
from ctseg.slices import SliceError, Stack, read_named_upload
from ctseg.slices.orientation import UPRIGHT, Turn
from ctseg.ui.compare import results
from ctseg.ui.compare.examples import Opened, open_board_image, open_example
from ctseg.ui.compare.frames import Message, frame, slice_frame
from ctseg.ui.compare.messages import GONE, cost, elapsed, estimate
from ctseg.ui.server.method_runs import Cancelled, Failed, Step, run_method, usual_seconds
from ctseg.ui.server.open_pages import SESSIONS, SessionError
from ctseg.ui.server.sessions import Plan, Session

_logger = logging.getLogger(__name__)

FAST_SECONDS = 1.0
"""Methods below this run again by themselves while one scrolls through a series."""
_CANCELLED = {"state": "cancelled", "text": "Cancelled."}


class PageError(UserError):
    """The page asked for something that cannot be done; the message is one sentence for the visitor."""


def load_upload(session: Session, paths: Sequence[str]) -> Stack:
    """Read an upload into the session; `read_named_upload` deletes the original in any case.

    Raises
    ------
    PageError
        If it is no CT that can be read; what was loaded before stays.
    """
    return _keep(session, lambda: Opened(read_named_upload(paths)))


def load_example(session: Session, index: int) -> Stack:
    """Read an example into the session, as `load_upload` does, with its true label maps if they are known."""
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
    truths = 0 if opened.truths is None else opened.truths.nbytes
    try:
        SESSIONS.make_room(session, opened.stack.pixels.nbytes + truths)
    except SessionError as error:
        opened.stack.free()
        raise PageError(str(error)) from error
    session.keep(opened.stack, opened.truths, opened.start, opened.credit)
    session.remark = opened.remark or opened.stack.note or ""
    return opened.stack


def opened(session: Session) -> Message:
    """Return what the page says of the stack on show.

    Raises
    ------
    PageError
        If nothing is loaded.
    """
    if session.stack is None:
        raise PageError(GONE)
    return {
        "index": session.index,
        "slices": len(session.stack),
        "remark": session.remark,
        "credit": session.credit,
        "truth": session.truths is not None,
        "named": identity_of(session) is not None,
        "lie": domain_of(session.stack[session.index]).lie,
    }


def identity_of(session: Session) -> dict[str, str] | None:
    """Whose slice is on show, for a DICOM Segmentation alone; None where none can be made of it."""
    stack = session.stack
    if stack is None or stack.identity is None or stack.affines is None:
        return None
    identity = stack.identity.of(session.index)
    return identity if identity["FrameOfReferenceUID"] else None


def show_slice(session: Session, index: int) -> bytes:
    """Return a slice of the stack as a frame; this alone does not turn to it."""
    if session.stack is None:
        raise PageError(GONE)
    if not 0 <= index < len(session.stack):
        raise PageError("There is no such slice; choose one that the slider offers.")
    return slice_frame(session.stack[index], index, len(session.stack))


def turn_to(session: Session, index: int) -> None:
    """Turn to a slice of the stack, if it is not on show."""
    show_slice_exists = session.stack is not None and 0 <= index < len(session.stack)
    if not show_slice_exists:
        raise PageError(GONE if session.stack is None else "There is no such slice; choose another.")
    if index != session.index:
        session.show(index)


def turn_for_methods(session: Session, turned: object) -> None:
    """Let methods get the slices as the visitor sees them, by the four numbers of a `Turn`."""
    try:
        session.turn_for_methods(Turn.of(turned if isinstance(turned, list) else []))
    except (TypeError, ValueError) as error:
        raise PageError("The page asked for a turn that is not known; reload it.") from error


def begin(session: Session, chosen: Sequence[str]) -> Iterator[bytes]:
    """Plan the runs of the chosen methods on the slice on show, cheapest first.

    What the session still holds of this slice is not run again.

    Returns
    -------
    iterator of frames: the plan, then the results that are there.

    Raises
    ------
    PageError
        If nothing is loaded or no method that can run was chosen.
    """
    ct_slice = session.ct_slice
    if ct_slice is None:
        raise PageError(GONE)
    cards = [CARDS[name] for name in dict.fromkeys(chosen) if name in CARDS and CARDS[name].trained]
    if not cards:
        raise PageError("No method is chosen; tick at least one.")
    SESSIONS.make_room(session, session.held_bytes)
    cards = sorted((replace(card, seconds=usual_seconds(card.name)) for card in cards), key=cost)
    there = [card.name for card in cards if card.name in session.finished]
    session.finished = {name: found for name, found in session.finished.items() if name in there}
    plan = session.begin(card.name for card in cards if card.name not in there)
    waiting = _others_running(plan)
    domain = domain_of(ct_slice if session.turn == UPRIGHT else session.turn.applied_to_slice(ct_slice))
    head = {
        "plan": plan.identity,
        "index": session.index,
        "methods": [_planned(card, waiting, domain) | {"there": card.name in there} for card in cards],
    }

    def frames() -> Iterator[bytes]:
        yield frame(head, {})
        for name in there:
            yield results.result_frame(session, name, ct_slice, {"plan": plan.identity})

    return frames()


def _planned(card: Card, waiting: int, domain: Domain) -> Message:
    return {
        "name": card.name,
        "title": card.title,
        "estimate": estimate(card),
        "fast": 0 < card.seconds < FAST_SECONDS and card.family != "foundation model",
        "knows": card.training_data if card.saw != ("nothing",) else "",
        "failures": list(card.known_failures),
        "ahead": _ahead(waiting),
        "domain": domain_note(card, domain),
    }


def _ahead(waiting: int) -> str:
    if not waiting:
        return "Waiting for its turn."
    return f"Waiting: {waiting} other {'visitor is' if waiting == 1 else 'visitors are'} being served."


def _others_running(plan: Plan) -> int:
    plans = [session.plan for session in SESSIONS]
    return sum(
        other is not None and other is not plan and not other.stop.is_set() and bool(other.left)
        for other in plans
    )


def run(session: Session, identity: str, method: str) -> Iterator[bytes]:
    """Run one planned method and yield a frame at every step."""
    plan, ct_slice = session.plan, session.ct_slice
    about = {"plan": identity, "method": method}
    if plan is None or plan.identity != identity or method not in plan.left or ct_slice is None:
        yield frame(about | {"state": "failed", "text": GONE}, {})
        return
    if plan.stop.is_set() or method in plan.running:
        yield frame(about | _CANCELLED, {})
        return
    plan.running.add(method)
    card = replace(CARDS[method], seconds=usual_seconds(method))
    fetch = download_bytes(method)
    try:
        for step in run_method(ct_slice, method, plan.stop, session.turn, plan.shared):
            if isinstance(step, Step) and step.waiting:
                yield frame(about | {"state": "waiting", "text": _ahead(_others_running(plan))}, {})
            elif isinstance(step, Step):
                yield frame(about | {"state": "running"} | progress_message(step, card, fetch), {})
            elif isinstance(step, Failed):
                yield frame(about | {"state": "failed", "text": step.sentence}, {})
            elif isinstance(step, Cancelled) or session.plan is not plan or plan.stop.is_set():
                yield frame(about | _CANCELLED, {})
            else:
                results.take(session, method, step.label_map, step.seconds, step.tree)
                yield results.result_frame(session, method, ct_slice, about)
    finally:
        plan.finish(method)


def cancel(session: Session) -> Message:
    """End the runs that are planned or going on."""
    session.stop()
    return {"cancelled": session.plan.identity if session.plan else None}


def progress_message(step: Step, card: Card, fetch: int | None) -> Message:
    """Return how far a run is, in words; ``fetch`` is how many bytes it had to fetch, or None."""
    fetching = fetch and (step.seconds > 0 or step.fraction > 0) and download_bytes(card.name)
    if step.seconds == 0 and not fetching:
        return {"text": "Loading the method …", "fraction": 0.0, "time": estimate(card)}
    if fetching and fetch:
        text = f"Fetching {round(fetch / 1e6)} MB, once …"
        return {"text": text, "fraction": round(step.fraction, 3), "time": f"{step.seconds:.0f} s"}
    guess = min(step.seconds / card.seconds, 0.95) if card.seconds else 0.0
    fraction = step.fraction or guess
    return {
        "text": "Running …",
        "fraction": round(fraction, 3),
        "time": elapsed(card, step.seconds),
    }

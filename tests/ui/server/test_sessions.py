"""Sessions: what they hold, what they forget, and who may ask for it."""

import numpy as np
import pytest
from small_slices import stack_of

from ctseg.slices import SliceError
from ctseg.ui.server import sessions as module
from ctseg.ui.server.sessions import KEPT_SECONDS, MAX_SESSIONS, Finished, Session, Sessions


def test_session_forgets_the_slice_before_a_new_one() -> None:
    session = Session()
    session.keep(stack_of(3))
    first = session.stack
    assert session.index == 1
    plan = session.begin(["watershed"])
    session.finished["watershed"] = Finished(np.zeros((24, 32), np.int32), 0.1)
    session.keep(stack_of())
    assert plan.stop.is_set()
    assert session.finished == {}
    assert session.recent == {}
    assert first is not None
    with pytest.raises(SliceError):
        first[0]


def test_sessions_end_by_leaving_by_time_and_by_number() -> None:
    sessions = Sessions()
    session = sessions.of("page")
    session.keep(stack_of())
    assert sessions.of("page") is session
    sessions.expire(session.loaded_at + KEPT_SECONDS - 1)
    assert session.stack is not None
    sessions.expire(session.loaded_at + KEPT_SECONDS + 1)
    assert session.stack is None
    session.keep(stack_of())
    sessions.leave("page")
    sessions.leave("page")
    assert session.stack is None
    oldest = sessions.of("oldest")
    oldest.keep(stack_of())
    for number in range(MAX_SESSIONS):
        sessions.of(str(number))
    assert oldest.stack is None
    assert len(list(sessions)) == MAX_SESSIONS


def test_a_visited_slice_is_there_again_while_the_memory_allows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    session = Session()
    session.keep(stack_of(4), truths=np.arange(4 * 24 * 32).reshape(4, 24, 32))
    found = Finished(np.ones((24, 32), np.int32), 0.1)
    for index in (0, 1, 2):
        session.show(index)
        session.finished["watershed"] = found
    session.show(0)
    assert session.finished == {"watershed": found}
    assert session.truth is not None
    assert session.truth[0, 0] == 0
    monkeypatch.setattr(module, "MAX_VISITED_BYTES", found.label_map.nbytes)
    session.show(3)
    assert session.finished == {}
    assert list(session.visited) == [0]


def test_a_ticket_is_changed_for_a_pass_once_and_the_pass_goes_with_the_page() -> None:
    sessions = Sessions()
    void, ticket = sessions.ticket("page"), sessions.ticket("page")
    assert sessions.enter(void) is None
    shown = sessions.enter(ticket)
    assert shown is not None
    assert sessions.enter(ticket) is None
    assert sessions.admitted(shown) is sessions.of("page")
    for wrong in ("", ticket, "page", shown + "x", "ä"):
        assert sessions.admitted(wrong) is None
    sessions.leave("page")
    assert sessions.admitted(shown) is None

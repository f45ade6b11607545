"""All open pages: who may ask for what one holds, and who gives way to whom."""

import time

import pytest
from small_slices import stack_of

from ctseg.ui.server.open_pages import (
    IDLE_SECONDS,
    MAX_EMPTY_SESSIONS,
    MAX_SESSIONS,
    MAX_SESSIONS_OF_ADDRESS,
    SessionError,
    Sessions,
)
from ctseg.ui.server.sessions import KEPT_SECONDS, Session


def _loaded(sessions: Sessions, key: str, address: str = "", slices: int = 1) -> Session:
    session = sessions.of(key)
    session.address = address
    stack = stack_of(slices)
    sessions.make_room(session, stack.pixels.nbytes)
    session.keep(stack)
    return session


@pytest.mark.parametrize("key", [None, ""])
def test_a_call_without_a_page_has_no_session(key: str | None) -> None:
    sessions = Sessions()
    for ask in (sessions.of, sessions.ticket):
        with pytest.raises(SessionError, match="open the Compare page first"):
            ask(key)
    assert list(sessions) == []


def test_sessions_end_by_leaving_and_by_time() -> None:
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


def test_pages_without_a_slice_push_out_nobody() -> None:
    sessions = Sessions()
    kept = _loaded(sessions, "kept")
    for number in range(MAX_EMPTY_SESSIONS + 10):
        sessions.of(str(number))
    assert kept.stack is not None
    assert len(list(sessions)) == MAX_EMPTY_SESSIONS + 1


def test_the_page_that_was_not_used_for_longest_gives_way() -> None:
    sessions = Sessions()
    pages = [_loaded(sessions, str(number), f"address {number}") for number in range(MAX_SESSIONS)]
    sessions.of("0")
    _loaded(sessions, "one more", "elsewhere")
    held = [session.stack is not None for session in pages]
    assert held == [True, False, *[True] * (MAX_SESSIONS - 2)]


def test_one_address_pushes_out_its_own_pages_only() -> None:
    sessions = Sessions()
    other = _loaded(sessions, "other", "away")
    mine = [_loaded(sessions, f"mine {number}", "home") for number in range(MAX_SESSIONS_OF_ADDRESS + 20)]
    assert other.stack is not None
    assert sum(session.stack is not None for session in mine) == MAX_SESSIONS_OF_ADDRESS


def test_decoded_memory_is_bounded_in_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that is in use is never pushed out for its memory: who comes later is told to wait."""
    sessions = Sessions()
    size = stack_of().pixels.nbytes
    monkeypatch.setenv("CTSEG_DECODED_MB", str(2.5 * size / 1024**2))
    first, second = _loaded(sessions, "first"), _loaded(sessions, "second")
    with pytest.raises(SessionError, match="try again in a few minutes"):
        _loaded(sessions, "third")
    assert first.stack is not None
    sessions.make_room(first, first.held_bytes)
    first.used_at = time.monotonic() - IDLE_SECONDS - 1
    _loaded(sessions, "third")
    assert (first.stack, second.stack is None) == (None, False)


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

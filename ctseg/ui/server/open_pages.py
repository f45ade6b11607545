"""All open pages, who may ask for what each holds, and how much they hold together.

A page is known by the key that Gradio gives it, which travels in addresses and lies in the framework's state.
Pixels and label maps are handed out for another one only, the page's pass: it is changed once for the
ticket that the page gets when it opens, travels in a header, and lies nowhere else.
"""

import hmac
import secrets
import threading
import time
from collections.abc import Iterator

from ctseg.errors import UserError
from ctseg.settings import DECODED_MB
from ctseg.ui.server.sessions import KEPT_SECONDS, Session

MAX_SESSIONS = 32
"""Pages that hold a slice; the one that was used longest ago gives way."""
MAX_SESSIONS_OF_ADDRESS = 24
"""Of one address; its own page gives way then, so that nobody alone pushes out all others."""
MAX_EMPTY_SESSIONS = 1024
IDLE_SECONDS = 10 * 60
"""A page that was not used for so long gives way where memory is short."""
NO_PAGE = "This call belongs to no page; open the Compare page first."
NO_ROOM = "This server holds as many slices as it can at the moment; try again in a few minutes."


class SessionError(UserError):
    """A page cannot have what it asks for; the message is one sentence."""


class Sessions:
    """All open pages by the key Gradio gives them."""

    def __init__(self) -> None:
        self._open: dict[str, Session] = {}
        self._tickets: dict[str, str] = {}
        self._passes: dict[str, str] = {}
        self._lock = threading.Lock()

    def of(self, key: str | None) -> Session:
        """Return the page's session, a new one at its first call.

        Raises
        ------
        SessionError
            If the call names no page.
        """
        if not key:
            raise SessionError(NO_PAGE)
        with self._lock:
            return self._of(key)

    def _of(self, key: str) -> Session:
        session = self._open.pop(key, None) or Session()
        self._open[key] = session
        session.used_at = time.monotonic()
        empty = [each for each, held in self._open.items() if held.stack is None and each != key]
        for oldest in empty[: max(len(empty) + 1 - MAX_EMPTY_SESSIONS, 0)]:
            self._drop(oldest)
        return session

    def make_room(self, session: Session, size: int) -> None:
        """Let a page hold so many bytes; pages in excess, and idle ones where memory is short, give way.

        Raises
        ------
        SessionError
            If all pages together would hold more than ``CTSEG_DECODED_MB``.
        """
        with self._lock:
            others = sorted(
                (each for each in self._open.values() if each.stack is not None and each is not session),
                key=lambda each: each.used_at,
            )
            near = [each for each in others if each.address == session.address]
            excess = near[: max(len(near) + 1 - MAX_SESSIONS_OF_ADDRESS, 0)]
            given_up = {id(each) for each in excess}
            others = [each for each in others if id(each) not in given_up]
            excess += others[: max(len(others) + 1 - MAX_SESSIONS, 0)]
            for each in excess:
                each.forget()
            limit = DECODED_MB.number() * 1024**2 - size
            idle = time.monotonic() - IDLE_SECONDS
            for each in others:
                if _held(others) > limit and each.used_at < idle:
                    each.forget()
            if _held(others) > limit:
                raise SessionError(NO_ROOM)

    def ticket(self, key: str | None, address: str = "") -> str:
        """Return what the page of this key may change for its pass, once; an older ticket is void.

        Raises
        ------
        SessionError
            If the call names no page.
        """
        self.of(key).address = address
        with self._lock:
            made = secrets.token_urlsafe(24)
            self._tickets = {old: owner for old, owner in self._tickets.items() if owner != key}
            self._tickets[made] = str(key)
            return made

    def enter(self, ticket: str) -> str | None:
        """Return the pass for a ticket, and None for one that is unknown or was used."""
        with self._lock:
            key = self._tickets.pop(ticket, None)
            if key is None:
                return None
            made = secrets.token_urlsafe(24)
            self._passes[made] = key
            return made

    def admitted(self, shown: str) -> Session | None:
        """Return the session of the page that shows this pass, and None if there is none."""
        with self._lock:
            # Every pass is compared in constant time, so that no answer's time tells how much of one is
            # right.
            keys = [
                key
                for known, key in self._passes.items()
                if hmac.compare_digest(known.encode(), shown.encode())
            ]
            return self._of(keys[0]) if keys else None

    def leave(self, key: str | None) -> None:
        """Forget a page that was closed."""
        with self._lock:
            self._drop(key or "")

    def _drop(self, key: str) -> None:
        session = self._open.pop(key, None)
        self._tickets = {made: owner for made, owner in self._tickets.items() if owner != key}
        self._passes = {made: owner for made, owner in self._passes.items() if owner != key}
        if session is not None:
            session.forget()

    def expire(self, now: float) -> None:
        """Forget what was uploaded more than an hour before `now` (seconds of the monotonic clock)."""
        for session in self:
            if session.stack is not None and now - session.loaded_at > KEPT_SECONDS:
                session.forget()

    def __iter__(self) -> Iterator[Session]:
        with self._lock:
            return iter(list(self._open.values()))


def _held(sessions: list[Session]) -> int:
    return sum(session.held_bytes for session in sessions)


SESSIONS = Sessions()

"""Gradio's Blocks, with what a page must not keep and a caller must not see: states that stay, tracebacks."""

import logging
from datetime import datetime, timedelta
from typing import Any

import gradio as gr

from ctseg.errors import UserError
from ctseg.ui.server.sessions import KEPT_SECONDS

MAX_STATES = 256
"""Sessions of which Gradio keeps what components showed last: little here, gone when a page is left."""
WRONG_ARGUMENTS = "This call got a value that it does not take; its description is at /gradio_api/info."
OUR_FAULT = "This call failed on the server; try again, and tell who runs this page if it fails again."

_logger = logging.getLogger(__name__)


class Pages(gr.Blocks):
    """All pages of the app. Whatever goes wrong in a call ends in one sentence to its caller."""

    async def preprocess_data(self, *args: Any, **kwargs: Any) -> Any:
        """Check and convert a call's values as Gradio does."""
        try:
            return await super().preprocess_data(*args, **kwargs)
        except Exception as error:  # components fail on wrong values in every way, and quote them
            raise gr.Error(WRONG_ARGUMENTS, print_exception=False) from error

    async def process_api(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Do a call as Gradio does."""
        try:
            return await super().process_api(*args, **kwargs)
        except gr.Error as error:
            error.print_exception = False
            raise
        except UserError as error:
            raise gr.Error(str(error), print_exception=False) from error
        except Exception as error:
            # Without the traceback: it could hold a file's name.
            _logger.error("A call failed with %s.", type(error).__name__)  # noqa: TRY400
            raise gr.Error(OUR_FAULT, print_exception=False) from error

    def public_calls(self) -> dict[str, Any]:
        """Return the calls for programs by name, as Gradio's functions."""
        named = {fn.api_name: fn for fn in self.fns.values() if fn.api_visibility == "public"}
        return {str(name): fn for name, fn in named.items() if name}

    async def forget(self, key: str | None) -> None:
        """End a session's calls and drop what Gradio keeps of it: last values, answers, file names.

        It does not wait for anything; it is a coroutine because only Gradio's own thread may touch its lines.
        """
        for event in self._events_of(key):
            event.alive = False
            line = self._queue.event_queue_per_concurrency_id[event.concurrency_id].queue
            if event in line:
                line.remove(event)
        self._drop(key or "")

    def _events_of(self, key: str | None) -> list[Any]:
        lines = [each.queue for each in self._queue.event_queue_per_concurrency_id.values()]
        events = [event for job in (*self._queue.active_jobs, *lines) for event in list(job or ())]
        return [event for event in events if event.session_hash == key]

    def _drop(self, key: str) -> None:
        self.state_holder.session_data.pop(key, None)
        self.state_holder.time_last_used.pop(key, None)
        self._queue.pending_messages_per_session.pop(key, None)
        self._queue.pending_event_ids_session.pop(key, None)
        records = self._queue.event_analytics
        for event in [each for each, record in list(records.items()) if record.get("session_hash") == key]:
            records.pop(event, None)

    def forget_idle(self) -> None:
        """Do so for sessions that nobody has used for as long as a slice may be kept."""
        limit = datetime.now() - timedelta(seconds=KEPT_SECONDS)
        for key, used in list(self.state_holder.time_last_used.items()):
            if used < limit and not self._events_of(key):
                self._drop(key)

    def knows_answers_for(self, key: str) -> bool:
        """Whether a session has a call that is not answered, or whose answer was not fetched."""
        return key in self._queue.pending_messages_per_session

    def knows_event(self, event: str) -> bool:
        """Whether a call is not answered, or its answer was not fetched."""
        queue = self._queue
        pending = any(event in events for events in queue.pending_event_ids_session.values())
        return pending or event in queue.event_ids_to_events

    def is_wanted(self, key: str | None) -> bool:
        """Whether somebody still waits for the call that this session has going on."""
        going_on = [event for job in self._queue.active_jobs if job for event in job]
        return any(event.alive for event in going_on if event.session_hash == key)

    @property
    def all_waiting(self) -> int:
        """Number of calls of all kinds that wait for their turn."""
        return len(self._queue)

    def waiting(self, line: str) -> list[Any]:
        """Return the requests of calls that wait in a line (``concurrency_id``)."""
        queue = self._queue.event_queue_per_concurrency_id.get(line)
        return [] if queue is None else [event.request for event in list(queue.queue)]

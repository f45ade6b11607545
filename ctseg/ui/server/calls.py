"""Checks a call before Gradio sees it: who calls, what, with which values; each fault has one sentence."""

import json
import re
from collections.abc import Sequence
from typing import Any

from ctseg.errors import StatusError
from ctseg.ui.server.method_runs import BUSY, MAX_WAITING, RUNS
from ctseg.ui.server.pages import WRONG_ARGUMENTS, Pages
from ctseg.ui.server.uploads import UPLOADS, Uploads
from ctseg.ui.server.visitors import address_of

MAX_TEXT = 64 * 1024
MAX_CALLS = 512
"""Calls of all kinds that wait for their turn."""
MAX_WAITING_OF_ADDRESS = 16
"""Calls for method runs of one address that wait."""
_PREFIX = "/gradio_api/"
_KEY = re.compile(r"[A-Za-z0-9_-]{1,128}")
_KINDS: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "number": (int, float),
    "integer": (int, float),
    "boolean": (bool,),
    "array": (list,),
}
_FILE_META = {"_type": "gradio.FileData"}
_NO_SESSION = "This call names no session; open the page first, or call one of the named calls."
_UNKNOWN = "There is no such call; /gradio_api/info lists those for programs."
_YOURS_WAIT = "You have many calls waiting; wait for their answers and try again."
_NO_FILE = "A file in this call was not uploaded here; upload it first and send the path that comes back."


class CallError(StatusError):
    """A call cannot be done."""


def parse_json(body: bytes) -> dict[str, Any]:
    """Return the JSON object of a request.

    Raises
    ------
    CallError
        If it is anything else, or holds NaN or an infinity.
    """
    try:
        asked = json.loads(body, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise CallError(400, "This request is no JSON, or holds NaN; send JSON.") from error
    if not isinstance(asked, dict):
        raise CallError(400, "This request is no JSON object; send one.")
    return asked


def _refuse(name: str) -> None:
    raise ValueError(name)


class Calls:
    """Knows the calls of the pages.

    Parameters
    ----------
    pages : whose calls
    uploads : whose files they may name
    """

    def __init__(self, pages: Pages, uploads: Uploads = UPLOADS) -> None:
        self._pages = pages
        self._uploads = uploads

    def check(self, scope: dict[str, Any], asked: dict[str, Any]) -> None:
        """Check a call.

        Parameters
        ----------
        scope : of the request (ASGI); its path is one of Gradio's for calls
        asked : its body

        Raises
        ------
        CallError
            With one sentence, if it cannot be done.
        """
        kind, _, name = str(scope["path"]).removeprefix(_PREFIX).strip("/").partition("/")
        if kind == "component_server":
            self._check_component(asked)
        elif kind in ("cancel", "reset"):
            _check_texts(asked, ("event_id",) if kind == "reset" else ("event_id", "session_hash"))
        else:
            fn = self._named(name, asked) if kind == "call" else self._page_event(kind, asked)
            self._check_waiting(fn, address_of(scope))

    def check_answer(self, path: str, session: str | None) -> None:
        """Check a request for the answer of a call, by its path or the session in its query.

        Raises
        ------
        CallError
            If there is no such call.
        """
        event = path.rpartition("/")[2]
        known = self._pages.knows_event(event) if session is None else self._pages.knows_answers_for(session)
        if not known:
            raise CallError(404, "There is no answer for this; call first, and ask for each answer once.")

    def _named(self, name: str, asked: dict[str, Any]) -> Any:
        simple = not name.startswith("v2/")
        fn = self._pages.public_calls().get(name.removeprefix("v2/"))
        if fn is None:
            raise CallError(404, _UNKNOWN)
        if simple:
            _check_session(asked, required=False)
            self._check_values(fn, asked.get("data"))
        else:
            self._check_by_name(fn, asked)
        return fn

    def _check_by_name(self, fn: Any, asked: dict[str, Any]) -> None:
        parameters = self._pages.get_api_info()["named_endpoints"][f"/{fn.api_name}"]["parameters"]
        names = [each["parameter_name"] for each in parameters]
        unknown = set(asked) - set(names)
        missing = [
            each["parameter_name"]
            for each in parameters
            if not each.get("parameter_has_default") and each["parameter_name"] not in asked
        ]
        if unknown or missing:
            raise CallError(422, f"This call takes {', '.join(names) or 'nothing'}; give these by name.")
        inputs = dict(zip(names, fn.inputs, strict=True))
        for key, value in asked.items():
            self._check_value(inputs[key], value)

    def _page_event(self, kind: str, asked: dict[str, Any]) -> Any:
        _check_session(asked, required=True)
        number = asked.get("fn_index")
        fn = self._pages.fns.get(number) if type(number) is int else None
        is_leaving = fn is not None and any(event == "unload" for _, event in fn.targets)
        if fn is None or is_leaving or (kind == "run" and fn.queue):
            raise CallError(404, _UNKNOWN)
        if asked.get("trigger_id") is not None and type(asked["trigger_id"]) is not int:
            raise CallError(422, WRONG_ARGUMENTS)
        self._check_values(fn, asked.get("data"))
        return fn

    def _check_component(self, asked: dict[str, Any]) -> None:
        _check_session(asked, required=True)
        _check_texts(asked, ("fn_name",))
        number = asked.get("component_id")
        component = self._pages.blocks.get(number) if type(number) is int else None
        function = getattr(component, asked["fn_name"], None)
        if not getattr(function, "_is_server_fn", False):
            raise CallError(404, _UNKNOWN)
        _check_text(asked.get("data"))

    def _check_values(self, fn: Any, values: Any) -> None:
        if not isinstance(values, list) or len(values) != len(fn.inputs):
            raise CallError(422, f"This call takes a list of {len(fn.inputs)} values as its data.")
        for component, value in zip(fn.inputs, values, strict=True):
            self._check_value(component, value)

    def _check_value(self, component: Any, value: Any) -> None:
        if value is None:
            return
        if component.get_block_name() == "file":
            self._check_files(value if isinstance(value, list) else [value])
            return
        kind = component.api_info().get("type")
        if isinstance(kind, str) and kind in _KINDS:
            wanted = _KINDS[kind]
            if not isinstance(value, wanted) or (isinstance(value, bool) and bool not in wanted):
                raise CallError(422, WRONG_ARGUMENTS)
        _check_text(value)

    def _check_files(self, values: Sequence[Any]) -> None:
        for value in values:
            path = value.get("path") if isinstance(value, dict) else None
            if not isinstance(path, str) or "\0" in path or not self._uploads.could_be(path):
                raise CallError(422, _NO_FILE)
            if value.get("meta") != _FILE_META:
                raise CallError(422, WRONG_ARGUMENTS)

    def _check_waiting(self, fn: Any, address: str) -> None:
        if self._pages.all_waiting >= MAX_CALLS:
            raise CallError(503, BUSY)
        if fn.concurrency_id != RUNS:
            return
        waiting = self._pages.waiting(RUNS)
        if len(waiting) >= MAX_WAITING:
            raise CallError(503, BUSY)
        if sum(address_of(request.scope) == address for request in waiting) >= MAX_WAITING_OF_ADDRESS:
            raise CallError(429, _YOURS_WAIT)


def _check_session(asked: dict[str, Any], *, required: bool) -> None:
    key = asked.get("session_hash")
    if key is None and not required:
        return
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        raise CallError(400, _NO_SESSION)


def _check_texts(asked: dict[str, Any], names: Sequence[str]) -> None:
    for name in names:
        if not isinstance(asked.get(name), str):
            raise CallError(422, WRONG_ARGUMENTS)
        _check_text(asked[name])


def _check_text(value: Any) -> None:
    text = value if isinstance(value, str) else json.dumps(value)
    if len(text) > MAX_TEXT or "\0" in text or "\\u0000" in text:
        raise CallError(422, WRONG_ARGUMENTS)

"""A visitor who asks the running app over the wire, as the page in a browser does; for tests and the soak."""

import json
import uuid
from typing import Any

import httpx

PASS_HEADER = "x-ctseg-pass"  # noqa: S105 the header's name
META = {"_type": "gradio.FileData"}


class CallFailedError(Exception):
    """A request was refused; the status and the sentence."""


class Visitor:
    """One open page of the app under ``url``; ``key`` is the session's, a fresh one if None."""

    def __init__(self, url: str, key: str | None = None, timeout: float = 120.0) -> None:
        self.key = key or uuid.uuid4().hex
        self.client = httpx.Client(base_url=url, timeout=timeout, trust_env=False)
        self._alive = self.client.stream("GET", f"/gradio_api/heartbeat/{self.key}")
        try:
            calls = self._json(self.client.get("/config"))["dependencies"]
            self.calls = {call["api_name"]: call["id"] for call in calls}
            self._beats = self._alive.__enter__().iter_lines()  # the line is hung up where this is let go
            next(self._beats)
            ticket = self.event("on_load", [])["data"][0]
            entered = self._json(self.client.post("/compare/enter", json={"ticket": ticket}))
            self.headers = {PASS_HEADER: entered["pass"]}
        except BaseException:
            self.client.close()
            raise

    def upload(self, content: bytes, name: str = "slice.dcm") -> dict[str, Any]:
        """Send a file and return what a call names it by."""
        answer = self.client.post("/gradio_api/upload", files=[("files", (name, content))])
        (path,) = self._json(answer)
        return {"path": path, "orig_name": name, "meta": META}

    def event(self, call: str, data: list[Any]) -> dict[str, Any]:
        """Call an event of the page, or a named call, and return its output."""
        asked = {"data": data, "fn_index": self.calls[call], "session_hash": self.key}
        self._json(self.client.post("/gradio_api/queue/join", json=asked))
        with self.client.stream("GET", "/gradio_api/queue/data", params={"session_hash": self.key}) as stream:
            for line in stream.iter_lines():
                message = json.loads(line.removeprefix("data:")) if line else {}
                if message.get("msg") == "process_completed":
                    output: dict[str, Any] = message["output"]
                    return output
        raise CallFailedError("the call did not end")

    def ask(self, name: str, **asked: Any) -> httpx.Response:
        """Ask a route of the stage."""
        return self.client.post(f"/compare/{name}", json=asked, headers=self.headers)

    def leave(self) -> None:
        """Close the page."""
        self._alive.__exit__(None, None, None)
        self.client.close()

    @staticmethod
    def _json(answer: httpx.Response) -> Any:
        if answer.status_code != 200:
            raise CallFailedError(f"{answer.status_code} {answer.text[:200]}")
        return answer.json()

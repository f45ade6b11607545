"""A stand-in for the Hub's API, over real HTTP on loopback: who may ask, and faults on demand.

What it answers is in hub_answers.py, what it holds in hub_repositories.py; where each behaviour was learnt
stands beside it.
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from hub_answers import ROUTES, Answer, HubAnswers
from hub_repositories import TOKEN, StandInAccount
from loopback import serving

PUBLIC_READS = ("info", "tree", "read", "large")


class _Handler(HubAnswers):
    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.headers.get("Transfer-Encoding") == "chunked":
            body = self._chunks()
        address = urlsplit(self.path)
        for kind, method, pattern, answer in ROUTES:
            match = re.fullmatch(pattern, address.path)
            if match and method == self.command:
                return self._with_faults(kind, answer, match, body)
        return self._send(404, {"error": f"{self.command} {address.path} is not known here"})

    do_GET = do_HEAD = do_POST = do_PUT = _answer  # noqa: N815 - the names are http.server's

    def _chunks(self) -> bytes:
        """`_send_commit` streams its lines, so their length is not known before."""
        parts = []
        while size := int(self.rfile.readline().strip() or b"0", 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _with_faults(self, kind: str, answer: Answer, match: re.Match[str], body: bytes) -> None:
        self.hub.seen.append(kind)
        if not self._may(kind, match):
            # hf_raise_for_status: nobody is told whether a private one exists.
            return self._send(401, {"error": "Repository not found"}, {"X-Error-Code": "RepoNotFound"})
        waiting = self.hub.faults.get(kind)
        fault = waiting.pop(0) if waiting else None
        if isinstance(fault, int):
            return self._send(fault, {"error": "a fault of the stand-in"})
        if fault == "cut before":
            return self.hang_up()
        if fault == "stall":
            self.hub.closing.wait()
            return self.hang_up()
        with self.hub.lock:
            status, content, headers = answer(self, match, body)
        if fault == "cut after":
            return self.hang_up()
        return self._send(status, content, headers)

    def _may(self, kind: str, match: re.Match[str]) -> bool:
        if kind in ("upload", "large"):  # signed addresses elsewhere, `_upload_single_part` sends no token
            return True
        found = self.hub.repositories.get(self.place(match)) if "repo" in match.groupdict() else None
        public = found is not None and not found.private
        return (public and kind in PUBLIC_READS) or self.headers.get("Authorization") == f"Bearer {TOKEN}"

    def _send(self, status: int, content: Any, headers: dict[str, str] | None = None) -> None:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


@contextmanager
def serve_account(account: StandInAccount) -> Iterator[None]:
    """Run a Hub on a free port of loopback for as long as the block lasts."""
    with serving(type("_BoundHandler", (_Handler,), {"hub": account})) as port:
        account.port = port
        try:
            yield
        finally:
            account.closing.set()


@contextmanager
def stand_in_account() -> Iterator[StandInAccount]:
    """Run a Hub with one account that owns nothing yet."""
    account = StandInAccount()
    with serve_account(account):
        yield account

"""A stand-in for the Hub on loopback: the requests of a download over real HTTP, with faults on demand."""

import hashlib
import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import unquote

from loopback import QuietHandler, serving

Fault = Literal["none", "tampered", "longer", "cut", "cut once", "no range", "drip", "silent"] | int
"""What goes wrong; a number is the status with which every request is answered."""

_RESOLVE = re.compile(r"/(?P<cdn>cdn/)?(?P<repo>[^/]+/[^/]+)/resolve/(?P<revision>[^/]+)/(?P<path>.+)")
_CHUNK = 1 << 16


@dataclass
class StandInHub:
    """Published files by (repository, path), the fault in force, and the requests seen so far.

    Attributes
    ----------
    files : what ``publish`` put there
    fault : see ``Fault``
    redirects : True to answer with a redirect to another host name, as the Hub does for large files
    seen : (method, path, headers) of every request
    """

    files: dict[tuple[str, str], bytes] = field(default_factory=dict)
    fault: Fault = "none"
    redirects: bool = False
    seen: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    port: int = 0
    closing: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def publish(self, repo: str, path: str, content: bytes) -> str:
        """Put a file there and return the 40 digits of the commit that holds it."""
        self.files[repo, path] = content
        return hashlib.sha1(f"{repo}/{path}".encode() + content).hexdigest()

    def environment(self, home: Path) -> dict[str, str]:
        """Environment of a client process that talks to this Hub and keeps its cache in ``home``."""
        ours = ("HF_", "CTSEG_", "HUGGING_FACE_", "TRANSFORMERS_")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        return kept | {
            "HF_ENDPOINT": self.url,
            "HF_HOME": str(home),
            "HF_HUB_DISABLE_XET": "1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "NO_PROXY": "127.0.0.1,localhost",
            "no_proxy": "127.0.0.1,localhost",
        }


class _Handler(QuietHandler):
    hub: StandInHub

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def _answer(self, with_body: bool) -> None:
        self.hub.seen.append((self.command, self.path, dict(self.headers)))
        match = _RESOLVE.fullmatch(self.path)
        content = self.hub.files.get((match["repo"], unquote(match["path"]))) if match else None
        if isinstance(self.hub.fault, int):
            return self._refuse(self.hub.fault)
        if match is None or content is None:
            return self._refuse(404)
        if self.hub.redirects and not match["cdn"]:
            return self._redirect()
        return self._deliver(content, with_body)

    def _refuse(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _redirect(self) -> None:
        self.send_response(302)
        self.send_header("Location", f"http://localhost:{self.hub.port}/cdn{self.path}")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _deliver(self, content: bytes, with_body: bool) -> None:
        etag = hashlib.sha256(content).hexdigest()
        if self.hub.fault == "tampered":
            content = content[:-1] + bytes([content[-1] ^ 1])
        if self.hub.fault == "longer":
            content += b"!"
        start = self._start(len(content))
        self.send_response(206 if start else 200)
        self.send_header("X-Repo-Commit", hashlib.sha1(etag.encode()).hexdigest())
        self.send_header("ETag", f'"{etag}"')
        self.send_header("Content-Length", str(len(content) - start))
        self.send_header("Accept-Ranges", "bytes")
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.end_headers()
        if with_body:
            self._send(content, start)

    def _start(self, size: int) -> int:
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        return int(asked[1]) if asked and int(asked[1]) < size and self.hub.fault != "no range" else 0

    def _send(self, content: bytes, start: int) -> None:
        middle = len(content) // 2
        if self.hub.fault == "cut once":
            self.hub.fault = "none"
            self._write(content[start:middle])
            self.hang_up()
        elif self.hub.fault == "cut":
            self._write(content[start:middle])
            self.hang_up()
        elif self.hub.fault == "silent":
            self._write(content[start:middle])
            self.hub.closing.wait()
        elif self.hub.fault == "drip":
            for position in range(start, len(content)):
                if self.hub.closing.wait(0.2):
                    break
                self._write(content[position : position + 1])
        else:
            for position in range(start, len(content), _CHUNK):
                self._write(content[position : position + _CHUNK])

    def _write(self, part: bytes) -> None:
        try:
            self.wfile.write(part)
            self.wfile.flush()
        except OSError:  # the client hung up, as some tests want
            self.close_connection = True


@contextmanager
def stand_in_hub() -> Iterator[StandInHub]:
    """Run a Hub on a free port of loopback for as long as the block lasts."""
    hub = StandInHub()
    with serving(type("_BoundHandler", (_Handler,), {"hub": hub})) as port:
        hub.port = port
        try:
            yield hub
        finally:
            hub.closing.set()

"""A stand-in for a dataset on the Hub, over real HTTP on loopback: commits, uploads, and faults on demand."""

import base64
import hashlib
import json
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from hub import StandInHub

REPO = "someone/ctseg-submissions"
TOKEN = "hf_the_owners_token"
_PAGE = 4
_LARGE = (".npz",)

Fault = int | str
"""What goes wrong with a request: "none", a status, "cut before" it is done, "cut after", or "stall"."""


@dataclass
class StandInDataset:
    """One dataset with its commits, oldest first, and the faults that wait for the next requests.

    Attributes
    ----------
    commits : (oid, files by path) of each commit.
    faults : by kind of request ("info", "tree", "preupload", "batch", "upload", "commit", "read"): what goes
        wrong with the next ones of that kind, first to last.
    before_commit : called when a commit arrives, before it is looked at; for somebody else's commit.
    seen : kind of every request, in order.
    """

    private: bool = True
    commits: list[tuple[str, dict[str, bytes]]] = field(default_factory=lambda: [("0" * 40, {})])
    large: dict[str, bytes] = field(default_factory=dict)
    faults: dict[str, list[Fault]] = field(default_factory=dict)
    before_commit: Callable[[], None] = lambda: None
    seen: list[str] = field(default_factory=list)
    port: int = 0
    closing: threading.Event = field(default_factory=threading.Event)
    lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def files(self) -> dict[str, bytes]:
        """The files of the newest commit."""
        return self.commits[-1][1]

    def add(self, files: dict[str, bytes]) -> str:
        """Make a commit that adds files; return its 40 digits."""
        with self.lock:
            whole = self.files | files
            listed = "".join(f"{path}{hashlib.sha1(content).hexdigest()}" for path, content in whole.items())
            oid = hashlib.sha1(f"{self.commits[-1][0]}{listed}".encode()).hexdigest()
            self.commits.append((oid, whole))
            return oid

    def at(self, revision: str) -> dict[str, bytes] | None:
        """Return the files of a commit, or of the newest for "main"."""
        known = dict(self.commits)
        return self.files if revision == "main" else known.get(revision)

    def environment(self, home: Path) -> dict[str, str]:
        """Environment of a Space that keeps its submissions here."""
        return StandInHub(port=self.port).environment(home) | {
            "SYSTEM": "spaces",
            "SPACE_ID": "someone/ctseg",
            "HF_HUB_OFFLINE": "0",
            "CTSEG_SUBMISSIONS_REPO": REPO,
            "HF_TOKEN": TOKEN,
        }


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    dataset: StandInDataset

    def handle(self) -> None:
        """Serve a connection until either side hangs up."""
        with suppress(ConnectionError):
            super().handle()

    def log_message(self, *_arguments: object) -> None:
        """Keep the tests' output quiet."""

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_PUT(self) -> None:
        self._answer()

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        address = urlsplit(self.path)
        for kind, method, pattern, answer in _ROUTES:
            match = re.fullmatch(pattern, address.path)
            if match and method == self.command:
                return self._with_faults(kind, answer, match, body)
        return self._send(404, {})

    def _with_faults(self, kind: str, answer: "_Answer", match: re.Match[str], body: bytes) -> None:
        self.dataset.seen.append(kind)
        if kind != "upload" and self.headers.get("Authorization") != f"Bearer {TOKEN}":
            return self._send(401, {"error": "Repository not found"}, {"X-Error-Code": "RepoNotFound"})
        waiting = self.dataset.faults.get(kind)
        fault = waiting.pop(0) if waiting else None
        if isinstance(fault, int):
            return self._send(fault, {"error": "a fault of the stand-in"})
        if fault == "cut before":
            return self._hang_up()
        if fault == "stall":
            self.dataset.closing.wait()
            return self._hang_up()
        with self.dataset.lock:
            status, content, headers = answer(self, match, body)
        if fault == "cut after":
            return self._hang_up()
        return self._send(status, content, headers)

    def _send(self, status: int, content: Any, headers: dict[str, str] | None = None) -> None:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _hang_up(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def _info(self, _match: re.Match[str], _body: bytes) -> "_Reply":
        listed = {"id": REPO, "sha": self.dataset.commits[-1][0], "private": self.dataset.private}
        return 200, listed, {}

    def _tree(self, match: re.Match[str], _body: bytes) -> "_Reply":
        files = self.dataset.at(match["revision"])
        if files is None:
            return 404, {}, {"X-Error-Code": "RevisionNotFound"}
        start = int(parse_qs(urlsplit(self.path).query).get("cursor", ["0"])[0])
        paths = sorted(files)
        listed = [
            {"type": "file", "path": path, "size": len(files[path]), "oid": _blob(files[path])}
            for path in paths[start : start + _PAGE]
        ]
        more = start + _PAGE < len(paths)
        address = f"{self.dataset.url}{urlsplit(self.path).path}?recursive=true&cursor={start + _PAGE}"
        return 200, listed, {"Link": f'<{address}>; rel="next"'} if more else {}

    def _preupload(self, _match: re.Match[str], body: bytes) -> "_Reply":
        listed = []
        for file in json.loads(body)["files"]:
            here = self.dataset.files.get(file["path"])
            listed.append(
                {
                    "path": file["path"],
                    "uploadMode": "lfs" if file["path"].endswith(_LARGE) else "regular",
                    "shouldIgnore": False,
                    "oid": None if here is None else _blob(here),
                }
            )
        return 200, {"files": listed}, {}

    def _batch(self, _match: re.Match[str], body: bytes) -> "_Reply":
        objects = []
        for each in json.loads(body)["objects"]:
            upload = {"upload": {"href": f"{self.dataset.url}/lfs/{each['oid']}"}}
            known = each["oid"] in self.dataset.large
            objects.append(
                {"oid": each["oid"], "size": each["size"]} | ({} if known else {"actions": upload})
            )
        return 200, {"transfer": "basic", "objects": objects}, {}

    def _upload(self, match: re.Match[str], body: bytes) -> "_Reply":
        if hashlib.sha256(body).hexdigest() != match["oid"]:
            return 400, {"error": "another content"}, {}
        self.dataset.large[match["oid"]] = body
        return 200, {}, {}

    def _commit(self, _match: re.Match[str], body: bytes) -> "_Reply":
        self.dataset.before_commit()
        lines = [json.loads(line) for line in body.splitlines()]
        header = next(line["value"] for line in lines if line["key"] == "header")
        if header.get("parentCommit", self.dataset.commits[-1][0]) != self.dataset.commits[-1][0]:
            return 412, {"error": "A commit has happened since. Please refresh and try again."}, {}
        added = {}
        for line in lines:
            if line["key"] == "file":
                added[line["value"]["path"]] = base64.b64decode(line["value"]["content"])
            if line["key"] == "lfsFile":
                added[line["value"]["path"]] = self.dataset.large[line["value"]["oid"]]
        oid = self.dataset.add(added)
        address = f"{self.dataset.url}/datasets/{REPO}/commit/{oid}"
        return 200, {"success": True, "commitOid": oid, "commitUrl": address}, {}

    def _read(self, match: re.Match[str], _body: bytes) -> "_Reply":
        content = (self.dataset.at(match["revision"]) or {}).get(unquote(match["path"]))
        if content is None:
            return 404, b"", {"X-Error-Code": "EntryNotFound"}
        return 200, content, {"X-Repo-Commit": match["revision"]}


_Reply = tuple[int, Any, dict[str, str]]
_Answer = Callable[[_Handler, re.Match[str], bytes], _Reply]
_API = f"/api/datasets/{REPO}"
_ROUTES: tuple[tuple[str, str, str, _Answer], ...] = (
    ("info", "GET", _API, _Handler._info),
    ("tree", "GET", f"{_API}/tree/(?P<revision>[^/]+)", _Handler._tree),
    ("preupload", "POST", f"{_API}/preupload/(?P<revision>[^/]+)", _Handler._preupload),
    ("batch", "POST", f"/datasets/{REPO}.git/info/lfs/objects/batch", _Handler._batch),
    ("upload", "PUT", "/lfs/(?P<oid>[0-9a-f]{64})", _Handler._upload),
    ("commit", "POST", f"{_API}/commit/(?P<revision>[^/]+)", _Handler._commit),
    ("read", "GET", f"/datasets/{REPO}/resolve/(?P<revision>[^/]+)/(?P<path>.+)", _Handler._read),
)


def _blob(content: bytes) -> str:
    """Return the name that git gives a file of this content."""
    return hashlib.sha1(f"blob {len(content)}\0".encode() + content).hexdigest()


@contextmanager
def stand_in_dataset() -> Iterator[StandInDataset]:
    """Run a Hub that holds one dataset on a free port of loopback for as long as the block lasts."""
    dataset = StandInDataset()
    handler = type("_BoundHandler", (_Handler,), {"dataset": dataset})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        dataset.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield dataset
        finally:
            dataset.closing.set()
            server.shutdown()
            thread.join()

"""A stand-in for the Hub's API, over real HTTP on loopback: what ``huggingface_hub`` 2.4 really calls.

Where each behaviour was learnt stands beside it: a name of a function is one of ``huggingface_hub`` 2.4.0, a
page is one of https://huggingface.co/docs/hub of August 2026. What no document says is marked as assumed.
"""

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

import yaml
from hub_downloads import StandInHub

TOKEN = "hf_the_owners_token"
LARGE = (".npz", ".onnx", ".safetensors", ".zip", ".parquet", ".pt", ".bin")
"""Kept outside of git whatever their size, as the `.gitattributes` that the Hub adds to a new one says."""
MAX_REGULAR_BYTES = 10_000_000
"""Page repositories-getting-started: git refuses larger files, and binary ones, unless by LFS or Xet."""
FREE_ZERO_GPU_SPACES = 2
PUBLIC_READS = ("info", "tree", "read", "large")

Fault = int | str
"""What goes wrong with a request: "none", a status, "cut before" it is done, "cut after", or "stall"."""


@dataclass
class Repository:
    """A model, dataset or Space with its commits, oldest first: (oid, files by path)."""

    private: bool = False
    sdk: str | None = None
    hardware: str | None = None
    variables: dict[str, str] = field(default_factory=dict)
    commits: list[tuple[str, dict[str, bytes]]] = field(default_factory=lambda: [("0" * 40, {})])

    @property
    def files(self) -> dict[str, bytes]:
        """The files of the newest commit."""
        return self.commits[-1][1]

    def add(self, files: dict[str, bytes], gone: tuple[str, ...] = ()) -> str:
        """Make a commit that adds and deletes files; return its 40 digits."""
        folders = tuple(f"{path.rstrip('/')}/" for path in gone)
        kept = {path: each for path, each in self.files.items() if path not in gone}
        kept = {path: each for path, each in kept.items() if not path.startswith(folders)}
        whole = kept | files
        listed = "".join(f"{path}{hashlib.sha1(content).hexdigest()}" for path, content in whole.items())
        oid = hashlib.sha1(f"{self.commits[-1][0]}{listed}".encode()).hexdigest()
        self.commits.append((oid, whole))
        return oid

    def at(self, revision: str) -> dict[str, bytes] | None:
        """Return the files of a commit, or of the newest for "main"."""
        return self.files if revision == "main" else dict(self.commits).get(revision)


@dataclass
class StandInAccount:
    """The Hub as one account sees it, and the faults that wait for the next requests.

    Attributes
    ----------
    user, plan, organizations : of the account whose token is ``TOKEN``; "free" or "pro".
    repositories : by address, such as "models/someone/net" or "spaces/someone/app".
    large : contents of large files by sha256.
    faults : by kind of request (first word of each of ``ROUTES``): what goes wrong with the next ones of
        that kind, first to last.
    before_commit : called when a commit arrives, before it is looked at; for somebody else's commit.
    seen : kind of every request, in order.
    """

    user: str = "someone"
    plan: str = "free"
    organizations: tuple[str, ...] = ("a-team",)
    page: int = 100
    repositories: dict[str, Repository] = field(default_factory=dict)
    large: dict[str, bytes] = field(default_factory=dict)
    faults: dict[str, list[Fault]] = field(default_factory=dict)
    before_commit: Callable[[], object] = lambda: None
    seen: list[str] = field(default_factory=list)
    port: int = 0
    closing: threading.Event = field(default_factory=threading.Event)
    lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def environment(self, home: Path) -> dict[str, str]:
        """Environment of a client process of this account."""
        return StandInHub(port=self.port).environment(home) | {"HF_TOKEN": TOKEN}

    def needs_a_plan(self, sdk: str | None, hardware: str | None) -> bool:
        """Page spaces-overview: compute needs a plan, static is free; page spaces-zerogpu: two are free."""
        if self.plan != "free" or sdk == "static":
            return False
        others = [each for each in self.repositories.values() if each.hardware == "zero-a10g"]
        return hardware != "zero-a10g" or len(others) >= FREE_ZERO_GPU_SPACES


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: StandInAccount

    def handle(self) -> None:
        """Serve a connection until either side hangs up."""
        with suppress(ConnectionError):
            super().handle()

    def log_message(self, *_arguments: object) -> None:
        """Keep the tests' output quiet."""

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

    def _with_faults(self, kind: str, answer: "_Answer", match: re.Match[str], body: bytes) -> None:
        self.hub.seen.append(kind)
        if not self._may(kind, match):
            # hf_raise_for_status: nobody is told whether a private one exists.
            return self._send(401, {"error": "Repository not found"}, {"X-Error-Code": "RepoNotFound"})
        waiting = self.hub.faults.get(kind)
        fault = waiting.pop(0) if waiting else None
        if isinstance(fault, int):
            return self._send(fault, {"error": "a fault of the stand-in"})
        if fault == "cut before":
            return self._hang_up()
        if fault == "stall":
            self.hub.closing.wait()
            return self._hang_up()
        with self.hub.lock:
            status, content, headers = answer(self, match, body)
        if fault == "cut after":
            return self._hang_up()
        return self._send(status, content, headers)

    def _may(self, kind: str, match: re.Match[str]) -> bool:
        if kind in ("upload", "large"):  # signed addresses elsewhere, `_upload_single_part` sends no token
            return True
        found = self.hub.repositories.get(self._place(match)) if "repo" in match.groupdict() else None
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

    def _hang_up(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    @staticmethod
    def _place(match: re.Match[str]) -> str:
        """Models stand at the top, the others under their kind (`hf_hub_url`)."""
        return f"{match['kind'] or 'models'}/{match['repo']}"

    def _found(self, match: re.Match[str]) -> Repository | None:
        return self.hub.repositories.get(self._place(match))

    def _whoami(self, _match: re.Match[str], _body: bytes) -> "_Reply":
        """`HfApi.whoami`; the fields were learnt from its documentation and `_oauth.py`."""
        account = {
            "type": "user",
            "name": self.hub.user,
            "isPro": self.hub.plan == "pro",
            "orgs": [{"name": name, "roleInOrg": "write"} for name in self.hub.organizations],
            "auth": {"type": "access_token", "accessToken": {"displayName": "a token", "role": "write"}},
        }
        return 200, account, {}

    def _create(self, _match: re.Match[str], body: bytes) -> "_Reply":
        """`HfApi.create_repo`: 409 for one that is there, 402 where payment is required, 403 for others'."""
        asked = json.loads(body)
        owner = asked["organization"] or self.hub.user
        kind, sdk, hardware = f"{asked.get('type', 'model')}s", asked.get("sdk"), asked.get("hardware")
        place = f"{kind}/{owner}/{asked['name']}"
        prefix = "" if kind == "models" else f"{kind}/"
        told = {"url": f"{self.hub.url}/{prefix}{owner}/{asked['name']}"}
        if owner not in (self.hub.user, *self.hub.organizations):
            return 403, {"error": f"You don't have the rights to create a repo under {owner}"}, {}
        if place in self.hub.repositories:
            return 409, told | {"error": "You already created this repo"}, {}
        if kind == "spaces" and self.hub.needs_a_plan(sdk, hardware):
            return 402, {"error": "A PRO subscription is required to host Gradio and Docker Spaces"}, {}
        variables = {each["key"]: each["value"] for each in asked.get("variables", [])}
        made = Repository(asked.get("visibility") == "private", sdk, hardware, variables)
        made.add({".gitattributes": "".join(f"*{end} filter=lfs\n" for end in LARGE).encode()})
        self.hub.repositories[place] = made
        return 200, told, {}

    def _validate(self, _match: re.Match[str], body: bytes) -> "_Reply":
        """`HfApi._validate_yaml`: 400 with a list of errors. Fields: page spaces-config-reference."""
        asked = json.loads(body)
        try:
            front = yaml.safe_load(asked["content"].split("---")[1])
            wrong = [] if isinstance(front, dict) else ["The front matter is no mapping"]
        except (IndexError, yaml.YAMLError) as error:
            front, wrong = {}, [str(error)]
        if asked["repoType"] == "space" and not wrong:
            if front.get("sdk") not in ("gradio", "docker", "static"):
                wrong.append('"sdk" must be one of [gradio, docker, static]')
            if len(front.get("short_description", "")) > 60:
                wrong.append('"short_description" must be at most 60 characters long')
        told = {"errors": [{"message": each} for each in wrong], "warnings": []}
        return (400 if wrong else 200), told, {}

    def _info(self, match: re.Match[str], _body: bytes) -> "_Reply":
        found = self._found(match)
        if found is None:
            return 404, {"error": "Repository not found"}, {"X-Error-Code": "RepoNotFound"}
        return 200, {"id": match["repo"], "sha": found.commits[-1][0], "private": found.private}, {}

    def _runtime(self, match: re.Match[str], _body: bytes) -> "_Reply":
        """`SpaceRuntime`."""
        found = self._found(match)
        if found is None:
            return 404, {}, {"X-Error-Code": "RepoNotFound"}
        hardware = {"current": found.hardware, "requested": found.hardware}
        return 200, {"stage": "RUNNING", "hardware": hardware, "gcTimeout": None}, {}

    def _hardware(self, match: re.Match[str], body: bytes) -> "_Reply":
        """`HfApi.request_space_hardware`; that 402 comes here too is assumed."""
        found, flavor = self._found(match), json.loads(body)["flavor"]
        if found is None:
            return 404, {}, {"X-Error-Code": "RepoNotFound"}
        if self.hub.needs_a_plan(found.sdk, flavor):
            return 402, {"error": "Payment required"}, {}
        found.hardware = flavor
        return self._runtime(match, body)

    def _tree(self, match: re.Match[str], _body: bytes) -> "_Reply":
        """`HfApi.list_repo_tree`: pages by a Link header; a large file has its sha256 under ``lfs``."""
        found = self._found(match)
        files = found.at(match["revision"]) if found else None
        if files is None:
            return 404, {}, {"X-Error-Code": "RevisionNotFound" if found else "RepoNotFound"}
        start = int(parse_qs(urlsplit(self.path).query).get("cursor", ["0"])[0])
        paths = sorted(files)
        listed = [self._listed(path, files[path]) for path in paths[start : start + self.hub.page]]
        more = start + self.hub.page < len(paths)
        address = f"{self.hub.url}{urlsplit(self.path).path}?recursive=true&cursor={start + self.hub.page}"
        return 200, listed, {"Link": f'<{address}>; rel="next"'} if more else {}

    def _listed(self, path: str, content: bytes) -> dict[str, Any]:
        told = {"type": "file", "path": path, "size": len(content), "oid": blob(content)}
        digest = hashlib.sha256(content).hexdigest()
        if digest in self.hub.large:
            told["lfs"] = {"size": len(content), "oid": digest, "pointerSize": 132}
        return told

    def _preupload(self, match: re.Match[str], body: bytes) -> "_Reply":
        """`_fetch_upload_modes`; an oid equal to the local one makes `create_commit` skip the file."""
        found = self._found(match)
        if found is None:
            return 404, {"error": "Repository not found"}, {"X-Error-Code": "RepoNotFound"}
        listed = []
        for file in json.loads(body)["files"]:
            large = _is_large(file["path"], file["size"], base64.b64decode(file["sample"]))
            here = found.files.get(file["path"])
            oid = None if here is None else hashlib.sha256(here).hexdigest() if large else blob(here)
            mode = "lfs" if large else "regular"
            listed.append({"path": file["path"], "uploadMode": mode, "shouldIgnore": False, "oid": oid})
        return 200, {"files": listed}, {}

    def _batch(self, _match: re.Match[str], body: bytes) -> "_Reply":
        """`post_lfs_batch_info`; no actions for what is there (git-lfs, docs/api/batch.md)."""
        objects = []
        for each in json.loads(body)["objects"]:
            upload = {"upload": {"href": f"{self.hub.url}/lfs/{each['oid']}"}}
            known = each["oid"] in self.hub.large
            objects.append(
                {"oid": each["oid"], "size": each["size"]} | ({} if known else {"actions": upload})
            )
        return 200, {"transfer": "basic", "objects": objects}, {}

    def _upload(self, match: re.Match[str], body: bytes) -> "_Reply":
        if hashlib.sha256(body).hexdigest() != match["oid"]:
            return 400, {"error": "another content"}, {}
        self.hub.large[match["oid"]] = body
        return 200, {}, {}

    def _commit(self, match: re.Match[str], body: bytes) -> "_Reply":
        """`_prepare_commit_payload`; 412 for another parent (documentation of `create_commit`)."""
        self.hub.before_commit()
        found = self._found(match)
        if found is None:
            return 404, {"error": "Repository not found"}, {"X-Error-Code": "RepoNotFound"}
        lines = [json.loads(line) for line in body.splitlines()]
        header = next(line["value"] for line in lines if line["key"] == "header")
        if header.get("parentCommit", found.commits[-1][0]) != found.commits[-1][0]:
            return 412, {"error": "A commit has happened since. Please refresh and try again."}, {}
        added: dict[str, bytes] = {}
        gone: list[str] = []
        for key, value in ((line["key"], line["value"]) for line in lines):
            if key == "file":
                added[value["path"]] = base64.b64decode(value["content"])
                if _is_large(value["path"], len(added[value["path"]]), added[value["path"]][:512]):
                    return 400, {"error": "Your push was rejected because it contains binary files"}, {}
            if key == "lfsFile":
                added[value["path"]] = self.hub.large[value["oid"]]
            if key in ("deletedFile", "deletedFolder"):
                gone.append(value["path"])
        oid = found.add(added, tuple(gone))
        address = f"{self.hub.url}/{self._place(match).removeprefix('models/')}/commit/{oid}"
        return 200, {"success": True, "commitOid": oid, "commitUrl": address}, {}

    def _read(self, match: re.Match[str], _body: bytes) -> "_Reply":
        """`get_hf_file_metadata`: the commit and the digest in headers, large files from elsewhere."""
        found = self._found(match)
        content = ((found and found.at(match["revision"])) or {}).get(unquote(match["path"]))
        if found is None or content is None:
            return 404, b"", {"X-Error-Code": "EntryNotFound"}
        digest = hashlib.sha256(content).hexdigest()
        newest = found.commits[-1][0]
        told = {"X-Repo-Commit": newest if match["revision"] == "main" else match["revision"]}
        if digest not in self.hub.large:
            return 200, content, told | {"ETag": f'"{blob(content)}"'}
        linked = {"X-Linked-ETag": f'"{digest}"', "X-Linked-Size": str(len(content))}
        return 302, b"", told | linked | {"Location": f"{self.hub.url}/large/{digest}"}

    def _large(self, match: re.Match[str], _body: bytes) -> "_Reply":
        return 200, self.hub.large[match["oid"]], {"ETag": f'"{match["oid"]}"'}


_Reply = tuple[int, Any, dict[str, str]]
_Answer = Callable[[_Handler, re.Match[str], bytes], _Reply]
_REPO = r"(?P<repo>[^/]+/[^/]+?)"
_API = rf"/api/(?P<kind>models|datasets|spaces)/{_REPO}"
_TOP = rf"/(?:(?P<kind>datasets|spaces)/)?{_REPO}"
_REVISION = "(?P<revision>[^/]+)"
ROUTES: tuple[tuple[str, str, str, _Answer], ...] = (
    ("whoami", "GET", "/api/whoami-v2", _Handler._whoami),
    ("create", "POST", "/api/repos/create", _Handler._create),
    ("validate", "POST", "/api/validate-yaml", _Handler._validate),
    ("runtime", "GET", f"{_API}/runtime", _Handler._runtime),
    ("hardware", "POST", f"{_API}/hardware", _Handler._hardware),
    ("tree", "GET", f"{_API}/tree/{_REVISION}", _Handler._tree),
    ("preupload", "POST", f"{_API}/preupload/{_REVISION}", _Handler._preupload),
    ("commit", "POST", f"{_API}/commit/{_REVISION}", _Handler._commit),
    ("info", "GET", rf"{_API}(?:/revision/{_REVISION})?", _Handler._info),
    ("batch", "POST", rf"{_TOP}\.git/info/lfs/objects/batch", _Handler._batch),
    ("upload", "PUT", "/lfs/(?P<oid>[0-9a-f]{64})", _Handler._upload),
    ("large", "GET", "/large/(?P<oid>[0-9a-f]{64})", _Handler._large),
    ("large", "HEAD", "/large/(?P<oid>[0-9a-f]{64})", _Handler._large),
    ("read", "GET", f"{_TOP}/resolve/{_REVISION}/(?P<path>.+)", _Handler._read),
    ("read", "HEAD", f"{_TOP}/resolve/{_REVISION}/(?P<path>.+)", _Handler._read),
)


def blob(content: bytes) -> str:
    """Return the name that git gives a file of this content."""
    return hashlib.sha1(f"blob {len(content)}\0".encode() + content).hexdigest()


def _is_large(path: str, size: int, sample: bytes) -> bool:
    return size > 0 and (path.endswith(LARGE) or size > MAX_REGULAR_BYTES or b"\0" in sample)


@contextmanager
def serve_account(account: StandInAccount) -> Iterator[None]:
    """Run a Hub on a free port of loopback for as long as the block lasts."""
    handler = type("_BoundHandler", (_Handler,), {"hub": account})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        account.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield
        finally:
            account.closing.set()
            server.shutdown()
            thread.join()


@contextmanager
def stand_in_account() -> Iterator[StandInAccount]:
    """Run a Hub with one account that owns nothing yet."""
    account = StandInAccount()
    with serve_account(account):
        yield account

"""The pins are compared with a list of vulnerabilities, or it is said that they were not."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[1] / "scripts" / "checks" / "audit.py"
WEB_STACK = ("starlette", "fastapi", "python-multipart", "uvicorn", "httpx2")


@contextmanager
def _list_of(vulnerable: str | None) -> Iterator[str]:
    """Serve a list in OSV's form in which one package has an entry; None: answers of another form."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            queries = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["queries"]
            results = [
                {"vulns": [{"id": "X-1"}]} if query["package"]["name"] == vulnerable else {}
                for query in queries
            ]
            body = json.dumps({"results": results} if vulnerable is not None else []).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _audit(url: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPT), "--url", url]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("package", WEB_STACK)
def test_the_web_stack_is_pinned(package: str) -> None:
    lines = (SCRIPT.parents[2] / "requirements.txt").read_text(encoding="utf-8").splitlines()
    assert any(line.startswith(f"{package}==") for line in lines)


def test_a_known_vulnerability_is_named() -> None:
    with _list_of("starlette") as url:
        done = _audit(url)
    assert done.returncode == 1
    assert "X-1" in done.stdout
    assert done.stdout.count("starlette") == 1


def test_nothing_known_is_said_too() -> None:
    with _list_of("") as url:
        done = _audit(url)
    assert done.returncode == 0
    assert done.stdout.startswith("0 of ")


def test_a_list_that_cannot_be_asked_is_said() -> None:
    for done in (_audit("http://127.0.0.1:9/"), _odd_answer()):
        assert done.returncode == 0
        assert "were not compared" in done.stdout
        assert done.stderr == ""


def _odd_answer() -> subprocess.CompletedProcess[str]:
    with _list_of(None) as url:
        return _audit(url)

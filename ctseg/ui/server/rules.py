"""The routes that are open, and how many bytes each may be sent; all others of the framework are closed."""

import re
from dataclasses import dataclass

from ctseg.leaderboard.submissions.read import MAX_SUBMISSION_BYTES
from ctseg.ui.server.upload_route import UPLOAD_PATH
from ctseg.ui.server.uploads import NAME

MAX_REQUEST_BYTES = MAX_SUBMISSION_BYTES
MAX_JSON_BYTES = 2_000_000
"""A call that names the 2048 files of a series has 1.3 MB."""
MAX_STAGE_BYTES = 256 * 1024
MAX_IGNORED_BYTES = 64 * 1024
"""Of a body that nobody asked for."""
_FORM_BYTES = 64 * 1024
PAGES = re.compile(r"/(?:leaderboard|submit|methods)?/?")
PRIVATE_FILE = re.compile(rf"/in-[0-9a-f]{{32}}(?:/|$)|/{NAME}/*$|/\.")
"""What lies among the uploads and is never handed out."""


@dataclass(frozen=True)
class Rule:
    """An open route: its paths, its method, how many bytes it may be sent, and what is checked."""

    paths: re.Pattern[str]
    method: str
    max_bytes: int = 0
    check: str = ""


def _rule(paths: str, method: str, max_bytes: int = 0, check: str = "") -> Rule:
    return Rule(re.compile(paths), method, max_bytes, check)


_CALLS = r"/gradio_api/(?:queue/join|run/[\w.-]+|call/(?:v2/)?[\w.-]+|component_server|cancel|reset)/?"
RULES = (
    Rule(PAGES, "GET"),
    _rule(r"/(?:assets|static|svelte)/.+|/favicon\.ico|/robots\.txt|/manifest\.json", "GET"),
    _rule(r"(?:/gradio_api)?/theme\.css|/config/?|/gradio_api/(?:info/?|openapi\.json)", "GET"),
    _rule(r"/gradio_api/(?:app_id|login_check|startup-events|queue/status)/?", "GET"),
    _rule(r"/gradio_api/heartbeat/[\w-]{1,128}|/gradio_api/upload_progress", "GET"),
    _rule(r"/gradio_api/call/(?:v2/)?[\w.-]+/\w+|/gradio_api/queue/data", "GET", check="answer"),
    _rule(r"/gradio_api/file=.+", "GET", check="file"),
    _rule(r"/login/(?:huggingface|callback)|/logout", "GET"),
    _rule(r"/boards/.+|/compare/(?:opening|shelf|stage\.(?:js|css))|/health", "GET"),
    _rule(r"/compare/\w+", "POST", MAX_STAGE_BYTES),
    _rule(_CALLS, "POST", MAX_JSON_BYTES, check="call"),
    _rule(UPLOAD_PATH, "POST", MAX_REQUEST_BYTES + _FORM_BYTES, check="upload"),
)
"""Every route that the pages or programs use; all others of the framework are closed."""

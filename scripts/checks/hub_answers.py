"""What the stand-in for the Hub's API answers: what ``huggingface_hub`` 2.4 really calls.

Where each behaviour was learnt stands beside it: a name of a function is one of ``huggingface_hub`` 2.4.0, a
page is one of https://huggingface.co/docs/hub of August 2026. What no document says is marked as assumed.
"""

import base64
import hashlib
import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import yaml
from hub_repositories import LARGE, Repository, StandInAccount, blob, is_large
from loopback import QuietHandler

Reply = tuple[int, Any, dict[str, str]]
"""Status, content and headers."""


class HubAnswers(QuietHandler):
    """The answers of ``hub`` to each kind of request of ``ROUTES``."""

    hub: StandInAccount

    @staticmethod
    def place(match: re.Match[str]) -> str:
        """Models stand at the top, the others under their kind (`hf_hub_url`)."""
        return f"{match['kind'] or 'models'}/{match['repo']}"

    def found(self, match: re.Match[str]) -> Repository | None:
        """The repository that was asked for, if it is there."""
        return self.hub.repositories.get(self.place(match))

    def whoami(self, _match: re.Match[str], _body: bytes) -> Reply:
        """`HfApi.whoami`; the fields were learnt from its documentation and `_oauth.py`."""
        account = {
            "type": "user",
            "name": self.hub.user,
            "isPro": self.hub.plan == "pro",
            "orgs": [{"name": name, "roleInOrg": "write"} for name in self.hub.organizations],
            "auth": {"type": "access_token", "accessToken": {"displayName": "a token", "role": "write"}},
        }
        return 200, account, {}

    def create(self, _match: re.Match[str], body: bytes) -> Reply:
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

    def validate(self, _match: re.Match[str], body: bytes) -> Reply:
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

    def info(self, match: re.Match[str], _body: bytes) -> Reply:
        """`HfApi.repo_info`."""
        found = self.found(match)
        if found is None:
            return 404, {"error": "Repository not found"}, {"X-Error-Code": "RepoNotFound"}
        return 200, {"id": match["repo"], "sha": found.commits[-1][0], "private": found.private}, {}

    def runtime(self, match: re.Match[str], _body: bytes) -> Reply:
        """`SpaceRuntime`."""
        found = self.found(match)
        if found is None:
            return 404, {}, {"X-Error-Code": "RepoNotFound"}
        hardware = {"current": found.hardware, "requested": found.hardware}
        return 200, {"stage": "RUNNING", "hardware": hardware, "gcTimeout": None}, {}

    def hardware(self, match: re.Match[str], body: bytes) -> Reply:
        """`HfApi.request_space_hardware`; that 402 comes here too is assumed."""
        found, flavor = self.found(match), json.loads(body)["flavor"]
        if found is None:
            return 404, {}, {"X-Error-Code": "RepoNotFound"}
        if self.hub.needs_a_plan(found.sdk, flavor):
            return 402, {"error": "Payment required"}, {}
        found.hardware = flavor
        return self.runtime(match, body)

    def tree(self, match: re.Match[str], _body: bytes) -> Reply:
        """`HfApi.list_repo_tree`: pages by a Link header; a large file has its sha256 under ``lfs``."""
        found = self.found(match)
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

    def preupload(self, match: re.Match[str], body: bytes) -> Reply:
        """`_fetch_upload_modes`; an oid equal to the local one makes `create_commit` skip the file."""
        found = self.found(match)
        if found is None:
            return 404, {"error": "Repository not found"}, {"X-Error-Code": "RepoNotFound"}
        listed = []
        for file in json.loads(body)["files"]:
            large = is_large(file["path"], file["size"], base64.b64decode(file["sample"]))
            here = found.files.get(file["path"])
            oid = None if here is None else hashlib.sha256(here).hexdigest() if large else blob(here)
            mode = "lfs" if large else "regular"
            listed.append({"path": file["path"], "uploadMode": mode, "shouldIgnore": False, "oid": oid})
        return 200, {"files": listed}, {}

    def batch(self, _match: re.Match[str], body: bytes) -> Reply:
        """`post_lfs_batch_info`; no actions for what is there (git-lfs, docs/api/batch.md)."""
        objects = []
        for each in json.loads(body)["objects"]:
            upload = {"upload": {"href": f"{self.hub.url}/lfs/{each['oid']}"}}
            known = each["oid"] in self.hub.large
            objects.append(
                {"oid": each["oid"], "size": each["size"]} | ({} if known else {"actions": upload})
            )
        return 200, {"transfer": "basic", "objects": objects}, {}

    def upload(self, match: re.Match[str], body: bytes) -> Reply:
        """`_upload_single_part`, to the address that ``batch`` told."""
        if hashlib.sha256(body).hexdigest() != match["oid"]:
            return 400, {"error": "another content"}, {}
        self.hub.large[match["oid"]] = body
        return 200, {}, {}

    def commit(self, match: re.Match[str], body: bytes) -> Reply:
        """`_prepare_commit_payload`; 412 for another parent (documentation of `create_commit`)."""
        self.hub.before_commit()
        found = self.found(match)
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
                if is_large(value["path"], len(added[value["path"]]), added[value["path"]][:512]):
                    return 400, {"error": "Your push was rejected because it contains binary files"}, {}
            if key == "lfsFile":
                added[value["path"]] = self.hub.large[value["oid"]]
            if key in ("deletedFile", "deletedFolder"):
                gone.append(value["path"])
        oid = found.add(added, tuple(gone))
        address = f"{self.hub.url}/{self.place(match).removeprefix('models/')}/commit/{oid}"
        return 200, {"success": True, "commitOid": oid, "commitUrl": address}, {}

    def read(self, match: re.Match[str], _body: bytes) -> Reply:
        """`get_hf_file_metadata`: the commit and the digest in headers, large files from elsewhere."""
        found = self.found(match)
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

    def large(self, match: re.Match[str], _body: bytes) -> Reply:
        """What ``read`` leads to for a large file."""
        return 200, self.hub.large[match["oid"]], {"ETag": f'"{match["oid"]}"'}


Answer = Callable[[HubAnswers, re.Match[str], bytes], Reply]
_REPO = r"(?P<repo>[^/]+/[^/]+?)"
_API = rf"/api/(?P<kind>models|datasets|spaces)/{_REPO}"
_TOP = rf"/(?:(?P<kind>datasets|spaces)/)?{_REPO}"
_REVISION = "(?P<revision>[^/]+)"
ROUTES: tuple[tuple[str, str, str, Answer], ...] = (
    ("whoami", "GET", "/api/whoami-v2", HubAnswers.whoami),
    ("create", "POST", "/api/repos/create", HubAnswers.create),
    ("validate", "POST", "/api/validate-yaml", HubAnswers.validate),
    ("runtime", "GET", f"{_API}/runtime", HubAnswers.runtime),
    ("hardware", "POST", f"{_API}/hardware", HubAnswers.hardware),
    ("tree", "GET", f"{_API}/tree/{_REVISION}", HubAnswers.tree),
    ("preupload", "POST", f"{_API}/preupload/{_REVISION}", HubAnswers.preupload),
    ("commit", "POST", f"{_API}/commit/{_REVISION}", HubAnswers.commit),
    ("info", "GET", rf"{_API}(?:/revision/{_REVISION})?", HubAnswers.info),
    ("batch", "POST", rf"{_TOP}\.git/info/lfs/objects/batch", HubAnswers.batch),
    ("upload", "PUT", "/lfs/(?P<oid>[0-9a-f]{64})", HubAnswers.upload),
    ("large", "GET", "/large/(?P<oid>[0-9a-f]{64})", HubAnswers.large),
    ("large", "HEAD", "/large/(?P<oid>[0-9a-f]{64})", HubAnswers.large),
    ("read", "GET", f"{_TOP}/resolve/{_REVISION}/(?P<path>.+)", HubAnswers.read),
    ("read", "HEAD", f"{_TOP}/resolve/{_REVISION}/(?P<path>.+)", HubAnswers.read),
)

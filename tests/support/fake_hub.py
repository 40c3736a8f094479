"""A hub on the loopback: as much of Hugging Face's API as it takes to make a repository, commit to it and read it.

Files are kept in memory. What is not text goes through the protocol for large files, as on the real one; but where
huggingface_hub has only Xet for them (from 1 on), which this hub does not speak, all files are small ones.
"""

import base64
import hashlib
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import unquote, urlsplit

import huggingface_hub
from huggingface_hub import metadata_load

TOKEN = "hf_of_a_test"
ONLY_XET = int(huggingface_hub.__version__.partition(".")[0]) >= 1
NAME = r"(?P<name>[\w.-]+/[\w.-]+)"


@dataclass
class Repository:
    """A repository: whether it is private, and the files of each branch."""

    private: bool = False
    branches: dict[str, dict[str, bytes]] = field(default_factory=lambda: {"main": {}})
    messages: list[str] = field(default_factory=list)


@dataclass
class FakeHub:
    """What the hub has, and what it was asked.

    url (str): Its address.
    repositories (dict[str, Repository]): By name.
    objects (dict[str, bytes]): Large files, by SHA-256.
    calls (list[str]): Method and path of each request.
    """

    url: str = ""
    repositories: dict[str, Repository] = field(default_factory=dict)
    objects: dict[str, bytes] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)

    def create(self, body: Any, **_: str) -> tuple[int, Any]:
        name = f"{body['organization']}/{body['name']}"
        if name in self.repositories:
            return 409, {"error": "You already created this model repo", "url": f"{self.url}/{name}"}
        # huggingface_hub 2 says it by a word.
        self.repositories[name] = Repository(private=body.get("private") is True or body.get("visibility") == "private")
        return 200, {"url": f"{self.url}/{name}", "id": name}

    def info(self, _: Any, name: str, revision: str = "main") -> tuple[int, Any]:
        repository = self.repositories[name]
        files = repository.branches[revision if revision in repository.branches else "main"]
        siblings = [{"rfilename": path} for path in files]
        about = {"id": name, "modelId": name, "private": repository.private, "tags": [], "siblings": siblings}
        return 200, {**about, "sha": _sha(revision), "downloads": 0, "likes": 0}

    def tree(self, _: Any, name: str, revision: str) -> tuple[int, Any]:
        # What huggingface_hub 1 and later asks before it downloads.
        files = self.files(name, revision)
        return 200, [
            {"type": "file", "path": path, "size": len(content), "oid": hashlib.sha1(content).hexdigest()}
            for path, content in files.items()
        ]

    def files(self, name: str, revision: str) -> dict[str, bytes]:
        return self.repositories[name].branches[self.branch_of(name, revision)]

    def branch_of(self, name: str, revision: str) -> str:
        """RETURNS (str): The branch that a name, or the number of a commit, is of."""
        return next((one for one in self.repositories[name].branches if revision in (one, _sha(one))), "main")

    def branch(self, _: Any, name: str, revision: str) -> tuple[int, Any]:
        branches = self.repositories[name].branches
        if revision in branches:
            return 409, {"error": "Reference already exists"}
        branches[revision] = dict(branches["main"])
        return 200, {}

    def validate(self, body: Any, **_: str) -> tuple[int, Any]:
        return 200, {"errors": [], "warnings": [] if body["content"].startswith("---\n") else [{"message": "empty"}]}

    def preupload(self, body: Any, name: str, revision: str) -> tuple[int, Any]:
        assert revision in self.repositories[name].branches
        modes = {file["path"]: _mode(base64.b64decode(file["sample"])) for file in body["files"]}
        return 200, {"files": [{"path": p, "uploadMode": m, "shouldIgnore": False} for p, m in modes.items()]}

    def batch(self, body: Any, **_: str) -> tuple[int, Any]:
        objects = [{**one, "actions": {"upload": {"href": f"{self.url}/lfs/{one['oid']}"}}} for one in body["objects"]]
        return 200, {"transfer": "basic", "objects": objects}

    def store(self, body: bytes, oid: str) -> tuple[int, Any]:
        assert hashlib.sha256(body).hexdigest() == oid
        self.objects[oid] = body
        return 200, {}

    def commit(self, body: list[Any], name: str, revision: str) -> tuple[int, Any]:
        repository = self.repositories[name]
        for line in body:
            value = line["value"]
            if line["key"] == "header":
                repository.messages.append(value["summary"])
            elif line["key"] == "file":
                repository.branches[revision][value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "lfsFile":
                repository.branches[revision][value["path"]] = self.objects[value["oid"]]
        return 200, {"commitUrl": f"{self.url}/{name}/commit/1", "commitOid": _sha(revision), "success": True}

    def card(self, name: str, folder: Any) -> dict[str, Any]:
        """RETURNS (dict): The front matter of a repository's card, as huggingface_hub reads it."""
        path = folder / "card.md"
        path.write_bytes(self.repositories[name].branches["main"]["README.md"])
        return dict(metadata_load(path) or {})


ROUTES: list[tuple[str, str, Callable[..., tuple[int, Any]]]] = [
    ("POST", "/api/repos/create", FakeHub.create),
    ("POST", "/api/validate-yaml", FakeHub.validate),
    ("GET", f"/api/models/{NAME}", FakeHub.info),
    ("GET", f"/api/models/{NAME}/revision/(?P<revision>[^/]+)", FakeHub.info),
    ("GET", f"/api/models/{NAME}/tree/(?P<revision>[^/]+)", FakeHub.tree),
    ("POST", f"/api/models/{NAME}/branch/(?P<revision>[^/]+)", FakeHub.branch),
    ("POST", f"/api/models/{NAME}/preupload/(?P<revision>[^/]+)", FakeHub.preupload),
    ("POST", f"/api/models/{NAME}/commit/(?P<revision>[^/]+)", FakeHub.commit),
    ("POST", f"/{NAME}.git/info/lfs/objects/batch", FakeHub.batch),
    ("PUT", "/lfs/(?P<oid>[0-9a-f]+)", FakeHub.store),
]
RESOLVE = re.compile(f"/{NAME}/resolve/(?P<revision>[^/]+)/(?P<path>.+)")


class Handler(BaseHTTPRequestHandler):
    """Answers the requests of one hub."""

    hub: FakeHub
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_PUT(self) -> None:
        self._answer()

    def do_HEAD(self) -> None:
        self._answer()

    def _answer(self) -> None:
        path = unquote(urlsplit(self.path).path)
        self.hub.calls.append(f"{self.command} {path}")
        body = self._body()
        if found := RESOLVE.fullmatch(path):
            return self._file(**found.groupdict())
        for method, pattern, function in ROUTES:
            found = re.fullmatch(pattern, path)
            if found and method == self.command:
                if method != "PUT" and self.headers.get("Authorization") != f"Bearer {TOKEN}":
                    return self._send(401, {"error": "Invalid username or password."})
                return self._send(*function(self.hub, body, **found.groupdict()))
        return self._send(404, {"error": f"Nothing at {path}"})

    def _body(self) -> Any:
        data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.command == "PUT" or not data:
            return data
        lines = [json.loads(line) for line in data.splitlines()]
        return lines if "ndjson" in self.headers["Content-Type"] else lines[0]

    def _file(self, name: str, revision: str, path: str) -> None:
        content = self.hub.files(name, revision).get(path)
        if content is None:
            return self._send(404, {"error": "Entry not found"}, {"X-Error-Code": "EntryNotFound"})
        self._send(
            200,
            content,
            {
                "ETag": f'"{hashlib.sha1(content).hexdigest()}"',
                "X-Repo-Commit": _sha(self.hub.branch_of(name, revision)),
            },
        )

    def _send(self, status: int, answer: Any, headers: dict[str, str] | None = None) -> None:
        content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)


@contextmanager
def fake_hub() -> Iterator[FakeHub]:
    """YIELDS (FakeHub): A hub that runs."""
    hub = FakeHub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"hub": hub}))
    hub.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()


def _sha(revision: str) -> str:
    return hashlib.sha1(revision.encode()).hexdigest()


def _mode(sample: bytes) -> str:
    return "lfs" if not ONLY_XET and (b"\0" in sample or not sample.isascii()) else "regular"

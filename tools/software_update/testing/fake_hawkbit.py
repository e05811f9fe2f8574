"""A server of hawkBit's Direct Device Integration API on loopback, for one device and one action.

Written from the published description of the API (https://eclipse.dev/hawkbit/apis/ddi_api/ and its OpenAPI
document): resources, links, states of an action, and the status of each answer.
"""

import contextlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from software_update.testing.bundle_server import Answer, BundleServer, Request, serve

DEVICE = "lamp-1"
TOKEN = "TargetToken s3cret"
_BASE = f"/DEFAULT/controller/v1/{DEVICE}"
_JSON = {"Content-Type": "application/hal+json"}


@dataclass
class FakeHawkbit:
    """The server's state. `action` is the number of the action, and `state` that of it: one of hawkBit's.

    `received` has the messages of the device: the resource below that of the device, and the body.
    `artifact` replaces the server that the links of artifacts name.
    """

    server: BundleServer
    sleep: str = "00:05:00"
    wants_configuration: bool = False
    action: int = 0
    state: str = "none"
    handling: str = "forced"
    update: str | None = None
    artifact: str = ""
    files: list[str] = field(default_factory=lambda: ["lamp.bundle"])
    received: list[tuple[str, Any]] = field(default_factory=list)
    fails_with: int = 0

    @property
    def url(self) -> str:
        """The server's address, without tenant."""
        return self.server.url("").rstrip("/")

    def assign(self, action: int, *, confirm: bool = False) -> None:
        """Assigns the bundle to the device. With `confirm`, the action waits for confirmation."""
        self.action, self.state = action, "wait_for_confirmation" if confirm else "running"

    def cancel(self) -> None:
        """Asks the device to cancel the action."""
        self.state = "canceling"

    def feedback(self) -> list[tuple[str, str, str]]:
        """Returns resource, execution and result of all feedback."""
        return [
            (resource, body["status"]["execution"], body["status"]["result"]["finished"])
            for resource, body in self.received
            if "status" in body
        ]

    def answer(self, request: Request, ordinary: Answer) -> Answer:
        """Answers a request; the content of the server is the bundle."""
        if request.path.startswith("/download/"):
            return ordinary
        if self.fails_with:
            return Answer(self.fails_with, {})
        if request.header("Authorization") != TOKEN:
            return Answer(401, {})
        if request.path != _BASE and not request.path.startswith(f"{_BASE}/"):
            return Answer(404, {})
        resource = request.path.removeprefix(_BASE).removeprefix("/").partition("?")[0]
        if request.method != "GET":
            return self._receive(resource, json.loads(request.body))
        found = self._resource(resource)
        return Answer(404, {}) if found is None else Answer(200, _JSON, json.dumps(found).encode())

    def _resource(self, resource: str) -> Any:
        if not resource:
            return self._poll()
        waits = self.state == "wait_for_confirmation"
        if resource == f"cancelAction/{self.action}" and self.state == "canceling":
            return {"id": str(self.action), "cancelAction": {"stopId": str(self.action)}}
        if resource == f"confirmationBase/{self.action}" and waits:
            return self._deployment("confirmation")
        if resource == f"deploymentBase/{self.action}" and self.state == "running":
            return self._deployment("deployment")
        return None

    def _poll(self) -> Any:
        links = {}
        if self.wants_configuration:
            links["configData"] = "configData"
        name = {
            "wait_for_confirmation": "confirmationBase",
            "canceling": "cancelAction",
            "running": "deploymentBase",
        }.get(self.state)
        if name:
            links[name] = f"{name}/{self.action}?c=-2127183556"
        return {
            "config": {"polling": {"sleep": self.sleep}},
            "_links": {key: {"href": f"{self.url}{_BASE}/{path}"} for key, path in links.items()},
        }

    def _deployment(self, member: str) -> Any:
        host = self.artifact or self.url
        artifacts = [
            {
                "filename": name,
                "size": len(self.server.content),
                "_links": {"download-http": {"href": f"{host}/download/{name}"}},
            }
            for name in self.files
        ]
        return {
            "id": str(self.action),
            member: {
                "download": self.handling,
                "update": self.update or self.handling,
                "chunks": [{"part": "os", "version": "2", "name": "lamp", "artifacts": artifacts}],
            },
        }

    def _receive(self, resource: str, body: Any) -> Answer:
        self.received.append((resource, body))
        found = re.fullmatch(r"(\w+)/(\d+)/feedback", resource)
        if resource == "configData":
            if not body["data"]:
                return Answer(400, {})
            self.wants_configuration = False
            return Answer(200, {})
        if not found or int(found[2]) != self.action:
            return Answer(404, {})
        return Answer(getattr(self, f"_{found[1]}")(body), {})

    def _confirmationBase(self, body: Any) -> int:
        if self.state == "finished":
            return 410
        if self.state != "wait_for_confirmation":
            return 404
        if body["confirmation"] == "confirmed":
            self.state = "running"
        return 200

    def _deploymentBase(self, body: Any) -> int:
        if self.state == "wait_for_confirmation":
            return 404
        if self.state in ("finished", "error", "canceled"):
            return 410
        if body["status"]["execution"] == "closed":
            failed = body["status"]["result"]["finished"] == "failure"
            self.state = "error" if failed else "finished"
        return 200

    def _cancelAction(self, body: Any) -> int:
        if body["status"]["execution"] == "rejected":
            self.state = "running"
        elif body["status"]["execution"] == "closed":
            self.state = "canceled"
        return 200


@contextlib.contextmanager
def hawkbit(bundle: bytes) -> Iterator[FakeHawkbit]:
    """Starts a server with a bundle, which is assigned to no device yet."""
    with serve(bundle) as server:
        made = FakeHawkbit(server)
        server.change = made.answer
        yield made

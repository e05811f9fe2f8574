"""The messages of hawkBit's Direct Device Integration API (v1), as a device reads and writes them. Pure.

https://eclipse.dev/hawkbit/apis/ddi_api/. Resources are paths below the one of the device, such as
`deploymentBase/10`; the number is that of hawkBit's action. A message to the server is a JSON object with
`method`, `resource` and `body`, in the form that a Reporter keeps.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from software_update.base import strict_json

DEPLOYMENT, CONFIRMATION, CANCEL = "deploymentBase", "confirmationBase", "cancelAction"

Message = dict[str, Any]

_ACTION = re.compile(
    rf"/({DEPLOYMENT}|{CONFIRMATION}|{CANCEL})/(-?[0-9]{{1,18}})(?:[?#].*)?", re.DOTALL
)
_SLEEP = re.compile(r"([0-9]{1,4}):([0-5][0-9]):([0-5][0-9])")
_BUNDLE = ".bundle"
_CLIENT = "software-update-client"
_SKIP = "skip"
# hawkBit stores messages of at most 512 characters.
_MAX_DETAIL = 400


@dataclass(frozen=True, slots=True)
class Poll:
    """The answer to a poll.

    `sleep` is the number of seconds that the server wishes between polls; None if it has no wish. `offer` is
    the resource of an action with a bundle, and `cancelled` that of one to cancel; empty if there is none.
    """

    sleep: int | None
    wants_configuration: bool
    offer: str
    cancelled: str


def parse_poll(content: bytes) -> Poll:
    """Returns the answer to a poll. Raises ValueError."""
    document = strict_json.parse_object(content)
    polling = _object(_object(document, "config"), "polling")
    links = _object(document, "_links")
    found = {name: _resource(links, name) for name in (DEPLOYMENT, CONFIRMATION, CANCEL)}
    return Poll(
        _seconds(polling.get("sleep")),
        "configData" in links,
        found[DEPLOYMENT] or found[CONFIRMATION],
        found[CANCEL],
    )


@dataclass(frozen=True, slots=True)
class Deployment:
    """The deployment of an action. `urls` are the links to its bundles, preferred ones first for each bundle.

    `waits` says that the server does not want it to be downloaded or installed now, such as outside of a
    maintenance window.
    """

    waits: bool
    urls: tuple[tuple[str, ...], ...]


def parse_deployment(content: bytes, offer: str) -> Deployment:
    """Returns the deployment in an answer to a GET request for the resource `offer`. Raises ValueError."""
    document = strict_json.parse_object(content)
    member = "confirmation" if offer.startswith(CONFIRMATION) else "deployment"
    found = _object(document, member)
    artifacts = [
        artifact
        for chunk in _objects(found, "chunks")
        for artifact in _objects(chunk, "artifacts")
        if str(artifact.get("filename", "")).endswith(_BUNDLE)
    ]
    return Deployment(
        _SKIP in (found.get("download"), found.get("update")),
        tuple(_urls(_object(artifact, "_links")) for artifact in artifacts),
    )


def parse_cancelled(content: bytes) -> str:
    """Returns the number of the action that is to be cancelled. Raises ValueError."""
    stop = _object(strict_json.parse_object(content), "cancelAction").get("stopId")
    if not isinstance(stop, str):
        raise ValueError("cancelAction has no stopId")
    return stop


def number_of(offer: str) -> str:
    """Returns the number of the action of a resource."""
    return offer.partition("/")[2]


def configuration(attributes: Mapping[str, str]) -> Message:
    """Returns the message with the attributes of the device. hawkBit rejects an empty list of them."""
    body = {"mode": "merge", "data": {"client": _CLIENT, **attributes}}
    return {"method": "PUT", "resource": "configData", "body": body}


def feedback(resource: str, execution: str, finished: str, text: str) -> Message:
    """Returns a message about an action, or about its cancellation.

    `execution` is one of DDI's, such as proceeding or closed, and `finished` is success, failure or none.
    """
    body = {
        "id": number_of(resource),
        "status": {
            "execution": execution,
            "result": {"finished": finished},
            "details": [text[:_MAX_DETAIL]],
        },
    }
    return {"method": "POST", "resource": f"{resource}/feedback", "body": body}


def confirmation(offer: str, confirmed: bool, text: str) -> Message:
    """Returns the answer of a person or policy to an action that waits for confirmation."""
    body = {
        "confirmation": "confirmed" if confirmed else "denied",
        "details": [text[:_MAX_DETAIL]],
    }
    return {"method": "POST", "resource": f"{offer}/feedback", "body": body}


def _object(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = document.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ValueError(f"{name} is not an object")
    return value


def _objects(document: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    value = document.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise ValueError(f"{name} is not a list of objects")
    return value


def _resource(links: Mapping[str, Any], name: str) -> str:
    """Returns the resource of a link. Its host is ignored: requests go to the configured server only."""
    if name not in links:
        return ""
    target = str(_object(links, name).get("href"))
    found = _ACTION.search(target)
    if not found or found[1] != name or found.end() != len(target):
        raise ValueError(f"the link {name} has no action")
    return f"{name}/{found[2]}"


def _urls(links: Mapping[str, Any]) -> tuple[str, ...]:
    targets = (_object(links, name).get("href") for name in ("download", "download-http"))
    return tuple(each for each in targets if isinstance(each, str))


def _seconds(text: object) -> int | None:
    found = _SLEEP.fullmatch(text) if isinstance(text, str) else None
    return int(found[1]) * 3600 + int(found[2]) * 60 + int(found[3]) if found else None

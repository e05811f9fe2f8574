"""The signing request: the exact bytes to sign, and beside them a JSON that says what they are.

The bytes count. The JSON is for people and for tools that plan; whoever signs holds it to the bytes.
"""

import dataclasses
import functools
import hashlib
import json
import re
from collections.abc import Sequence
from typing import Any

from software_update import metadata
from software_update.dates import format_date
from software_update.errors import InputError, Refused
from software_update.metadata import ROOT, TARGETS, Role, Root, Signed, Targets
from software_update.release import ReleaseManifest
from software_update.strict_json import parse_object
from software_update.verify import verifier

SCHEMA = "software_update.signing_request.v1"

_KEY_ID = re.compile("[0-9a-f]{64}")


@dataclasses.dataclass(frozen=True)
class Request:
    """Metadata that waits for signatures. `document` is the JSON beside it, where there is one."""

    content: Root | Targets
    document: bytes | None = None

    @property
    def role(self) -> str:
        return ROOT if isinstance(self.content, Root) else TARGETS

    @property
    def version(self) -> int:
        return self.content.common.version

    @property
    def serialized(self) -> bytes:
        """The exact bytes to sign."""
        return self.content.serialized

    @functools.cached_property
    def sha256(self) -> bytes:
        return hashlib.sha256(self.serialized).digest()

    def __str__(self) -> str:
        return request_name(self.sha256, self.role, self.version)


@dataclasses.dataclass(frozen=True)
class Signers:
    """Those who must sign: `role` in `root`. `whose` says whose keys these are, in words."""

    whose: str
    root: Root
    role: Role


def request_name(sha256: bytes, role: str, version: int) -> str:
    """How errors call a request."""
    return f"request {sha256.hex()[:16]} ({role} version {version})"


def parse_request(data: bytes, role: str | None = None) -> Request:
    """The request to sign `data`; Refused where that is no metadata of `role`, or of any."""
    if role != ROOT:
        try:
            return Request(metadata.parse_targets(data))
        except Refused:
            if role == TARGETS:
                raise
    root = metadata.parse_root(data)
    verifier.check_keys(root)
    _checked([Signers("its own", root, root.root), Signers("its targets", root, root.targets)])
    return Request(root)


def lists(request: Request, name: str, payload: bytes) -> bool:
    """Whether it is targets metadata that lists `payload` as the target `name`."""
    if not isinstance(request.content, Targets):
        return False
    found = (name, len(payload), hashlib.sha256(payload).digest())
    return found in [
        (each.name, each.length, metadata.sha256_of(each)) for each in request.content.targets
    ]


def signers_of_targets(root: Root) -> list[Signers]:
    """Who must sign targets metadata."""
    return _checked([Signers("the root's", root, root.targets)])


def signers_of_root(root: Root, previous: Root | None) -> list[Signers]:
    """Who must sign a root: its own keys, and those of the root before it."""
    own = Signers("its own", root, root.root)
    if previous is None:
        return _checked([own])
    return _checked([own, Signers("the previous root's", previous, previous.root)])


def _checked(signers: list[Signers]) -> list[Signers]:
    for each in signers:
        verifier.quorum(Signed(b"", ()), each.root, each.role, each.whose)
    return signers


def describe(request: Request) -> dict[str, Any]:
    """What the bytes alone say."""
    expires = request.content.common.expires
    return {
        "role": request.role,
        "version": request.version,
        "expires": format_date(expires[0]) if expires else None,
        "sha256": request.sha256.hex(),
        "length": len(request.serialized),
        "summary": _summary(request.content),
    }


def is_dev(request: Request) -> bool:
    """Whether anyone can sign it: a root that says so, or targets under one, as the JSON beside has it."""
    if isinstance(request.content, Root):
        return request.content.is_dev
    if request.document is None:
        return False
    return any(each["dev_keys"] for each in parse_object(request.document)["signers"])


def _summary(content: Root | Targets) -> dict[str, Any]:
    if isinstance(content, Root):
        roles = {"root": _role(content.root), "targets": _role(content.targets)}
        return roles | {"dev_keys": content.is_dev}
    return {
        "targets": [
            {
                "name": each.name,
                "length": each.length,
                "sha256": metadata.sha256_of(each).hex(),
            }
            for each in content.targets
        ]
    }


def _role(role: Role) -> dict[str, Any]:
    return {"threshold": role.threshold, "key_ids": [each.hex() for each in role.key_ids]}


def build_json(
    request: Request, signers: Sequence[Signers], release: ReleaseManifest | None
) -> bytes:
    """The JSON beside the bytes. `release` is what the targets' release manifest says."""
    said = describe(request)
    summary = said.pop("summary")
    if request.role == TARGETS:
        about = {
            "product": release.product if release else None,
            "release": release.version if release else None,
            "release_counter": release.counter if release else None,
        }
        summary = about | summary
    asked = [
        {"whose": each.whose, **_role(each.role), "dev_keys": each.root.is_dev} for each in signers
    ]
    document = {"schema": SCHEMA, **said, "signers": asked, "summary": summary}
    return (json.dumps(document, indent=1) + "\n").encode()


def check_json(path: str, content: bytes, request: Request) -> frozenset[bytes]:
    """The raw key ids that may sign, as the JSON beside a request has them.

    InputError where it is none, or tells of other bytes. `path` names it in errors.
    """
    try:
        document = parse_object(content)
        if document["schema"] != SCHEMA:
            raise ValueError
        found = {name: document[name] for name in describe(request)}
        found["summary"] = {key: found["summary"][key] for key in _summary(request.content)}
        key_ids = _listed(document["signers"])
    except (ValueError, KeyError, TypeError):
        raise InputError(
            f"{path}: no signing request ({SCHEMA}); make it with: software-update step request"
        ) from None
    for name, value in describe(request).items():
        # As JSON: to Python, true is 1.
        if json.dumps(found[name], sort_keys=True) != json.dumps(value, sort_keys=True):
            raise InputError(
                f"{path}: another {name} than the bytes beside it have; get the two from one build"
            )
    return key_ids


def _listed(signers: list[dict[str, Any]]) -> frozenset[bytes]:
    """The key ids of the JSON's signers; ValueError, KeyError or TypeError where it has no such list."""
    if type(signers) is not list:
        raise ValueError
    for each in signers:
        types = [type(each[name]) for name in ("whose", "threshold", "key_ids", "dev_keys")]
        if types != [str, int, list, bool]:
            raise ValueError
    listed = [key_id for each in signers for key_id in each["key_ids"]]
    if not all(_KEY_ID.fullmatch(each) for each in listed):
        raise ValueError
    return frozenset(map(bytes.fromhex, listed))

"""The signing request: the exact bytes to sign, and next to them a JSON that describes them.

    request = parse_request(data)
    document = build_json(request, authorities_of_targets(root), None)
    request = with_json("app.signing_request.json", document, request)
    assert key.key_id in request.key_ids

Lines 1 and 2 make a request, and lines 1 and 3 read it before it is signed. The signature covers only the
bytes; the JSON says what they contain and which keys may sign. The module guarantees:

- `parse_request` accepts only metadata that a device accepts once it is signed.
- `with_json` accepts a JSON only if all that it says about the bytes is true. The list of keys and the names
  of their holders are statements of the JSON itself, and no device depends on them.
- The same bytes, keys and names give the same JSON.

`parse_request` raises Refused with the verdict that a device would give. `with_json` raises InputError.
"""

import dataclasses
import functools
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from software_update.base.errors import Advice, InputError, short_id
from software_update.base.strict_json import parse_file, to_text
from software_update.format import limits, metadata
from software_update.format.messages import Role
from software_update.format.metadata import ROOT, TARGETS, Root, Signed, Targets
from software_update.format.release_manifest import ReleaseManifest
from software_update.format.verdicts import Refused, Verdict
from software_update.keys.schemes import DEFAULT_SCHEMES, Schemes
from software_update.signing import holders as key_holders
from software_update.signing.holders import NO_HOLDERS, Holders
from software_update.signing.signed_content import ALLOWED_TARGETS, describe, describe_role
from software_update.verify.quorum import quorum
from software_update.verify.roots import check_root
from software_update.verify.target_list import check_targets

SCHEMA = "software_update.signing_request.v1"
# The ending of the name of a file with bytes to sign; that of the JSON next to it has .json after it.
SUFFIX = ".signing_request"

_KEY_ID = re.compile("[0-9a-f]{64}")
# The field of the JSON that is there only if keys have names: earlier versions of this tool wrote none.
_HOLDERS = "holders"
_THIS_ROOT = "this root"


class ToSign(Protocol):
    """Bytes that a signer signs, and the JSON that describes them; None if there is none."""

    @property
    def role(self) -> str: ...
    @property
    def version(self) -> int: ...
    @property
    def serialized(self) -> bytes: ...
    @property
    def sha256(self) -> bytes: ...
    @property
    def document(self) -> Mapping[str, Any] | None: ...


@dataclasses.dataclass(frozen=True)
class Request:
    """Metadata to sign. `document` is the parsed JSON next to it; None if there is none."""

    content: Root | Targets
    document: Mapping[str, Any] | None = None

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

    @property
    def key_ids(self) -> frozenset[bytes]:
        """The raw key ids that may sign, according to the JSON; empty without it."""
        if self.document is None:
            return frozenset()
        return frozenset(
            bytes.fromhex(key_id)
            for each in self.document["authorities"]
            for key_id in each["key_ids"]
        )

    @functools.cached_property
    def holders(self) -> Holders:
        """The names of the keys, according to the JSON; empty without it."""
        if self.document is None:
            return NO_HOLDERS
        return key_holders.parse_names(self.document.get(_HOLDERS, []))

    @property
    def is_dev(self) -> bool:
        """Says whether anyone can sign it, according to root metadata itself or the JSON next to targets."""
        if isinstance(self.content, Root):
            return self.content.is_dev
        return self.document is not None and any(
            each["dev_keys"] for each in self.document["authorities"]
        )

    def __str__(self) -> str:
        return request_name(self.sha256, self.role, self.version)


@dataclasses.dataclass(frozen=True)
class Authority:
    """A root whose `role` must sign up to its threshold. `name` names the root in words."""

    name: str
    root: Root
    role: Role

    @property
    def whose(self) -> str:
        """Returns the authority as a message says whose keys must sign."""
        return "its own" if self.name == _THIS_ROOT else f"{self.name}'s"


def request_name(sha256: bytes, role: str, version: int) -> str:
    """Returns the name of a request in errors."""
    return f"request {short_id(sha256)} ({role} version {version})"


def parse_request(
    data: bytes, role: str | None = None, schemes: Schemes = DEFAULT_SCHEMES
) -> Request:
    """Returns the request to sign `data`, metadata of `role`; None for the role that the bytes state.

    Raises Refused if no device that implements `schemes` accepts the metadata.
    """
    if (role or metadata.stated_role(data)) != ROOT:
        targets = metadata.parse_targets(data)
        check_targets(targets)
        return Request(targets)
    if len(data) > limits.MAX_ROOT_METADATA_BYTES:
        raise Refused(
            Verdict.TOO_LARGE, f"{len(data)} bytes; at most {limits.MAX_ROOT_METADATA_BYTES}"
        )
    root, _ = check_root(metadata.build_signed(ROOT, Signed(data, ())), schemes)
    return Request(root)


def lists(request: Request, name: str, payload: bytes) -> bool:
    """Says whether the request is targets metadata that lists `payload` as the target `name`."""
    if not isinstance(request.content, Targets):
        return False
    found = (name, len(payload), hashlib.sha256(payload).digest())
    return found in [(each.name, each.length, each.sha256) for each in request.content.targets]


def authorities_of_targets(root: Root) -> list[Authority]:
    """Returns the authorities that must sign targets metadata."""
    return _checked([Authority("the root", root, root.targets)])


def authorities_of_root(
    root: Root, previous: Root | None, also_for: Sequence[Root] = ()
) -> list[Authority]:
    """Returns the authorities that must sign a root: the root itself, and the previous one.

    The keys of `also_for`, roots before `previous`, must sign too. A client that does not know chains can
    then move from any of them to this root at once.
    """
    authorities = [Authority(_THIS_ROOT, root, root.root)]
    if previous is not None:
        authorities.append(Authority("the previous root", previous, previous.root))
    authorities += [Authority(older_root(each), each, each.root) for each in also_for]
    return _checked(authorities)


def older_root(root: Root) -> str:
    """Returns the name of an older root whose keys sign a later root."""
    return f"root {root.common.version}"


def _checked(authorities: list[Authority]) -> list[Authority]:
    for each in authorities:
        quorum(Signed(b"", ()), each.root, each.role, each.whose)
    return authorities


def build_json(
    request: Request,
    authorities: Sequence[Authority],
    release: ReleaseManifest | None,
    holders: Holders = NO_HOLDERS,
) -> bytes:
    """Returns the text of `build_document`."""
    document = build_document(request, authorities, release, holders)
    return to_text(document).encode()


def build_document(
    request: Request,
    authorities: Sequence[Authority],
    release: ReleaseManifest | None,
    holders: Holders = NO_HOLDERS,
) -> dict[str, Any]:
    """Returns the JSON next to the bytes.

    `release` is the release manifest of the targets. `holders` names keys; the JSON contains the names of
    keys that the root lists or that may sign.
    """
    said = describe(request.content)
    summary = said.pop("summary")
    if request.role == TARGETS:
        about = {
            "product": release.product if release else None,
            "release": release.version if release else None,
            "release_counter": release.counter if release else None,
        }
        summary = about | summary
    asked = [
        {"authority": each.name, **describe_role(each.role), "dev_keys": each.root.is_dev}
        for each in authorities
    ]
    listed = [key_id for each in authorities for key_id in each.role.key_ids]
    if isinstance(request.content, Root):
        listed += [key.key_id for key in request.content.keys]
    names = key_holders.as_json(holders, listed)
    about_keys = {"authorities": asked, **({_HOLDERS: names} if names else {})}
    return {"schema": SCHEMA, **said, **about_keys, "summary": summary}


def with_json(path: str, content: bytes, request: Request) -> Request:
    """Returns the request with the JSON next to it, `content`, which must describe the same bytes.

    Raises InputError if it does not, or is not a signing request. `path` names it in errors.
    """
    said = describe(request.content)
    try:
        document = parse_file(path, content)
        if document["schema"] != SCHEMA:
            raise ValueError
        found = {name: document[name] for name in said}
        optional = {ALLOWED_TARGETS} & {*found["summary"]}
        found["summary"] = {key: found["summary"][key] for key in {*said["summary"], *optional}}
        _check_authorities(document["authorities"])
        key_holders.parse_names(document.get(_HOLDERS, []))
        # Compared as JSON, because in Python true equals 1.
        other = [name for name in said if _as_json(found[name]) != _as_json(said[name])]
    except (ValueError, KeyError, TypeError) as error:
        # An earlier version of this tool wrote fewer fields.
        missing = f": no field {error}" if isinstance(error, KeyError) else ""
        raise InputError(
            f"{path}: not a signing request ({SCHEMA}{missing})", Advice.MAKE_SIGNING_REQUEST
        ) from None
    if other:
        raise InputError(
            f"{path}: another {other[0]} than the bytes next to it have; get the two from one build"
        )
    return dataclasses.replace(request, document=document)


def _as_json(value: object) -> str:
    return json.dumps(value, sort_keys=True)


def _check_authorities(authorities: list[dict[str, Any]]) -> None:
    """Raises ValueError, KeyError or TypeError if it is not as `build_json` makes it."""
    if type(authorities) is not list:
        raise ValueError
    for each in authorities:
        types = [type(each[name]) for name in ("authority", "threshold", "key_ids", "dev_keys")]
        if types != [str, int, list, bool]:
            raise ValueError
    if not all(_KEY_ID.fullmatch(key_id) for each in authorities for key_id in each["key_ids"]):
        raise ValueError

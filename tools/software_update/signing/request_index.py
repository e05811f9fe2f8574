"""The index of a folder of signing requests: it says what each request is, and where its signatures go.

A folder has one index, `index.json`, and next to it each request under a name that its label determines.
The index also lists the public keys that may sign, so signatures can be verified without any other file.

Anyone may have written an index that is read. `parse` accepts only paths inside the folder and inside the
package of the request's label; `check` compares a request with its entry.
"""

import hashlib
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from software_update.base.errors import InputError, shown
from software_update.base.strict_json import parse_file, to_text
from software_update.format.limits import MAX_VERSION
from software_update.format.metadata import ROOT, TARGETS
from software_update.keys.public_key import PublicKey
from software_update.keys.schemes import DEFAULT_SCHEMES, Schemes
from software_update.signing.signing_request import SUFFIX, Request, request_name

SCHEMA = "software_update.signing_requests.v1"
INDEX = "index.json"
MAX_INDEX_BYTES = 64 * 1024 * 1024

_MAX_READABLE = 128
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
_HEX = re.compile(r"(?:[0-9a-f]{2})+", re.ASCII)
_LABEL = re.compile(r"//(?P<package>[^:\\\x00-\x1f\x7f]*):(?P<name>[^:\\\x00-\x1f\x7f]+)")
# Of other characters in a folder, none has a meaning in a path, on any system.
_UNFIT = re.compile(r'[\\:*?"<>|\x00-\x1f\x7f]')


class IndexEntry(NamedTuple):
    """A request in a folder: its bundle or root, its content, and the place of its signatures.

    `label` is that of the bundle or root. `product` is the product in the release manifest, or None.
    `signatures_folder` is a path below the top of the source tree, with `/`.
    """

    label: str
    role: str
    product: str | None
    version: int
    sha256: bytes
    signatures_folder: str

    @property
    def package(self) -> str:
        """The folder of the label's package, below the top of the source tree; empty for the top itself."""
        return self.label[2:].rpartition(":")[0]

    @property
    def file_name(self) -> str:
        """The name of the request in the folder."""
        return file_name(self.label)

    def __str__(self) -> str:
        return f"{shown(self.label)}: {request_name(self.sha256, self.role, self.version)}"


class EarlierKey(NamedTuple):
    """A targets key of the root with this version that no request lists: it may not sign any more."""

    root_version: int
    key: PublicKey


class Index(NamedTuple):
    """The entries of an index, sorted by label, and keys by raw key id.

    `keys` may sign the requests. `earlier_keys` were replaced by a rotation of the root.
    """

    entries: tuple[IndexEntry, ...]
    keys: Mapping[bytes, PublicKey]
    earlier_keys: Mapping[bytes, EarlierKey] = MappingProxyType({})


def file_name(label: str) -> str:
    """Returns the name of a label's request in a folder: readable, unique, and valid on every system.

    The end is a digest of the label, so two labels have two names also where case is ignored.
    """
    readable = re.sub(r"[^A-Za-z0-9_]", "-", label.removeprefix("//").replace(":", "/").strip("/"))
    digest = hashlib.sha256(label.encode()).hexdigest()[:8]
    return f"{readable[-_MAX_READABLE:]}-{digest}{SUFFIX}"


def entry_of(label: str, request: Request, signatures_folder: str) -> IndexEntry:
    """Returns the entry of a request that was read with its JSON.

    Raises InputError if the label or the folder is not valid, or if anyone can sign the request.
    """
    problem = _problem(label, signatures_folder)
    if problem:
        raise InputError(problem)
    if request.is_dev:
        raise InputError(
            f"{label}: anyone can sign under its root, which has DEV KEYS; give it the root of "
            "releases, or do not request signatures for it"
        )
    summary = request.document["summary"] if request.document else {}
    return IndexEntry(
        label,
        request.role,
        summary.get("product"),
        request.version,
        request.sha256,
        signatures_folder,
    )


def build(index: Index) -> bytes:
    """Returns the content of the file."""
    entries = [
        {
            "label": each.label,
            "role": each.role,
            "product": each.product,
            "version": each.version,
            "sha256": each.sha256.hex(),
            "request": each.file_name,
            "signatures_folder": each.signatures_folder,
        }
        for each in sorted(index.entries)
    ]
    keys = [_key_fields(key) for _, key in sorted(index.keys.items())]
    earlier = [
        {**_key_fields(each.key), "root_version": each.root_version}
        for _, each in sorted(index.earlier_keys.items())
    ]
    document = {"schema": SCHEMA, "requests": entries, "keys": keys, "earlier_keys": earlier}
    return to_text(document).encode()


def _key_fields(key: PublicKey) -> dict[str, Any]:
    return {"key_id": key.key_id.hex(), "scheme": key.scheme.name, "keyval": key.keyval.hex()}


def parse(path: str, content: bytes, schemes: Schemes = DEFAULT_SCHEMES) -> Index:
    """Returns the index in the content of a file, with keys of `schemes`.

    Raises InputError if it is not an index, or if it names a place that it must not name. `path` names the
    file in the error.
    """
    try:
        document = parse_file(path, content)
        if document["schema"] != SCHEMA:
            raise ValueError
        entries = tuple(_entry(path, each) for each in document["requests"])
        # Without a request, none would lack signatures.
        if not entries:
            raise ValueError
        keys = dict(_key(each, schemes) for each in document["keys"])
        earlier = dict(_earlier_key(each, schemes) for each in document["earlier_keys"])
    except (ValueError, KeyError, TypeError):
        raise InputError(
            f"{path}: not an index of signing requests ({SCHEMA}); name the one that the build made"
        ) from None
    labels = [each.label for each in entries]
    if len(set(labels)) != len(labels):
        raise InputError(f"{path}: lists a label twice; name the index that the build made")
    return Index(entries, keys, earlier)


def _entry(path: str, fields: Mapping[str, Any]) -> IndexEntry:
    product = fields["product"]
    entry = IndexEntry(
        _text(fields["label"]),
        fields["role"],
        None if product is None else _text(product),
        fields["version"],
        bytes.fromhex(_matching(_SHA256, fields["sha256"])),
        _text(fields["signatures_folder"]),
    )
    if entry.role not in (ROOT, TARGETS) or type(entry.version) is not int:
        raise ValueError
    problem = _problem(entry.label, entry.signatures_folder)
    if problem:
        raise InputError(f"{path}: {problem}")
    if not 1 <= entry.version <= MAX_VERSION or fields["request"] != entry.file_name:
        raise ValueError
    return entry


def _earlier_key(fields: Mapping[str, Any], schemes: Schemes) -> tuple[bytes, EarlierKey]:
    key_id, key = _key(fields, schemes)
    version = fields["root_version"]
    if type(version) is not int or not 1 <= version <= MAX_VERSION:
        raise ValueError
    return key_id, EarlierKey(version, key)


def _key(fields: Mapping[str, Any], schemes: Schemes) -> tuple[bytes, PublicKey]:
    scheme = schemes.named(fields["scheme"])
    if scheme is None:
        raise ValueError
    key = PublicKey(scheme, bytes.fromhex(_matching(_HEX, fields["keyval"])))
    if not scheme.is_key(key.keyval) or key.key_id.hex() != fields["key_id"]:
        raise ValueError
    return key.key_id, key


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError
    return value


def _matching(pattern: re.Pattern[str], value: object) -> str:
    if not pattern.fullmatch(_text(value)):
        raise ValueError
    return _text(value)


def _problem(label: str, folder: str) -> str | None:
    """Returns the problem of a label and the folder for its signatures; None without one."""
    found = _LABEL.fullmatch(label)
    if not found or (found["package"] and not _is_below(found["package"])):
        return f"{shown(label)}: not a label of the source tree; write //PACKAGE:NAME"
    top = f"{found['package']}/" if found["package"] else ""
    if not _is_below(folder) or not folder.startswith(top):
        return f"{shown(label)}: {shown(folder)} is not a folder below its package; write one"
    return None


def _is_below(path: str) -> bool:
    """Says whether a path leads from a folder to one below it, on every system."""
    parts = path.split("/")
    return not _UNFIT.search(path) and not {"", ".", ".."} & set(parts)

"""Gathers signing requests into one folder, with an index."""

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from software_update.base import files
from software_update.base.errors import InputError, UsageError, short_id
from software_update.format.limits import MAX_REQUEST_JSON_BYTES
from software_update.keys.public_key import PublicKey
from software_update.keys.schemes import DEFAULT_SCHEMES, Schemes
from software_update.signing import request_index
from software_update.signing.request_files import json_path, read_described_request
from software_update.signing.request_index import INDEX, EarlierKey, Index, IndexEntry
from software_update.verify.quorum import public_keys
from software_update.verify.trust_files import read_trusted_root

# The names that this module gives to requests.
_GATHERED = re.compile(r".*-[0-9a-f]{8}\.signing_request(?:\.json)?", re.ASCII)


class RequestFile(NamedTuple):
    """A signing request to gather, with its JSON next to `path`.

    `label` is that of its bundle or root. `signatures_folder` is the folder for its signatures, below the
    top of the source tree.
    """

    path: str
    label: str
    signatures_folder: str

    @property
    def inputs(self) -> tuple[str, str]:
        return self.path, json_path(self.path)


def gather(
    requests: Sequence[RequestFile],
    roots: Sequence[str],
    folder: str,
    schemes: Schemes = DEFAULT_SCHEMES,
) -> None:
    """Copies `requests` into `folder`, and writes the index. `roots` are files whose keys may sign them.

    Makes the folder if it is missing. Removes requests that were gathered before, and leaves all other files
    there, such as signatures. Raises InputError for a request that is not valid or that anyone can sign, and
    UsageError for two requests with one label.
    """
    _check_apart(requests, roots, folder)
    _check_distinct(requests)
    read = {each: read_described_request(each.path, schemes) for each in requests}
    entries = {
        request_index.entry_of(each.label, request, each.signatures_folder): each
        for each, request in read.items()
    }
    listed = {key_id for request in read.values() for key_id in request.key_ids}
    index = _index(tuple(entries), roots, listed, schemes)
    contents = {INDEX: request_index.build(index)}
    for entry, each in entries.items():
        contents[entry.file_name] = read[each].serialized
        contents[f"{entry.file_name}.json"] = files.read_input(
            json_path(each.path), MAX_REQUEST_JSON_BYTES
        )
    _write(folder, contents)


def _check_apart(requests: Sequence[RequestFile], roots: Sequence[str], folder: str) -> None:
    for path in (*(each.path for each in requests), *roots):
        if os.path.realpath(os.path.dirname(path)) == os.path.realpath(folder):
            raise UsageError(f"{folder}: contains the input {path}; name another folder to write")


def _check_distinct(requests: Iterable[RequestFile]) -> None:
    seen: dict[str, str] = {}
    for each in requests:
        other = seen.setdefault(each.label, each.path)
        if other != each.path:
            raise UsageError(
                f"{each.path}: has the label of {other}, {each.label}; name one of them"
            )


def _index(
    entries: tuple[IndexEntry, ...], roots: Sequence[str], listed: set[bytes], schemes: Schemes
) -> Index:
    found: dict[bytes, PublicKey] = {}
    earlier: dict[bytes, EarlierKey] = {}
    read = [read_trusted_root(path, schemes) for path in roots]
    # Of several roots that list a key, the latest one counts.
    for root in sorted(read, key=lambda each: each.common.version):
        keys = public_keys(root)
        found |= keys
        for key_id in (root.targets.key_ids & keys.keys()) - listed:
            earlier[key_id] = EarlierKey(root.common.version, keys[key_id])
    missing = sorted(listed - found.keys())
    if missing:
        raise InputError(
            f"key {short_id(missing[0])} may sign, but is in none of the given roots; name the root "
            "that lists it"
        )
    return Index(entries, {key_id: found[key_id] for key_id in listed}, earlier)


def _write(folder: str, contents: Mapping[str, bytes]) -> None:
    files.make_folder(folder)
    stale = [name for name in os.listdir(folder) if _GATHERED.fullmatch(name)]
    for name in set(stale) - contents.keys():
        os.unlink(os.path.join(folder, name))
    # The index is the first of `contents`, and is written last: with it, the folder is complete.
    for name, content in reversed(list(contents.items())):
        files.write_output(os.path.join(folder, name), content, below=folder)

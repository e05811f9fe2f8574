"""Puts signatures where the build of each bundle and root finds them, and counts those that are missing.

    index, requests = read_requests("requests/index.json")
    report = collect(index, requests, find_signatures("signed"), "workspace")
    assert report.complete, report.states

A signature belongs to each request of the index that has its bytes and lists its key. All signatures are
verified before any is written, and no file is ever replaced: a signature that the workspace has already
is left as it is, so collecting twice does no harm.
"""

import contextlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from software_update.base import files
from software_update.base.errors import InputError, SignatureError, short_id, shown
from software_update.keys.public_key import PublicKey
from software_update.keys.schemes import ALL_SCHEMES, DEFAULT_SCHEMES, Schemes
from software_update.signing import request_index, signature_file
from software_update.signing.attach import signature_problem
from software_update.signing.holders import NO_HOLDERS, Holders
from software_update.signing.request_files import json_path, read_described_request
from software_update.signing.request_index import INDEX, Index, IndexEntry
from software_update.signing.signature_file import DetachedSignature
from software_update.signing.signing_request import SUFFIX, Request, request_name

SCHEMA = "software_update.collected_signatures.v1"

# A signature and the path of its file.
_File = tuple[str, DetachedSignature]


class Count(NamedTuple):
    """The signatures by keys of an authority, a root that must sign; keys by their raw ids."""

    authority: str
    threshold: int
    signed: tuple[bytes, ...]
    not_signed: tuple[bytes, ...]

    @property
    def met(self) -> bool:
        """Says whether enough of its keys have signed."""
        return len(self.signed) >= self.threshold


class RequestState(NamedTuple):
    """A request of the index, the signatures that the workspace has of it, and the names of its keys."""

    entry: IndexEntry
    counts: tuple[Count, ...]
    holders: Holders = NO_HOLDERS

    @property
    def complete(self) -> bool:
        """Says whether no signature is missing."""
        return all(each.met for each in self.counts)


class Report(NamedTuple):
    """The state of each request, by label, and the files that were written, as paths in the workspace.

    `left_out` are the signatures by keys that a rotation of the root replaced.
    """

    states: tuple[RequestState, ...]
    written: tuple[str, ...]
    left_out: tuple["LeftOut", ...] = ()

    @property
    def complete(self) -> bool:
        """Says whether no signature is missing."""
        return all(each.complete for each in self.states)


class LeftOut(NamedTuple):
    """A good signature of a request in the file `path`, by a key that only an earlier root lists."""

    path: str
    key_id: bytes
    root_version: int


def read_requests(path: str, schemes: Schemes = DEFAULT_SCHEMES) -> tuple[Index, list[Request]]:
    """Reads an index, and the request of each of its entries from the same folder.

    Raises InputError if the index or a request is not valid, or if a request is not the one in the index.
    """
    content = files.read_input(path, request_index.MAX_INDEX_BYTES)
    index = request_index.parse(path, content, schemes)
    folder = os.path.dirname(path)
    return index, [_read_request(folder, each, schemes) for each in index.entries]


def _read_request(folder: str, entry: IndexEntry, schemes: Schemes) -> Request:
    path = os.path.join(folder, entry.file_name)
    request = read_described_request(path, schemes)
    if (request.sha256, request.role, request.version) != (entry.sha256, entry.role, entry.version):
        raise InputError(
            f"{path}: {request}, but the index says {entry}; get the whole folder from one build"
        )
    return request


def find_signatures(folder: str, schemes: Schemes = DEFAULT_SCHEMES) -> list[_File]:
    """Reads the signature files in a folder and its subfolders, in the order of their paths.

    Follows no link to a folder. Skips hidden files and folders, and the index and the JSON of requests.
    Raises InputError for any other JSON file.
    """
    if not os.path.isdir(folder):
        raise InputError(f"{folder}: not a folder; name the folder with the signatures")
    return [(path, signature_file.read(path, schemes)) for path in sorted(_signature_paths(folder))]


def _signature_paths(folder: str) -> Iterator[str]:
    for inner, folders, names in os.walk(folder, onerror=_raise):
        folders[:] = [each for each in folders if not each.startswith(".")]
        for name in names:
            if name.endswith(".json") and not name.startswith(".") and not _is_of_requests(name):
                yield os.path.join(inner, name)


def _raise(error: OSError) -> None:
    raise error


def _is_of_requests(name: str) -> bool:
    return name == INDEX or name.endswith(json_path(SUFFIX))


def collect(
    index: Index, requests: Sequence[Request], signatures: Sequence[_File], workspace: str
) -> Report:
    """Writes each signature into the folder that the index names, below `workspace`.

    `requests` are those of the entries, in their order. Of several signatures by one key, the first one is
    written. Good signatures by keys of earlier roots are left out. Raises SignatureError for a signature that
    fits no request or is not good, and InputError if a package is missing from the workspace, or if another
    file has the place of a signature; nothing is written then.
    """
    wanted = list(zip(index.entries, requests, strict=True))
    left_out = [
        each for path, signature in signatures if (each := _check(path, signature, wanted, index))
    ]
    for entry in index.entries:
        _check_folder(workspace, entry)
    folders = {each.signatures_folder for each in index.entries}
    there = {each: _signatures_in(os.path.join(workspace, each)) for each in folders}
    states, new = [], {}
    for entry, request in wanted:
        keys = _keys(request, index)
        kept = _good(there[entry.signatures_folder], request, keys)
        found = _good([each for _, each in signatures], request, keys)
        for key_id in found.keys() - kept.keys():
            new[f"{entry.signatures_folder}/{found[key_id].file_name}"] = found[key_id]
        states.append(
            RequestState(entry, tuple(_counts(request, {*kept, *found})), request.holders)
        )
    _write(workspace, new)
    return Report(tuple(states), tuple(sorted(new)), tuple(left_out))


def _check(
    path: str,
    signature: DetachedSignature,
    wanted: Iterable[tuple[IndexEntry, Request]],
    index: Index,
) -> LeftOut | None:
    """Raises SignatureError unless a signature is a good one of a request that lists its key, or that did.

    Returns it if only an earlier root lists the key, and None otherwise.
    """
    fitting = [each for _, each in wanted if each.sha256 == signature.sha256]
    if not fitting:
        said = request_name(signature.sha256, signature.role, signature.version)
        raise SignatureError(
            f"{path}: signs {said}, which is not in the index; remove it, or name the index of the build "
            "that requested it"
        )
    earlier = index.earlier_keys.get(signature.key_id)
    if earlier and any(signature_file.is_good(signature, each, earlier.key) for each in fitting):
        return LeftOut(path, signature.key_id, earlier.root_version)
    problems = [
        signature_problem(each, _keys(each, index), signature, each.holders) for each in fitting
    ]
    if None not in problems:
        raise SignatureError(f"{path}: {problems[0]}")
    return None


def _keys(request: Request, index: Index) -> dict[bytes, PublicKey]:
    """Returns the keys that may sign a request. Raises InputError if the index lacks one of them."""
    missing = sorted(request.key_ids - index.keys.keys())
    if missing:
        raise InputError(
            f"{request}: the index lacks key {short_id(missing[0])}, which may sign it; get the whole "
            "folder from one build"
        )
    return {key_id: index.keys[key_id] for key_id in request.key_ids}


def _good(
    signatures: Iterable[DetachedSignature], request: Request, keys: Mapping[bytes, PublicKey]
) -> dict[bytes, DetachedSignature]:
    """Returns the first good signature of a request by each key."""
    found: dict[bytes, DetachedSignature] = {}
    for each in signatures:
        fits = each.sha256 == request.sha256 and each.key_id not in found
        if fits and signature_problem(request, keys, each) is None:
            found[each.key_id] = each
    return found


def _check_folder(workspace: str, entry: IndexEntry) -> None:
    """Raises InputError unless the package is there and signatures can be written for it."""
    if not os.path.isdir(os.path.join(workspace, entry.package)):
        raise InputError(
            f"{os.path.join(workspace, entry.package)}: no such folder, and {shown(entry.label)} is in it; "
            "name the top of its workspace"
        )
    path = workspace
    for name in entry.signatures_folder.split("/"):
        path = os.path.join(path, name)
        if os.path.islink(path) or (os.path.exists(path) and not os.path.isdir(path)):
            raise InputError(
                f"{path}: a link or a file, not a folder for signatures of {shown(entry.label)}; remove it"
            )


def _signatures_in(folder: str) -> list[DetachedSignature]:
    """Returns the signatures in a folder. The build reports files there that are not signatures."""
    found = []
    for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else ():
        if name.endswith(".json"):
            with contextlib.suppress(InputError, OSError):
                found.append(signature_file.read(os.path.join(folder, name), ALL_SCHEMES))
    return found


def _write(workspace: str, new: Mapping[str, DetachedSignature]) -> None:
    """Writes signatures by their paths in the workspace. Raises InputError if one of the paths is taken."""
    for place in new:
        path = os.path.join(workspace, place)
        if os.path.lexists(path):
            raise InputError(
                f"{path}: exists, and is not a good signature of its request; remove it, and collect again"
            )
    for place, signature in sorted(new.items()):
        path = os.path.join(workspace, place)
        with files.new_output(path, overwrite=False, below=workspace) as fd:
            files.write_all(fd, signature_file.build(signature))


def _counts(request: Request, signed: Iterable[bytes]) -> Iterator[Count]:
    """Yields the signatures of each authority that the JSON of a request lists."""
    have = set(signed)
    for each in request.document["authorities"] if request.document else ():
        key_ids = sorted(bytes.fromhex(key_id) for key_id in each["key_ids"])
        yield Count(
            each["authority"],
            each["threshold"],
            tuple(key_id for key_id in key_ids if key_id in have),
            tuple(key_id for key_id in key_ids if key_id not in have),
        )


def document(report: Report) -> dict[str, Any]:
    """Returns the report as JSON."""
    return {
        "schema": SCHEMA,
        "complete": report.complete,
        "written": list(report.written),
        "left_out": [
            {"file": each.path, "key_id": each.key_id.hex(), "root_version": each.root_version}
            for each in report.left_out
        ],
        "requests": [
            {
                "label": each.entry.label,
                "role": each.entry.role,
                "product": each.entry.product,
                "version": each.entry.version,
                "sha256": each.entry.sha256.hex(),
                "signatures_folder": each.entry.signatures_folder,
                "complete": each.complete,
                "authorities": [
                    {
                        "authority": count.authority,
                        "threshold": count.threshold,
                        "signed": [key_id.hex() for key_id in count.signed],
                        "not_signed": [key_id.hex() for key_id in count.not_signed],
                    }
                    for count in each.counts
                ],
            }
            for each in report.states
        ],
    }

"""Queues of signing requests, and what is to be found in them afterwards."""

from collections.abc import Iterable
from pathlib import Path

from software_update.format import metadata
from software_update.signing import signature_file, signing_request
from software_update.testing import encode as e
from software_update.testing.signers import TARGETS_KEY, TARGETS_KEY_2, key_id, signer

# Both of the two keys sign.
ROOT = metadata.parse_root(e.root(1, targets_keys=[TARGETS_KEY, TARGETS_KEY_2]))


def data(version: int) -> bytes:
    """Returns the bytes to sign in the request of that version."""
    return e.targets({"app": b"firmware"}, version)


def document(version: int) -> bytes:
    """The JSON next to it."""
    request = signing_request.parse_request(data(version))
    return signing_request.build_json(request, signing_request.authorities_of_targets(ROOT), None)


def add(queue: Path, version: int, name: str | None = None) -> Path:
    """Puts a request into a queue."""
    path = queue / f"{name or version}.signing_request"
    path.write_bytes(data(version))
    path.with_name(f"{path.name}.json").write_bytes(document(version))
    return path


def make(queue: Path, versions: Iterable[int]) -> Path:
    """A new queue with these requests."""
    queue.mkdir()
    for version in versions:
        add(queue, version)
    return queue


def signature(queue: Path, version: int, key: int = TARGETS_KEY) -> Path:
    """Returns the expected path of a request's signature."""
    sha256 = signing_request.parse_request(data(version)).sha256
    return queue / "signatures" / signature_file.file_name(sha256, key_id(key))


def is_signed(queue: Path, version: int, key: int = TARGETS_KEY) -> bool:
    """Returns whether there is a good signature."""
    path = signature(queue, version, key)
    if not path.is_file() or path.is_symlink():
        return False
    found = signature_file.parse(str(path), path.read_bytes())
    assert (found.key_id, found.version) == (key_id(key), version)
    return signer(key).public.verifies(found.value, data(version))


def assert_signed(queue: Path, versions: Iterable[int], *keys: int) -> None:
    """No request is lost or changed, and there is one good signature a request and key, and nothing else."""
    versions = list(versions)
    keys = keys or (TARGETS_KEY,)
    requests = {f"{version}.signing_request": data(version) for version in versions}
    documents = {f"{version}.signing_request.json": document(version) for version in versions}
    expected = {**requests, **documents}
    there = {each.name: each.read_bytes() for each in queue.iterdir() if each.name != "signatures"}
    assert there == expected
    paths = {signature(queue, version, key) for version in versions for key in keys}
    assert set((queue / "signatures").iterdir()) == paths
    assert all(is_signed(queue, version, key) for version in versions for key in keys)

"""The file with what the device has found out about releases: the trees of logs, and the release on offer.

The record has no room for it, and a device can do without: with the file lost, logs are as never seen, and
the release on offer is checked again.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from software_update.client.codec import from_json, to_json
from software_update.client.disclosure import Disclosed, Found
from software_update.client.paths import read_whole, write_whole
from software_update.client.system import Storage
from software_update.transparency.checkpoint import Checkpoint

NAME = "disclosure"
# The most logs of a domain that are remembered: those of a policy.
MAX_LOGS = 64
_MAX_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Tree:
    """A tree of a log: the number of records, and its root in hexadecimal."""

    size: int
    root: str


@dataclass(frozen=True, slots=True)
class _OfRelease:
    """The findings about the release with a digest."""

    release: str
    found: Disclosed


@dataclass(frozen=True, slots=True)
class _Content:
    """The last trees by domain and origin, and the last release by domain."""

    trees: Mapping[str, Mapping[str, Tree]] = field(default_factory=dict)
    releases: Mapping[str, _OfRelease] = field(default_factory=dict)


class DisclosureFile:
    """The file in the folder of a client. It is read once."""

    def __init__(self, storage: Storage, folder: str) -> None:
        self._storage = storage
        self._path = f"{folder}/{NAME}"
        self._read: _Content | None = None

    def seen(self, domain: str) -> Mapping[str, Checkpoint]:
        """Returns the last checkpoint of each log that the domain has accepted, by its origin."""
        trees = self._content().trees.get(domain, {})
        return {
            origin: Checkpoint(origin, tree.size, bytes.fromhex(tree.root))
            for origin, tree in trees.items()
        }

    def of(self, domain: str, release: str) -> Disclosed:
        """Returns what was found out about a release; nothing if it is not the domain's last one."""
        known = self._content().releases.get(domain)
        return known.found if known is not None and known.release == release else Disclosed()

    def keep(self, domain: str, release: str, found: Found) -> None:
        """Writes what was found out, durably. Of each log, it keeps the largest tree."""
        before = self._content()
        trees = before.trees
        if found.checkpoint is not None:
            trees = {**trees, domain: _with(trees.get(domain, {}), found.checkpoint)}
        known = _OfRelease(release, found.disclosed)
        new = replace(before, trees=trees, releases={**before.releases, domain: known})
        if new != before:
            write_whole(self._storage, self._path, json.dumps(to_json(new)).encode())
            self._read = new

    def _content(self) -> _Content:
        if self._read is None:
            self._read = _parsed(read_whole(self._storage, self._path, _MAX_BYTES) or b"{}")
        return self._read


def _with(trees: Mapping[str, Tree], checkpoint: Checkpoint) -> Mapping[str, Tree]:
    known = trees.get(checkpoint.origin)
    if known is not None and known.size >= checkpoint.size:
        return trees
    rest = [(name, tree) for name, tree in trees.items() if name != checkpoint.origin]
    tree = Tree(checkpoint.size, checkpoint.root.hex())
    return dict([*rest, (checkpoint.origin, tree)][-MAX_LOGS:])


def _parsed(content: bytes) -> _Content:
    try:
        found: _Content = from_json(_Content, json.loads(content))
        for trees in found.trees.values():
            for each in trees.values():
                bytes.fromhex(each.root)
    except ValueError:
        return _Content()
    return found

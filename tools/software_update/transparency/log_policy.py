"""The logs and witnesses that a device trusts (c2sp.org/tlog-policy).

policy = parse_log_policy(content, "log-policy.txt")
assert policy.quorum_of({"witness-1"})
"""

import re
from collections.abc import Collection
from typing import NamedTuple

from software_update.base.errors import InputError, shown
from software_update.transparency.note import (
    ED25519_COSIGNATURE,
    ED25519_SIGNATURE,
    NoteKey,
    parse_vkey,
)

MAX_POLICY_BYTES = 256 * 1024
# Of logs, of witnesses and of groups.
MAX_ENTRIES = 64

_NONE = "none"
_SPACE = re.compile(r"[ \t]+")
_REJECTED = re.compile(rb"[\x00-\x08\x0b-\x1f\x7f]")


class Witness(NamedTuple):
    """A witness: its name in the policy, its key, and the URL that logs ask; empty if none is stated."""

    name: str
    key: NoteKey
    url: str = ""


class Group(NamedTuple):
    """A group of witnesses and earlier groups, of which `threshold` must have cosigned."""

    name: str
    threshold: int
    members: tuple[str, ...]


class LogPolicy(NamedTuple):
    """A policy. `quorum` names a witness or a group; None if no witness is needed."""

    logs: tuple[NoteKey, ...]
    witnesses: tuple[Witness, ...]
    groups: tuple[Group, ...]
    quorum: str | None

    def quorum_of(self, witnesses: Collection[str]) -> bool:
        """Says whether these witnesses, by their names in the policy, are enough."""
        met = set(witnesses)
        for group in self.groups:
            if len(met.intersection(group.members)) >= group.threshold:
                met.add(group.name)
        return self.quorum is None or self.quorum in met


def parse_log_policy(content: bytes, path: str) -> LogPolicy:
    """Reads a policy. Raises InputError, which names the line, if it is not valid."""
    if len(content) > MAX_POLICY_BYTES:
        raise InputError(f"{path}: is larger than {MAX_POLICY_BYTES} bytes")
    if _REJECTED.search(content):
        raise InputError(f"{path}: has a control character; a policy is lines of text")
    reader = _Reader()
    # Names are opaque bytes, so a policy need not be in UTF-8.
    for number, line in enumerate(content.decode(errors="surrogateescape").split("\n"), 1):
        words = [each for each in _SPACE.split(line) if each]
        if words and not words[0].startswith("#"):
            try:
                reader.add(words)
            except InputError as error:
                raise InputError(f"{path}: line {number}: {error}") from None
    if not reader.has_quorum:
        raise InputError(f"{path}: has no quorum; add 'quorum NAME', or 'quorum none'")
    return LogPolicy(
        tuple(reader.logs), tuple(reader.witnesses), tuple(reader.groups), reader.quorum
    )


class _Reader:
    """Collects the lines of a policy."""

    def __init__(self) -> None:
        self.logs: list[NoteKey] = []
        self.witnesses: list[Witness] = []
        self.groups: list[Group] = []
        self.quorum: str | None = None
        self.has_quorum = False
        self._names: set[str] = set()
        self._grouped: set[str] = set()

    def add(self, words: list[str]) -> None:
        kind, values = words[0], words[1:]
        if kind == "log" and len(values) in (1, 2):
            self._add_log(values[0])
        elif kind == "witness" and len(values) in (2, 3):
            self._add_witness(*values)
        elif kind == "group" and len(values) >= 3:
            self._add_group(values[0], values[1], values[2:])
        elif kind == "quorum" and len(values) == 1:
            self._set_quorum(values[0])
        else:
            raise InputError(
                f"'{shown(' '.join(words))}' is not 'log KEY [URL]', 'witness NAME KEY [URL]', "
                "'group NAME COUNT MEMBER...' or 'quorum NAME'"
            )

    def _add_log(self, vkey: str) -> None:
        _check_count(self.logs, "logs")
        self.logs.append(_key(vkey, ED25519_SIGNATURE, "a log", self.logs))

    def _add_witness(self, name: str, vkey: str, url: str = "") -> None:
        _check_count(self.witnesses, "witnesses")
        self._define(name)
        keys = [each.key for each in self.witnesses]
        key = _key(vkey, ED25519_COSIGNATURE, "a witness", keys)
        self.witnesses.append(Witness(name, key, url))

    def _add_group(self, name: str, count: str, members: list[str]) -> None:
        _check_count(self.groups, "groups")
        for each in members:
            self._check_defined(each)
            if each in self._grouped:
                raise InputError(f"'{shown(each)}' is a member of a group twice")
            self._grouped.add(each)
        self._define(name)
        self.groups.append(Group(name, _threshold(count, len(members)), tuple(members)))

    def _set_quorum(self, name: str) -> None:
        if self.has_quorum:
            raise InputError("a second quorum; keep one")
        if name != _NONE:
            self._check_defined(name)
            self.quorum = name
        self.has_quorum = True

    def _define(self, name: str) -> None:
        if name == _NONE or name in self._names:
            raise InputError(f"the name '{shown(name)}' is already defined; choose another one")
        self._names.add(name)

    def _check_defined(self, name: str) -> None:
        if name not in self._names:
            raise InputError(f"'{shown(name)}' is not a witness or a group of an earlier line")


def _check_count(entries: Collection[object], what: str) -> None:
    if len(entries) == MAX_ENTRIES:
        raise InputError(f"more than {MAX_ENTRIES} {what}")


def _key(vkey: str, kind: int, owner: str, others: Collection[NoteKey]) -> NoteKey:
    key = parse_vkey(vkey)
    if key.kind != kind:
        raise InputError(f"the key of '{shown(key.name)}' has type {key.kind}; {owner} has {kind}")
    if key.keyval in [each.keyval for each in others]:
        raise InputError(f"the key of '{shown(key.name)}' appears twice")
    return key


def _threshold(count: str, members: int) -> int:
    if count in ("all", "any"):
        return members if count == "all" else 1
    if re.fullmatch("[1-9][0-9]{0,3}", count) and int(count) <= members:
        return int(count)
    raise InputError(
        f"'{shown(count)}' is not 'all', 'any' or a number from 1 to {members}, its members"
    )

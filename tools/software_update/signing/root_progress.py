"""The signatures of a root: which thresholds are met, and whose signatures are missing."""

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from software_update.base.errors import Advice, InputError, UsageError, printable
from software_update.format import metadata
from software_update.format.metadata import Root, Signed
from software_update.format.verdicts import Refused, Verdict
from software_update.keys.schemes import DEFAULT_SCHEMES, Schemes
from software_update.signing import holders as key_holders
from software_update.signing.holders import NO_HOLDERS, Holders, named
from software_update.signing.signing_request import (
    Authority,
    Request,
    authorities_of_root,
    older_root,
)
from software_update.verify.quorum import Quorum, quorum
from software_update.verify.roots import check_root, check_successor
from software_update.verify.trust_files import read_root_file, read_trusted_root

SCHEMA = "software_update.root_check.v1"
NOT_CHECKED = "expiry: the verification of a bundle checks it"


@dataclasses.dataclass(frozen=True)
class RootState:
    """A root, its previous root, and the signatures of the keys of both.

    `path` names the file of the root. The first root has no previous one: `previous` and `by_previous` are
    None. `also_for` are older roots whose keys must sign, too, and the signatures of their keys.
    """

    path: str
    signed: Signed
    root: Root
    by_itself: Quorum
    previous: Root | None
    by_previous: Quorum | None
    also_for: tuple[tuple[Root, Quorum], ...] = ()

    @property
    def complete(self) -> bool:
        """Says whether all thresholds are met."""
        return all(found.met for _, found in self.quorums())

    @property
    def request(self) -> Request:
        """The request that its keys sign."""
        return Request(self.root)

    @property
    def authorities(self) -> list[Authority]:
        """The roots and roles whose keys must sign."""
        return authorities_of_root(self.root, self.previous, [root for root, _ in self.also_for])

    def check_complete(self) -> None:
        """Raises Refused if signatures are missing."""
        if not self.complete:
            raise Refused(
                Verdict.THRESHOLD_NOT_MET,
                self.missing,
                subject=printable(self.path),
                advice=Advice.MERGE_ROOT_SIGNATURES,
            )

    def report(self, holders: Holders = NO_HOLDERS) -> dict[str, Any]:
        """Returns the report, as the JSON document has it. `holders` names keys that must sign."""
        previous = None
        if self.previous and self.by_previous:
            previous = _describe_earlier(self.previous, self.by_previous)
        names = key_holders.as_json(holders, self._listed())
        return {
            "schema": SCHEMA,
            "version": self.root.common.version,
            "sha256": self.request.sha256.hex(),
            "allowed_targets": list(self.root.allowed_targets) or None,
            "dev_keys": self.root.is_dev,
            "complete": self.complete,
            "previous": previous,
            "own": _describe(self.by_itself),
            "also_for": [_describe_earlier(root, found) for root, found in self.also_for],
            "uncounted_signatures": list(self.uncounted(holders)),
            "not_checked": [NOT_CHECKED],
            **({"holders": names} if names else {}),
        }

    def quorums(self) -> Iterator[tuple[str, Quorum]]:
        """Yields each group of keys that must sign, in words, and its signatures."""
        if self.by_previous:
            yield "the previous root's keys", self.by_previous
        yield "its own keys", self.by_itself
        for root, found in self.also_for:
            yield f"{older_root(root)}'s keys", found

    @property
    def missing(self) -> str:
        """The number of signatures that each group of keys still owes, in words."""
        missing = (
            f"{found.threshold - len(found.signers)} more of {keys}"
            for keys, found in self.quorums()
            if not found.met
        )
        return f"{' and '.join(missing)} must sign"

    def uncounted(self, holders: Holders = NO_HOLDERS) -> Iterable[str]:
        """Returns the reasons why signatures do not count. Skips signatures that count for another root."""
        quorums = [found for _, found in self.quorums()]
        listed = self._listed()
        return dict.fromkeys(
            f"{named(key_id, holders)} {problem}"
            for found in quorums
            for key_id, problem in found.uncounted
            if key_id in (*found.signers, *found.missing) or key_id not in listed
        )

    def _listed(self) -> set[bytes]:
        """Returns the ids of all keys that may sign."""
        return {each for _, found in self.quorums() for each in (*found.signers, *found.missing)}


def read_state(
    path: str,
    previous: str | None,
    also_for: Sequence[str] = (),
    schemes: Schemes = DEFAULT_SCHEMES,
    *,
    initial: bool = False,
) -> RootState:
    """As `state_of`, for files: `path`, `previous` and `also_for` are paths.

    Raises InputError if `also_for` are not older roots, each of another version.
    """
    before = None if previous is None else read_trusted_root(previous, schemes)
    older = [read_trusted_root(each, schemes) for each in also_for]
    if before is not None:
        _check_older(zip(also_for, older, strict=True), before, previous)
    return state_of(path, read_root_file(path), before, older, schemes, initial=initial)


def _check_older(older: Iterable[tuple[str, Root]], before: Root, before_path: str | None) -> None:
    versions: set[int] = set()
    for path, root in older:
        version = root.common.version
        if version >= before.common.version:
            raise InputError(
                f"{path}: version {version} is not lower than version {before.common.version} of "
                f"{before_path}",
                Advice.NAME_OLDER_ROOTS,
            )
        if version in versions:
            raise InputError(f"{path}: another root of version {version}; name each version once")
        versions.add(version)


def state_of(
    path: str,
    content: bytes,
    previous: Root | None,
    also_for: Sequence[Root] = (),
    schemes: Schemes = DEFAULT_SCHEMES,
    *,
    initial: bool = False,
) -> RootState:
    """Returns the state of the root in a file's content. `path` names the file in errors; keys of
    other schemes than `schemes` are rejected.

    Raises Refused if no device can accept the root, and UsageError if `previous` is None for a root that
    is not the first one, unless devices start with it (`initial`).
    """
    try:
        if previous is None:
            (root, by_itself), by_previous = check_root(content, schemes), None
        else:
            root, by_previous, by_itself = check_successor(previous, content, schemes)
        signed = metadata.parse_signed(metadata.ROOT, content)
        by_older = [
            (each, quorum(signed, each, each.root, f"{older_root(each)}'s")) for each in also_for
        ]
    except Refused as refused:
        raise refused.about("root", printable(path)) from None
    version = root.common.version
    if previous is None and version != 1 and not initial:
        raise UsageError(
            f"{path}: version {version} follows another root", Advice.NAME_PREVIOUS_ROOT
        )
    return RootState(path, signed, root, by_itself, previous, by_previous, tuple(by_older))


def _describe_earlier(root: Root, quorum: Quorum) -> dict[str, Any]:
    return {
        "version": root.common.version,
        "allowed_targets": list(root.allowed_targets) or None,
        **_describe(quorum),
    }


def _describe(quorum: Quorum) -> dict[str, Any]:
    return {
        "threshold": quorum.threshold,
        "signers": [each.hex() for each in quorum.signers],
        "not_signed": [each.hex() for each in quorum.missing],
    }

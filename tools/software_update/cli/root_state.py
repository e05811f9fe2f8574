"""How far a root is signed: what root request, attach, check and publish go by."""

import dataclasses
from collections.abc import Iterable, Iterator
from typing import Any

from software_update import metadata
from software_update.cli.trusted import read_root_file, read_trusted_root
from software_update.errors import Refused, UsageError, Verdict, printable
from software_update.keys import DEV_KEYS_WARNING
from software_update.metadata import Root, Signed
from software_update.signing.signing_request import Request
from software_update.verify.verifier import Quorum, check_root, check_successor

SCHEMA = "software_update.root_check.v1"
_NOT_CHECKED = "expiry: bundle verify checks it"


@dataclasses.dataclass(frozen=True)
class RootState:
    """A root, the one before it, and who of either has signed it; None for the first root.

    `path` names its file.
    """

    path: str
    signed: Signed
    root: Root
    by_itself: Quorum
    previous: Root | None
    by_previous: Quorum | None

    @property
    def complete(self) -> bool:
        """Whether both thresholds are met."""
        return all(quorum.met for _, quorum in self._quorums())

    @property
    def request(self) -> Request:
        """What its keys sign."""
        return Request(self.root)

    def check_complete(self) -> None:
        """Refused where signatures are missing."""
        if not self.complete:
            raise Refused(
                Verdict.THRESHOLD_NOT_MET,
                f"{self._missing()}; merge their signatures with: root attach",
                subject=printable(self.path),
            )

    def report(self) -> dict[str, Any]:
        """It as JSON has it."""
        previous = None
        if self.previous and self.by_previous:
            version = self.previous.common.version
            previous = {"version": version, **_describe(self.by_previous)}
        return {
            "schema": SCHEMA,
            "version": self.root.common.version,
            "sha256": self.request.sha256.hex(),
            "dev_keys": self.root.is_dev,
            "complete": self.complete,
            "previous": previous,
            "own": _describe(self.by_itself),
            "uncounted_signatures": list(self._uncounted()),
            "not_checked": [_NOT_CHECKED],
        }

    def lines(self) -> Iterator[str]:
        """It in words."""
        before = "the first root"
        if self.previous:
            before = f"follows version {self.previous.common.version}"
        yield f"{printable(self.path)}: version {self.root.common.version}, {before}"
        yield f"  sha256 {self.request.sha256.hex()}"
        if self.root.is_dev:
            yield f"  {DEV_KEYS_WARNING}"
        for whose, quorum in self._quorums():
            yield f"  {whose}: {len(quorum.signers)} signed, {quorum.threshold} must"
            yield from (f"    signed: {each.hex()}" for each in quorum.signers)
            yield from (f"    not signed: {each.hex()}" for each in quorum.missing)
        for problem in self._uncounted():
            yield f"  signature that does not count: {problem}"
        yield f"  not checked: {_NOT_CHECKED}"
        yield "  complete" if self.complete else f"  incomplete: {self._missing()}"

    def _quorums(self) -> Iterator[tuple[str, Quorum]]:
        if self.by_previous:
            yield "the previous root's keys", self.by_previous
        yield "its own keys", self.by_itself

    def _missing(self) -> str:
        missing = (
            f"{quorum.threshold - len(quorum.signers)} more of {whose}"
            for whose, quorum in self._quorums()
            if not quorum.met
        )
        return f"{' and '.join(missing)} must sign"

    def _uncounted(self) -> Iterable[str]:
        """Why signatures do not count. Those of the other root's keys alone are no fault."""
        quorums = [quorum for _, quorum in self._quorums()]
        listed = {each for quorum in quorums for each in (*quorum.signers, *quorum.missing)}
        return dict.fromkeys(
            f"{key_id.hex()[:16]} {problem}"
            for quorum in quorums
            for key_id, problem in quorum.uncounted
            if key_id in (*quorum.signers, *quorum.missing) or key_id not in listed
        )


def read_state(path: str, previous_path: str | None) -> RootState:
    """The state of the root in `path`, which follows the one in `previous_path`, if any."""
    previous = None if previous_path is None else read_trusted_root(previous_path)
    return state_of(path, read_root_file(path), previous)


def state_of(path: str, content: bytes, previous: Root | None) -> RootState:
    """The state of a root in a file's content; Refused where a device could never take it.

    UsageError where it needs a `previous` one, and there is none.
    """
    try:
        if previous is None:
            (root, by_itself), by_previous = check_root(content), None
        else:
            root, by_previous, by_itself = check_successor(previous, content)
    except Refused as refused:
        raise refused.about("root", printable(path)) from None
    version = root.common.version
    if previous is None and version != 1:
        raise UsageError(
            f"{path}: version {version} follows another root; name that one: --previous FILE"
        )
    signed = metadata.parse_signed(metadata.ROOT, content)
    return RootState(path, signed, root, by_itself, previous, by_previous)


def _describe(quorum: Quorum) -> dict[str, Any]:
    return {
        "threshold": quorum.threshold,
        "signers": [each.hex() for each in quorum.signers],
        "not_signed": [each.hex() for each in quorum.missing],
    }

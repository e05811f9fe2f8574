"""The progress of a root's signatures, for root request, merge, check and publish."""

import argparse
import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from software_update.base.errors import InputError, UsageError, printable
from software_update.cli.options.arguments import files_of
from software_update.cli.options.schemes import add_schemes, schemes_of
from software_update.format import metadata
from software_update.format.metadata import Root, Signed
from software_update.format.verdicts import Refused, Verdict
from software_update.keys.dev_key_ids import DEV_KEYS_WARNING
from software_update.keys.schemes import DEFAULT_SCHEMES, Schemes
from software_update.signing.signing_request import Request, Signers, older_root, signers_of_root
from software_update.verify.trust_files import read_root_file, read_trusted_root
from software_update.verify.verifier import Quorum, check_root, check_successor, quorum

SCHEMA = "software_update.root_check.v1"
_NOT_CHECKED = "expiry: bundle verify checks it"


@dataclasses.dataclass(frozen=True)
class RootState:
    """A root, the one before it, and who of either has signed it; None for the first root.

    `path` names its file. `also_for` are older roots whose keys must sign as well, and who of each has.
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
        return all(found.met for _, found in self._quorums())

    @property
    def request(self) -> Request:
        """Returns the bytes that its keys sign."""
        return Request(self.root)

    @property
    def signers(self) -> list[Signers]:
        """The roots and roles whose keys must sign."""
        return signers_of_root(self.root, self.previous, [root for root, _ in self.also_for])

    def check_complete(self) -> None:
        """Refused where signatures are missing."""
        if not self.complete:
            raise Refused(
                Verdict.THRESHOLD_NOT_MET,
                f"{self._missing()}; merge their signatures with: root merge",
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
            "also_for": [
                {"version": root.common.version, **_describe(found)}
                for root, found in self.also_for
            ],
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
        for keys, found in self._quorums():
            yield f"  {keys}: {len(found.signers)} signed, {found.threshold} must"
            yield from (f"    signed: {each.hex()}" for each in found.signers)
            yield from (f"    not signed: {each.hex()}" for each in found.missing)
        for problem in self._uncounted():
            yield f"  signature that does not count: {problem}"
        yield f"  not checked: {_NOT_CHECKED}"
        yield "  complete" if self.complete else f"  incomplete: {self._missing()}"

    def _quorums(self) -> Iterator[tuple[str, Quorum]]:
        if self.by_previous:
            yield "the previous root's keys", self.by_previous
        yield "its own keys", self.by_itself
        for root, found in self.also_for:
            yield f"{older_root(root)}'s keys", found

    def _missing(self) -> str:
        missing = (
            f"{found.threshold - len(found.signers)} more of {keys}"
            for keys, found in self._quorums()
            if not found.met
        )
        return f"{' and '.join(missing)} must sign"

    def _uncounted(self) -> Iterable[str]:
        """Returns why signatures do not count. Skips signatures that count for another root."""
        quorums = [found for _, found in self._quorums()]
        listed = {each for found in quorums for each in (*found.signers, *found.missing)}
        return dict.fromkeys(
            f"{key_id.hex()[:16]} {problem}"
            for found in quorums
            for key_id, problem in found.uncounted
            if key_id in (*found.signers, *found.missing) or key_id not in listed
        )


def add_earlier_roots(parser: argparse.ArgumentParser) -> None:
    """Adds --previous, --also-for and --experimental-schemes."""
    add_schemes(parser)
    parser.add_argument(
        "--previous",
        metavar="FILE",
        help="the previous root, whose keys must sign too; default: none, for version 1",
    )
    parser.add_argument(
        "--also-for",
        metavar="FILE",
        nargs="+",
        action="extend",
        default=[],
        help="roots before --previous whose keys must sign too, so that clients of Pigweed "
        "move from them to this root at once",
    )


def earlier_roots(args: argparse.Namespace) -> list[str]:
    """Returns the files that --previous and --also-for name."""
    return [*files_of(args.previous), *args.also_for]


def read_state(args: argparse.Namespace) -> RootState:
    """Returns the state of the root in the file `args.root`, after those in `earlier_roots(args)`."""
    schemes = schemes_of(args)
    previous = None if args.previous is None else read_trusted_root(args.previous, schemes)
    also_for = [read_trusted_root(path, schemes) for path in args.also_for]
    versions: set[int] = set()
    for path, root in zip(args.also_for, also_for, strict=True):
        version = root.common.version
        if previous is None:
            raise UsageError(
                f"--also-for {path}: needs --previous FILE, the root before {args.root}"
            )
        if version >= previous.common.version:
            raise InputError(
                f"{path}: version {version} is not before {args.previous}, version "
                f"{previous.common.version}; name older roots with --also-for"
            )
        if version in versions:
            raise InputError(f"{path}: another root of version {version}; name each version once")
        versions.add(version)
    return state_of(args.root, read_root_file(args.root), previous, also_for, schemes)


def state_of(
    path: str,
    content: bytes,
    previous: Root | None,
    also_for: Sequence[Root] = (),
    schemes: Schemes = DEFAULT_SCHEMES,
) -> RootState:
    """The state of a root in a file's content; Refused where a device could never take it.

    UsageError where it needs a `previous` one, and there is none.
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
    if previous is None and version != 1:
        raise UsageError(
            f"{path}: version {version} follows another root; name that one: --previous FILE"
        )
    return RootState(path, signed, root, by_itself, previous, by_previous, tuple(by_older))


def _describe(quorum: Quorum) -> dict[str, Any]:
    return {
        "threshold": quorum.threshold,
        "signers": [each.hex() for each in quorum.signers],
        "not_signed": [each.hex() for each in quorum.missing],
    }

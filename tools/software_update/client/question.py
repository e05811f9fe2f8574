"""The question that the client asks before each phase, with everything that a person needs to decide."""

import enum
from dataclasses import dataclass
from typing import NamedTuple

from software_update.format.claims import Power, TargetClaim


class Phase(enum.Enum):
    """A phase that needs consent, because it costs something."""

    DOWNLOAD = "download"
    INSTALL = "install"
    RESTART = "restart"


class Advisory(NamedTuple):
    """A security advisory, with the fields of the one in the release manifest."""

    id: str
    severity: str
    text: str
    action: str | None = None


class LogFacts(NamedTuple):
    """The proof that a release is in a log that the device trusts, or the lack of it.

    `origin` is the name of the log, and None if the release is not proven to be in one; then `problem` says
    why. `witnesses` are the names of those that have cosigned the log.
    """

    origin: str | None
    witnesses: tuple[str, ...] = ()
    problem: str | None = None


class Component(NamedTuple):
    """A component and its area, by the vendor's claim."""

    component: str
    area: str


@dataclass(frozen=True, slots=True)
class Question:
    """A question about one phase of one release.

    `release` is the release digest and `root` the SHA-256 of the root in force, both in hexadecimal: an
    answer is valid only for them and the phase. `download_installs` says that the download also writes
    the inactive slot, without a question of its own. `vendor` is the name in the device's own configuration,
    never one from the release. `download_bytes` are still to be fetched. `signers` are the names or short
    ids of the keys that signed. `later_versions` are the versions that the device goes on to afterwards, each
    after questions of its own, as the repository lists them. `log` is None if the device checks no log, and
    `auditors` are the names or short ids of the auditors who say that the release is GOOD. `slot` is the one
    that the release goes into. `powers` and `areas` are those of the trust domain in the device's own
    configuration; None: it does not limit them. Everything else comes from the verified release manifest;
    it is None or empty if the manifest lacks it. `claims`, and the fields after it, are the vendor's claims,
    which nothing has checked. `components` change. `powers_gained` are not among the claims of the release
    that runs. `not_reversible` are targets that change and cannot go back, and `unclaimed` targets that
    change without a claim.
    """

    domain: str
    phase: Phase
    release: str
    root: str
    vendor: str
    product: str
    from_version: str | None
    to_version: str
    download_bytes: int
    install_bytes: int
    kind: str | None = None
    severity: str | None = None
    duration: int | None = None
    unavailable_functions: tuple[str, ...] = ()
    reversible: bool | None = None
    signers: tuple[str, ...] = ()
    notes: str | None = None
    download_installs: bool = False
    advisories: tuple[Advisory, ...] = ()
    later_versions: tuple[str, ...] = ()
    log: LogFacts | None = None
    auditors: tuple[str, ...] = ()
    slot: str = ""
    powers: tuple[str, ...] | None = None
    areas: tuple[str, ...] | None = None
    claims: tuple[TargetClaim, ...] = ()
    components: tuple[Component, ...] = ()
    powers_gained: tuple[Power, ...] = ()
    not_reversible: tuple[str, ...] = ()
    unclaimed: tuple[str, ...] = ()

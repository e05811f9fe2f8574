"""A trust domain: a root, a part of the device, and the places from which and to which its releases go."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from software_update.client.boot_control import BootControl
from software_update.client.claimed import UNLIMITED, Grant
from software_update.client.disclosure import NO_RULES, Rules
from software_update.client.installer import Installer
from software_update.client.policy.chain import Link
from software_update.client.policy.postponement import Postponement
from software_update.client.repository import RepositorySource
from software_update.client.source import Source
from software_update.client.state import Staging
from software_update.signing.holders import Holders


@dataclass(frozen=True, slots=True)
class Place:
    """An installer with the targets that it takes: names, or patterns as fnmatch has them."""

    targets: tuple[str, ...]
    installer: Installer


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """A program that must end with 0 within `timeout` seconds before a release is committed."""

    argv: tuple[str, ...]
    timeout: float


@dataclass(frozen=True, slots=True)
class Verity:
    """The targets that dm-verity covers, patterns as fnmatch has them, and the target with the root hash.

    The root hash that the kernel uses is in `file`, or in the output of `program` if there is one, which must
    end within `timeout` seconds.
    """

    targets: tuple[str, ...]
    root_hash: str
    file: str = "/proc/cmdline"
    program: tuple[str, ...] = ()
    timeout: float = 10.0


@dataclass(frozen=True, slots=True)
class StartCheck:
    """The check of the slot that runs, at each start and before a commit.

    `leaves` says that a damaged slot is left for another good one. Without `verity`, all targets are hashed.
    """

    leaves: bool = False
    verity: Verity | None = None


@dataclass(frozen=True, slots=True)
class Domain:
    """A trust domain of this device, as its configuration describes it.

    `anchor` is the content of the root file in the image, and `anchor_chain` has the roots in the image that
    lead to it from earlier ones. `vendor` is shown to the person who is asked.
    `restart` is the program that restarts this part of the device; if it is empty, its boot control or
    another program does.
    `commits_itself` says that passed health checks suffice; otherwise a person commits. `postponement` caps
    how often and how long a person may put a release off; None: no cap. `language` is the tag of the language
    of questions, and `holders` are the names of keys that questions show. `policy_retry` is the number of
    seconds after which a policy that gives no time is asked again. `full_bundle` has the payloads that a
    personalized bundle lacks, for a device whose running slot lacks them too. `rules` say what is demanded of
    a release besides the vendor's signatures.
    `grant` are the powers and areas of the domain, beyond which no release may claim any. `start_check` is
    the check of the slot that runs; None: only a person asks for it. `preset` is the first preset, and
    `golden` the path of the golden bundle; empty: none.
    """

    name: str
    vendor: str
    anchor: bytes
    hardware_id: str | None
    slots: tuple[str, ...]
    sources: Sequence[Source | RepositorySource]
    places: Sequence[Place]
    boot: BootControl
    policies: Sequence[Link] = ()
    staging: Staging = Staging.STREAM
    health: Sequence[HealthCheck] = ()
    restart: tuple[str, ...] = ()
    commits_itself: bool = True
    postponement: Postponement | None = None
    language: str = ""
    holders: Holders = field(default_factory=dict)
    policy_retry: int = 300
    full_bundle: Source | None = None
    rules: Rules = NO_RULES
    grant: Grant = UNLIMITED
    anchor_chain: Sequence[bytes] = ()
    start_check: StartCheck | None = None
    preset: str = "ask"
    golden: str = ""


def installer_of(domain: Domain, target: str) -> Installer | None:
    """Returns the first installer that takes a target; None if there is none."""
    for place in domain.places:
        if any(fnmatchcase(target, pattern) for pattern in place.targets):
            return place.installer
    return None

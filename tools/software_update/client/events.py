"""The events that the core reacts to. Times (`at`) are in seconds since 1970, from the device's clock."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from software_update.client.boot_control import BootStatus
from software_update.client.claimed import UNLIMITED, Grant
from software_update.client.decision import Decision
from software_update.client.repository import Versions
from software_update.client.state import Answer, Code, Installed, Plan


@dataclass(frozen=True, slots=True)
class Started:
    """The client started: after a start of the device, or of the client only.

    `boot` is the answer of each domain's boot loader, and `boot_id` changes with each start of the device.
    """

    at: int
    boot: Mapping[str, BootStatus]
    boot_id: str = ""


@dataclass(frozen=True, slots=True)
class CheckBegan:
    """The source of a domain is going to be read."""

    at: int
    domain: str


@dataclass(frozen=True, slots=True)
class RootVerified:
    """A newer root, which the root in force has signed, is on the medium.

    `root` is the SHA-256 of the file with the chain of roots, and `root_id` that of the signed bytes of the
    last one. `origin` says where the root came from: a bundle, or the image that runs.
    """

    at: int
    domain: str
    root: str
    root_id: str
    version: int
    origin: str = "bundle"


@dataclass(frozen=True, slots=True)
class RootSettled:
    """At a start, the stored roots were verified from the root in the image.

    `root` is the SHA-256 of the file with the chain, which holds the same roots as before, or the first one
    of a new device. `code` and `text` say why no root is in force; None if one is.
    """

    at: int
    domain: str
    root: str
    code: Code | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class RootTrusted:
    """A person has confirmed the fingerprint of the root in the image, which the start has refused.

    `root` is the SHA-256 of the file with the new chain, and `fingerprint` that of the signed bytes of the
    root. `former` is the fingerprint of the root that was stored, empty if it could not be read. With
    `ends_floor`, the person has also said that the releases under this root are counted anew.
    """

    at: int
    domain: str
    root: str
    fingerprint: str
    version: int
    former: str
    who: str
    ends_floor: bool = False


@dataclass(frozen=True, slots=True)
class FactoryReset:
    """A person resets the client to the settings of the factory. `presets` are those of the configuration."""

    at: int
    who: str
    presets: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class SlotVerified:
    """The slot that runs was compared with the release that must be in it.

    `installed` is that release if all bytes are its own. Otherwise it is None, and `text` says what differs.
    """

    at: int
    domain: str
    slot: str
    installed: Installed | None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Offered:
    """The source offers a verified release that may be installed, in the form of a plan.

    `dated` says that its metadata has an expiry date, which `at` is before. `disclosed` are members of the
    history's line: the log and the auditors, if the device demands them.
    """

    at: int
    plan: Plan
    dated: bool = True
    disclosed: Mapping[str, str | list[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NothingToDo:
    """The check ended without a release to install, for example because it is installed already."""

    at: int
    domain: str
    code: Code
    text: str
    release: str = ""


@dataclass(frozen=True, slots=True)
class SourceFailed:
    """The source could not be read, or is rejected. `wait` is the seconds before the next attempt."""

    at: int
    text: str
    wait: int
    code: Code = Code.SOURCE_FAILED


@dataclass(frozen=True, slots=True)
class RepositoryRead:
    """The metadata of a domain's repository was read and verified at `at`, and was not expired then.

    `root` identifies the root in the image, as in `RepositorySource`.
    """

    at: int
    domain: str
    versions: Versions
    root: str = ""


@dataclass(frozen=True, slots=True)
class TimeProven:
    """Witnesses of a log state that `time` has passed, in seconds since 1970. The device trusts them."""

    at: int
    time: int


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """The repository has halted a release (HALTED), or does not list it any more (WITHDRAWN)."""

    at: int
    release: str
    code: Code
    text: str


@dataclass(frozen=True, slots=True)
class WaitOver:
    """The wait of `retry_in` seconds, or until `not_before`, is over."""

    at: int


@dataclass(frozen=True, slots=True)
class Decided:
    """The policy's decision about the phase that waits for consent.

    After a person's YES, policies that only ask do not count: then it is allow, defer or deny.
    """

    at: int
    decision: Decision


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer of a person."""

    at: int
    answer: Answer


@dataclass(frozen=True, slots=True)
class PresetChanged:
    """A person chose another preset for a domain."""

    at: int
    domain: str
    preset: str
    who: str


@dataclass(frozen=True, slots=True)
class Stored:
    """The whole bundle is in the store."""

    at: int


@dataclass(frozen=True, slots=True)
class VerifyingBegan:
    """The stored bundle is going to be verified."""

    at: int


@dataclass(frozen=True, slots=True)
class Written:
    """All targets are in the slot, on the medium. Nothing has been read back yet."""

    at: int


@dataclass(frozen=True, slots=True)
class Verified:
    """All bytes, read back from the slot or the store, are those that the metadata lists."""

    at: int


@dataclass(frozen=True, slots=True)
class Failed:
    """A step of the plan failed for a reason other than the source."""

    at: int
    code: Code
    text: str


@dataclass(frozen=True, slots=True)
class Activated:
    """The boot loader will try the slot at the next start. `boot_id` is that of this start."""

    at: int
    boot_id: str = ""


@dataclass(frozen=True, slots=True)
class HealthPassed:
    """All health checks passed in the slot that is being tried, or a person says that it works (`who`)."""

    at: int
    who: str = ""


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The boot loader has confirmed the slot."""

    at: int


@dataclass(frozen=True, slots=True)
class Abandoned:
    """The boot loader does not start the slot any more. `running` is the slot that runs now.

    `boot_id` is that of this start.
    """

    at: int
    running: str
    boot_id: str = ""


@dataclass(frozen=True, slots=True)
class CancelRequested:
    """A person wants the plan to end and the device to stay with, or go back to, its committed release."""

    at: int
    who: str


@dataclass(frozen=True, slots=True)
class ClearRequested:
    """A person lifts the quarantine of all releases, and forgets the last result."""

    at: int
    who: str


@dataclass(frozen=True, slots=True)
class Provisioned:
    """The factory, or a technician, states the release in a slot, which becomes the floor, and the preset.

    `slots` and `grant` are those of the domain in the configuration, which the history thus keeps.
    """

    at: int
    domain: str
    slot: str
    installed: Installed | None
    preset: str | None
    who: str
    slots: tuple[str, ...] = ()
    grant: Grant = UNLIMITED


Event = (
    Started
    | CheckBegan
    | RootVerified
    | RootSettled
    | SlotVerified
    | RootTrusted
    | FactoryReset
    | Offered
    | NothingToDo
    | SourceFailed
    | RepositoryRead
    | TimeProven
    | Withdrawn
    | WaitOver
    | Decided
    | Answered
    | PresetChanged
    | Stored
    | VerifyingBegan
    | Written
    | Verified
    | Failed
    | Activated
    | HealthPassed
    | Confirmed
    | Abandoned
    | CancelRequested
    | ClearRequested
    | Provisioned
)

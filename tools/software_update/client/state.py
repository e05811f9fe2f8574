"""The state of the client: one immutable value, small enough for the record of a device."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from software_update.client.question import Phase
from software_update.client.repository import Versions

# The record has room for about this many, and a device needs no more: older ones are in the history.
MAX_ANSWERS = 12
MAX_FAILURES = 12
FAILURES_TO_QUARANTINE = 3


class External(enum.IntEnum):
    """The state as other systems see it, with the names and numbers of pw_software_update."""

    INACTIVE = 1
    TRANSFERRING = 2
    TRANSFERRED = 3
    VERIFYING = 4
    VERIFIED = 5
    APPLYING = 6
    ABORTING = 7
    FINISHED = 8


class Detail(enum.Enum):
    """The state in detail. A plan is under way in those from AWAITING_CONSENT to ROLLING_BACK."""

    IDLE = "Idle"
    AWAITING_CONSENT = "AwaitingConsent"
    DOWNLOADING = "Downloading"
    VERIFYING = "Verifying"
    INSTALLING = "Installing"
    AWAITING_RESTART = "AwaitingRestart"
    TRYING = "Trying"
    COMMITTING = "Committing"
    ROLLING_BACK = "RollingBack"
    QUARANTINED = "Quarantined"
    FINISHED = "Finished"


AT_REST = frozenset({Detail.IDLE, Detail.FINISHED, Detail.QUARANTINED})


class Code(enum.Enum):
    """The result of a check or a plan."""

    UPDATED = "UPDATED"
    UP_TO_DATE = "UP_TO_DATE"
    NOTHING_OFFERED = "NOTHING_OFFERED"
    DECLINED = "DECLINED"
    DENIED_BY_POLICY = "DENIED_BY_POLICY"
    CANCELLED = "CANCELLED"
    REFUSED = "REFUSED"
    NO_PLACE = "NO_PLACE"
    NO_ROOM = "NO_ROOM"
    ORDER_NOT_TAKEN = "ORDER_NOT_TAKEN"
    BASE_CHANGED = "BASE_CHANGED"
    RELEASE_CHANGED = "RELEASE_CHANGED"
    SOURCE_FAILED = "SOURCE_FAILED"
    INSTALL_FAILED = "INSTALL_FAILED"
    BOOT_CONTROL_FAILED = "BOOT_CONTROL_FAILED"
    HEALTH_FAILED = "HEALTH_FAILED"
    FELL_BACK = "FELL_BACK"
    SWITCHED_OUTSIDE = "SWITCHED_OUTSIDE"
    ROLLED_BACK = "ROLLED_BACK"
    QUARANTINED = "QUARANTINED"
    CATALOG_MISMATCH = "CATALOG_MISMATCH"
    NO_STEPPING_STONE = "NO_STEPPING_STONE"
    NOT_ROLLED_OUT = "NOT_ROLLED_OUT"
    WAITING_FOR_ROLLOUT = "WAITING_FOR_ROLLOUT"
    HALTED = "HALTED"
    WITHDRAWN = "WITHDRAWN"
    REPOSITORY_EXPIRED = "REPOSITORY_EXPIRED"
    REPOSITORY_ROLLED_BACK = "REPOSITORY_ROLLED_BACK"
    REPOSITORY_INCONSISTENT = "REPOSITORY_INCONSISTENT"
    REPOSITORY_NOT_DELEGATED = "REPOSITORY_NOT_DELEGATED"
    REPOSITORY_UNSIGNED = "REPOSITORY_UNSIGNED"
    REPOSITORY_TOO_LARGE = "REPOSITORY_TOO_LARGE"
    REPOSITORY_MALFORMED = "REPOSITORY_MALFORMED"
    SOURCE_TOO_SLOW = "SOURCE_TOO_SLOW"
    ANCHOR_REFUSED = "ANCHOR_REFUSED"
    ROOT_CHAIN_BROKEN = "ROOT_CHAIN_BROKEN"
    SLOT_DAMAGED = "SLOT_DAMAGED"
    BELOW_FLOOR = "BELOW_FLOOR"
    ROOT_TRUSTED = "ROOT_TRUSTED"
    FACTORY_RESET = "FACTORY_RESET"


class Reply(enum.Enum):
    """The reply of a person, or of the policy, to a question."""

    YES = "yes"
    NO = "no"
    LATER = "later"
    NEVER = "never"


class Staging(enum.Enum):
    """The place of fetched bytes: at once the slot, or first a file."""

    STREAM = "stream"
    STORE = "store"


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer to the question about one phase of one release, under one root.

    `who` is a user of the device, or the policy with its reason. `at` and `until` are in seconds since 1970;
    `until` belongs to LATER. NEVER is valid under every root.
    """

    release: str
    root: str
    phase: Phase
    reply: Reply
    who: str
    at: int
    until: int | None = None


@dataclass(frozen=True, slots=True)
class Installed:
    """A release in a slot. `manifest` is the SHA-256 of the installed manifest, which is a file."""

    manifest: str
    release: str
    version: str
    counter: int | None
    targets_version: int


@dataclass(frozen=True, slots=True)
class DomainState:
    """The knowledge of one trust domain.

    `root` is the SHA-256 of the file with the chain of roots to the one in force; empty before the first
    start. `slots` has the
    committed release of each slot of which the content is known. `floor` is the last committed release: no
    release below it is ever installed. `running` is the slot that runs, as the boot loader said last.
    `repository` has the versions of the domain's repository that the device has seen, and `repository_root`
    identifies the root in the image for which they hold.
    """

    root: str = ""
    slots: Mapping[str, Installed] = field(default_factory=dict)
    floor: Installed | None = None
    running: str = ""
    preset: str = "ask"
    repository: Versions = field(default_factory=Versions)
    repository_root: str = ""

    def floors(self, root: str) -> Versions:
        """Returns the versions below which a repository is rejected; none for one with another first root."""
        return self.repository if root == self.repository_root else Versions()


@dataclass(frozen=True, slots=True)
class Plan:
    """The plan to bring one release into one slot.

    `release` is the release digest, and `root` the SHA-256 of the root in force (of its signed bytes, not
    of a file). `manifest` is the SHA-256 of the file with the metadata and the release manifest. `size` is
    the number of bytes to fetch. `phase` is the phase that waits for consent, and `asking` says that a
    person is asked. `first_asked` and `not_before` are in seconds since 1970. `stored` says that the bundle
    is complete in the store, `written` that the slot has all targets, `activated` that the boot loader
    will try the slot, `abandoned` that it will not start it, and `told_in` is the machine's boot id when that
    was set. `disobeyed` counts starts of the slot since then. `failed` and `reason` say why it is rolled
    back; before, `reason` is that of the policy for a deferral.
    `signers` are the short ids of keys that signed the release. `path` is the bundle that a person named,
    instead of the source with the number `source`. `entry` is the target path of the bundle in a repository,
    empty for any other source. `by_person` says that a person looked for the release, so that the rollout's
    percentages do not count, and `steps` are the versions to which the device goes on afterwards. `offer` is
    the name that the server of the source has for its offer, empty if it has none: for hawkBit, such as
    `deploymentBase/10`. `golden` says that a person recovers the device from its golden bundle.
    """

    domain: str
    release: str
    root: str
    manifest: str
    product: str
    version: str
    counter: int | None
    targets_version: int
    size: int
    slot: str
    source: int
    staging: Staging = Staging.STREAM
    identity: str = ""
    phase: Phase | None = None
    asking: bool = False
    first_asked: int = 0
    postponements: int = 0
    not_before: int = 0
    stored: bool = False
    written: bool = False
    activated: bool = False
    abandoned: bool = False
    failed: Code | None = None
    reason: str = ""
    told_in: str = ""
    disobeyed: int = 0
    signers: tuple[str, ...] = ()
    path: str = ""
    entry: str = ""
    by_person: bool = False
    steps: tuple[str, ...] = ()
    offer: str = ""
    golden: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    """The end of a check or a plan, in one code and one line of text."""

    code: Code
    text: str
    release: str = ""
    at: int = 0


@dataclass(frozen=True, slots=True)
class Failures:
    """The number of failures of a release on this device."""

    domain: str
    release: str
    counter: int | None
    count: int


@dataclass(frozen=True, slots=True)
class HistoryHead:
    """The end of the history file: its length in bytes, the lines in it, and the SHA-256 of the last line.

    `pending` are the lines after it that the file may not have yet, and `lost` is the number of further ones
    for which there was no room.
    """

    length: int = 0
    lines: int = 0
    digest: str = ""
    pending: tuple[str, ...] = ()
    lost: int = 0


@dataclass(frozen=True, slots=True)
class State:
    """Everything that the client knows and must not forget.

    `seen` is the latest time at which valid metadata was accepted, or that witnesses of a log have stated, in
    seconds since 1970. `retry_in` is the
    number of seconds to wait before failed work is tried again, and `attempts` how often the source, or the
    boot loader in a rollback, has failed in a row.
    `checking` is the domain whose source is being read, `root_refused` says why a domain has no root in
    force, so that nothing is installed, and `damaged` has the slot of a domain that runs with other bytes
    than those of its release; these are not recorded.
    """

    detail: Detail = Detail.IDLE
    plan: Plan | None = None
    domains: Mapping[str, DomainState] = field(default_factory=dict)
    answers: tuple[Answer, ...] = ()
    failures: tuple[Failures, ...] = ()
    result: Result | None = None
    seen: int = 0
    last_install: int | None = None
    retry_in: int = 0
    attempts: int = 0
    history: HistoryHead = field(default_factory=HistoryHead)
    checking: str = ""
    root_refused: Mapping[str, Code] = field(default_factory=dict)
    damaged: Mapping[str, str] = field(default_factory=dict)

    def domain(self, name: str) -> DomainState:
        """Returns the knowledge of a domain; that of a new one if there is none."""
        return self.domains.get(name, DomainState())

    def with_domain(self, name: str, domain: DomainState) -> "State":
        """Returns the state with another knowledge of one domain."""
        return replace(self, domains={**self.domains, name: domain})


def external(state: State) -> External:
    """Returns the state as other systems see it."""
    plan = state.plan
    if state.detail == Detail.AWAITING_CONSENT and plan:
        return {
            Phase.DOWNLOAD: External.INACTIVE,
            Phase.INSTALL: External.VERIFIED,
            Phase.RESTART: External.APPLYING,
        }[plan.phase or Phase.DOWNLOAD]
    if state.detail == Detail.DOWNLOADING and plan and plan.stored:
        return External.TRANSFERRED
    return _EXTERNAL[state.detail]


_EXTERNAL = {
    Detail.IDLE: External.INACTIVE,
    Detail.AWAITING_CONSENT: External.INACTIVE,
    Detail.DOWNLOADING: External.TRANSFERRING,
    Detail.VERIFYING: External.VERIFYING,
    Detail.INSTALLING: External.APPLYING,
    Detail.AWAITING_RESTART: External.APPLYING,
    Detail.TRYING: External.APPLYING,
    Detail.COMMITTING: External.APPLYING,
    Detail.ROLLING_BACK: External.ABORTING,
    Detail.QUARANTINED: External.FINISHED,
    Detail.FINISHED: External.FINISHED,
}


def offered_by(plan: Plan) -> str:
    """Returns the server that has offered a release, and its action; empty for a source without one."""
    action = plan.offer.partition("/")[2]
    return f"hawkBit, action {action}" if action else ""


def below_floor(domain: DomainState) -> bool:
    """Returns whether the running slot has an older release than the device has committed before."""
    running = domain.slots.get(domain.running)
    return running is not None and domain.floor is not None and is_lower(running, domain.floor)


def installed_of(plan: Plan) -> Installed:
    """Returns the release of a plan, as the record has it once it is installed."""
    return Installed(plan.manifest, plan.release, plan.version, plan.counter, plan.targets_version)


def is_lower(one: Installed, other: Installed) -> bool:
    """Returns whether a release is older than another, by their counters if both have one."""
    if one.counter is not None and other.counter is not None:
        return one.counter < other.counter
    return one.targets_version < other.targets_version


def failures_of(state: State, domain: str, release: str) -> int:
    """Returns how often a release has failed in a domain."""
    return next(
        (each.count for each in state.failures if (each.domain, each.release) == (domain, release)),
        0,
    )


def refusal_of(state: State, release: str, root: str) -> Answer | None:
    """Returns the last answer that refuses a phase of this release, under this root; None if none does."""
    for each in reversed(state.answers):
        if each.release != release:
            continue
        if each.reply == Reply.NEVER or (each.reply, each.root) == (Reply.NO, root):
            return each
    return None


def answer_to(state: State, release: str, root: str, phase: Phase) -> Answer | None:
    """Returns the last answer that is valid for this release, root and phase.

    A "never" is valid for the release under every root and in every phase.
    """
    for each in reversed(state.answers):
        if each.release != release:
            continue
        if each.reply == Reply.NEVER or (each.root, each.phase) == (root, phase):
            return each
    return None

"""One method per action of a user, for the command and for the service's API.

    control = Control(client, approvers)
    client.start()
    control.answer(this_process(), Reply.YES)
    client.run()                              # the effects; the service runs them in its own way
    print(json.dumps(control.status()))

Each action returns the status afterwards, as JSON. It only lets the core handle events: nothing is fetched
or written until the client runs. Exceptions are the methods that say so.
"""

import contextlib
import json
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

from software_update.base.dates import format_date
from software_update.base.errors import InputError, SoftwareUpdateError, UsageError, shown
from software_update.client import events, history, staging
from software_update.client.boot_control import CountsStarts
from software_update.client.config import Approvers
from software_update.client.consent_form import Offered
from software_update.client.policy.preset import Preset
from software_update.client.question import Phase
from software_update.client.record_room import MAX_FILE_PATH_BYTES
from software_update.client.release import decode_release, release_digest
from software_update.client.root_chain import MIN_FINGERPRINT_DIGITS, fingerprint, readable
from software_update.client.shell.callers import Caller, may_answer
from software_update.client.shell.client import Client, error_text
from software_update.client.state import (
    AT_REST,
    Answer,
    Detail,
    Installed,
    Plan,
    Reply,
    is_lower,
)
from software_update.client.status import Facts, status_document
from software_update.client.step import answer_problem, may_check, may_reset
from software_update.format.metadata import Root
from software_update.format.verdicts import Refused
from software_update.verify.roots import trust_root

_DAY = 24 * 60 * 60
HISTORY_SCHEMA = "software_update.client_history.v1"
VERIFIED_SCHEMA = "software_update.client_verified.v1"
# Lines of history in one answer.
MAX_LINES = 1000

Document = dict[str, Any]


class ActionRefused(SoftwareUpdateError):
    """An action that the client does not take now, or not for this user."""

    exit_code = 1


class Busy(Exception):
    """The service could not take a request, because it was at work. It has not acted, and will not."""


class Control:
    """The actions of users on a client that has started.

    `next_check` is the time of the service's next check in seconds since 1970, which the service sets.
    """

    def __init__(self, client: Client, approvers: Approvers) -> None:
        self._client = client
        self._approvers = approvers
        self.next_check: int | None = None

    # Reading needs no permission.

    def status(self) -> Document:
        """Returns the status (`software_update.client_status.v1`)."""
        client = self._client
        facts = Facts(
            domains=tuple(client.domains),
            roots=self._roots(),
            image_roots={
                name: trust_root(domain.anchor) for name, domain in client.domains.items()
            },
            question=client.question(),
            grants={name: domain.grant for name, domain in client.domains.items()},
            decisions=client.decisions(),
            problem=client.problem,
            next_check=self.next_check,
        )
        return status_document(client.state, facts)

    def _roots(self) -> dict[str, Root]:
        """Returns the stored root of each domain whose stored roots can be read."""
        found = {}
        for name, domain in self._client.domains.items():
            with contextlib.suppress(InputError):
                found[name] = self._client.root(domain)
        return found

    def offered(self) -> Offered | None:
        """Returns the release that waits for an answer; None if none does. Raises InputError."""
        client, plan = self._client, self._client.state.plan
        question = client.question()
        if plan is None or question is None or client.state.detail != Detail.AWAITING_CONSENT:
            return None
        state = client.state.domain(plan.domain)
        running = state.slots.get(state.running)
        root = client.root(client.domains[plan.domain])
        return Offered(
            question,
            client.installed(plan.manifest),
            client.installed(running.manifest) if running and running.manifest else None,
            root if root.id.sha256.hex() == plan.root else None,
        )

    def history(self, after: int = 0, count: int = MAX_LINES) -> Document:
        """Returns `count` lines of the history after the first `after` ones, and the number of all lines."""
        head = self._client.state.history
        lines = history.read_lines(self._client.system.storage, self._client.folder, head)
        chosen = islice(lines, after, after + min(count, MAX_LINES))
        return {
            "schema": HISTORY_SCHEMA,
            "after": after,
            "total": head.lines + len(head.pending),
            "lines": [json.loads(line) for line in chosen],
        }

    def verify_history(self) -> Document:
        """Checks each line of the history against the record. Raises InputError if it was changed."""
        client = self._client
        total = history.verify(client.system.storage, client.folder, client.state.history)
        return {"schema": HISTORY_SCHEMA, "after": total, "total": total, "lines": []}

    def verify_installed(self, domain: str | None = None) -> Document:
        """Checks the slot that runs: hashes its targets, or compares the root hash of dm-verity.

        Raises ActionRefused with the first difference from the installed manifest.
        """
        client, name = self._client, self.domain_name(domain)
        state = client.state.domain(name)
        slot = state.running
        known = state.slots.get(slot)
        if known is None and name in client.state.damaged:
            known = state.floor
        if known is None:
            raise ActionRefused(
                f"domain '{name}': the client does not know the release in slot {slot}; provision it, or "
                "install an update"
            )
        targets = client.installed(known.manifest).targets
        try:
            checked = client.check_slot(client.domains[name], slot, targets)
        except Exception as error:  # An installer of the product may raise anything.
            raise ActionRefused(error_text(error)) from None
        return {
            "schema": VERIFIED_SCHEMA,
            "domain": name,
            "slot": slot,
            "release": known.release,
            "version": known.version,
            "targets": list(checked.targets),
            "by_verity": list(checked.by_verity),
        }

    # Actions need permission.

    def check(self, who: Caller, domain: str | None = None, *, automatic: bool = False) -> Document:
        """Looks for a release now, of one domain or of all. Reads from the sources; fetches no payload.

        `automatic` says that a timer looks, and not a person: the percentages of a rollout count, and the
        preset `never` looks for nothing.
        """
        self._permit(who)
        self._ready_to_check()
        for name in [self.domain_name(domain)] if domain else list(self._client.domains):
            self._client.check(name, by_person=not automatic)
            if self._client.state.detail not in AT_REST:
                break  # One plan at a time.
        return self.status()

    def install(self, who: Caller, path: str, domain: str | None = None) -> Document:
        """Looks at the bundle in a file, and makes a plan of it, also if it was declined. `path` is absolute.

        Answers are still needed. Raises ActionRefused if the bundle may not be installed.
        """
        self._permit(who)
        self._ready_to_check()
        recorded = json.dumps(path, ensure_ascii=False).encode(errors="replace")
        if len(recorded) > MAX_FILE_PATH_BYTES:
            raise UsageError(f"{shown(path)}: the path is too long; move the bundle")
        if any("\ud800" <= each <= "\udfff" for each in path):
            raise UsageError(f"{shown(path)}: the path is not UTF-8; rename it")
        if not path.startswith("/"):
            raise UsageError(f"{shown(path)}: is not an absolute path")
        if not self._client.system.storage.exists(path):
            raise InputError(f"{path}: No such file or directory")
        self._client.check_file(self.domain_name(domain), path)
        return self._offered_or_refused(path)

    def recover(
        self, who: Caller, domain: str | None = None, *, below_floor: bool = False
    ) -> Document:
        """Looks at the golden bundle, and makes a plan of it. Answers are still needed.

        `below_floor` lets a release below the floor run; the floor stays. Raises ActionRefused if the bundle
        may not be installed.
        """
        self._permit(who)
        self._ready_to_check()
        name = self.domain_name(domain)
        golden = self._client.domains[name].golden
        if not golden:
            raise ActionRefused(f"domain '{name}' has no golden bundle; configure golden")
        self._client.check_golden(name, below_floor=below_floor)
        return self._offered_or_refused(golden)

    def _offered_or_refused(self, path: str) -> Document:
        state = self._client.state
        declined = state.detail == Detail.FINISHED and state.plan is not None
        if state.detail == Detail.AWAITING_CONSENT or state.result is None or declined:
            return self.status()
        raise ActionRefused(f"{path}: {state.result.text} ({state.result.code.value})")

    def answer(
        self,
        who: Caller,
        reply: Reply,
        phases: Sequence[Phase] = (),
        release: str | None = None,
        until: int | None = None,
        root: str | None = None,
    ) -> Document:
        """Answers the question that waits, or questions of several phases at once (only with YES).

        `release` is the release digest that the user saw, or its start of 16 or more digits, and `root` the
        SHA-256 of the root: the answer is void if another release waits by now, or under another root.
        `until` belongs to LATER, in seconds since 1970; None means a day from now, or the latest time that
        the policy allows.
        """
        self._permit(who)
        plan = self._client.state.plan
        if plan is None:
            raise ActionRefused("no release waits for an answer")
        now = self._client.now()
        wanted = list(dict.fromkeys(phases)) or [_waiting_phase(self._client.state.detail, plan)]
        if reply != Reply.YES and wanted != [_waiting_phase(self._client.state.detail, plan)]:
            raise ActionRefused(f"the answer {reply.value} is only for the phase that waits")
        until = self._until(plan, now, until) if reply == Reply.LATER else None
        digest = _full_digest(release, plan)
        answers = [
            Answer(digest, root or plan.root, phase, reply, who.name, now, until)
            for phase in wanted
        ]
        for answer in answers:
            problem = answer_problem(self._client.state, answer)
            if problem:
                raise ActionRefused(problem)
            self._client.handle(events.Answered(now, answer))
        return self.status()

    def cancel(self, who: Caller) -> Document:
        """Ends the plan, or goes back to the committed release after a restart. Only before the commit."""
        self._permit(who)
        if not self._client.handle(events.CancelRequested(self._client.now(), who.name)):
            detail = self._client.state.detail
            reason = "it is committed" if detail == Detail.COMMITTING else "no update is under way"
            raise ActionRefused(f"cannot roll back in the state {detail.value}: {reason}")
        return self.status()

    def clear(self, who: Caller) -> Document:
        """Lifts the quarantine of all releases, and forgets the last result."""
        self._permit(who)
        self._only_at_rest()
        self._client.handle(events.ClearRequested(self._client.now(), who.name))
        return self.status()

    def trust(
        self, who: Caller, given: str, domain: str | None = None, *, ends_floor: bool = False
    ) -> Document:
        """Makes the root in the image the one in force, after the start has refused it.

        `given` is the fingerprint that the person has from the vendor, or at least its first 20 digits;
        spaces, colons and capitals do not count. `ends_floor` says that the releases under it are counted
        anew.
        """
        self._permit(who)
        client, name = self._client, self.domain_name(domain)
        if name not in client.state.root_refused:
            raise ActionRefused(f"domain '{name}': a root is in force, so there is none to trust")
        self._only_at_rest()
        expected = fingerprint(trust_root(client.domains[name].anchor))
        digits = "".join(each for each in given.lower() if each not in " :")
        if len(digits) < MIN_FINGERPRINT_DIGITS:
            raise UsageError(
                f"the fingerprint has {len(digits)} digits; state at least {MIN_FINGERPRINT_DIGITS} of them"
            )
        if not expected.startswith(digits):
            raise ActionRefused(
                f"domain '{name}': the root in the image has another fingerprint ({readable(expected)}); "
                "trust it only if its vendor has told you this one"
            )
        client.trust_anchor(name, who.name, ends_floor=ends_floor)
        return self.status()

    def factory_reset(self, who: Caller) -> Document:
        """Forgets answers, postponements and downloads, and sets the presets of the configuration.

        Keeps roots, floors, the failures of releases, and the history. Raises ActionRefused if a slot may
        start that is not committed.
        """
        self._permit(who)
        if not may_reset(self._client.state):
            raise self._under_way()
        self._client.factory_reset(who.name)
        return self.status()

    def _only_at_rest(self) -> None:
        if not self._client.is_at_rest:
            raise self._under_way()

    def _under_way(self) -> ActionRefused:
        detail = self._client.state.detail.value
        return ActionRefused(f"an update is under way ({detail}); finish it, or roll it back first")

    def restart_done(self, who: Caller) -> Document:
        """Asks each boot loader which slot runs, after something other than the client has restarted it.

        Raises BootError, and ActionRefused if a part must be restarted once more, into another slot.
        """
        self._permit(who)
        client = self._client
        again = [
            name
            for name, domain in client.domains.items()
            if isinstance(domain.boot, CountsStarts) and domain.boot.started()
        ]
        client.handle(client.started())
        for name in client.domains:
            client.check_running(name)
        if again:
            raise ActionRefused(
                f"domain '{again[0]}': the slot was tried too often and another one is chosen; restart again"
            )
        return self.status()

    def commit(self, who: Caller) -> Document:
        """Says that the release being tried works. The boot loader confirms it when the client runs."""
        self._permit(who)
        if not self._client.handle(events.HealthPassed(self._client.now(), who.name)):
            raise ActionRefused(
                f"cannot commit in the state {self._client.state.detail.value}: no slot is being tried"
            )
        return self.status()

    def set_preset(self, who: Caller, preset: str, domain: str | None = None) -> Document:
        """Changes the preset of one domain, or of all."""
        self._permit(who)
        _check_preset(preset)
        for name in [self.domain_name(domain)] if domain else list(self._client.domains):
            self._client.handle(events.PresetChanged(self._client.now(), name, preset, who.name))
        return self.status()

    def problems(self) -> list[str]:
        """Returns the problems of boot control and installers, without which no update can be installed."""
        found: list[str] = []
        for domain in self._client.domains.values():
            found += domain.boot.check()
            for place in domain.places:
                found += place.installer.check()
        return found

    def warnings(self) -> list[str]:
        """Returns the weaknesses of boot control, such as an environment without a second copy."""
        domains = self._client.domains.values()
        return [warning for domain in domains for warning in domain.boot.warnings()]

    def manifest_of(self, path: str, domain: str | None = None) -> bytes:
        """Returns the installed manifest of the release in a bundle. Keeps a newer root.

        Raises ActionRefused if this device would not accept the release.
        """
        try:
            return self._client.manifest_of(self.domain_name(domain), path)
        except staging.PlanFailed as problem:
            raise ActionRefused(f"{path}: {problem}") from None

    def provision(
        self,
        who: Caller,
        manifest: bytes | None,
        preset: str | None,
        domain: str | None = None,
        slot: str | None = None,
    ) -> Document:
        """States the release in a slot (default: the one that runs), which becomes the floor, and the preset.

        `manifest` is an installed manifest. Raises ActionRefused if it is below the floor, and InputError.
        """
        self._permit(who)
        client, name = self._client, self.domain_name(domain)
        self._only_at_rest()
        if preset is not None:
            _check_preset(preset)
        slot = slot or client.state.domain(name).running
        if slot not in client.domains[name].slots:
            raise UsageError(f"domain '{name}' has no slot '{shown(slot)}'")
        installed = None if manifest is None else self._installed(name, manifest)
        slots, grant = client.domains[name].slots, client.domains[name].grant
        client.handle(
            events.Provisioned(client.now(), name, slot, installed, preset, who.name, slots, grant)
        )
        return self.status()

    # Inner parts.

    def _permit(self, who: Caller) -> None:
        if not may_answer(who, self._approvers):
            raise ActionRefused(
                f"user {shown(who.name)} may not do this; add user:NAME or group:NAME to consent.approvers"
            )

    def domain_name(self, name: str | None) -> str:
        """Returns the name of a domain, by default that of the only one. Raises UsageError."""
        names = list(self._client.domains)
        if name is None and len(names) == 1:
            return names[0]
        if name is None:
            raise UsageError(f"name one of the domains {', '.join(names)}")
        if name not in names:
            raise UsageError(f"no domain is called '{shown(name)}'; use one of {', '.join(names)}")
        return name

    def _ready_to_check(self) -> None:
        if not may_check(self._client.state):
            raise self._under_way()

    def _until(self, plan: Plan, now: int, wanted: int | None) -> int:
        """Returns the time to which a release is put off. Raises ActionRefused if the policy has a cap."""
        if self._client.state.detail != Detail.AWAITING_CONSENT:
            raise ActionRefused("no question waits for an answer, so none can be put off")
        cap = self._client.domains[plan.domain].postponement
        until = now + _DAY if wanted is None else wanted
        if cap is not None:
            situation = self._client.situation(plan)
            problem, latest = cap.problem(situation), cap.latest(situation)
            if problem:
                raise ActionRefused(problem)
            if wanted is not None and wanted > latest:
                raise ActionRefused(f"it may be put off until {format_date(latest)} at the latest")
            until = min(until, latest)
        if until <= now:
            raise UsageError(f"{format_date(until)} is not later than now ({format_date(now)})")
        return until

    def _installed(self, name: str, manifest: bytes) -> Installed:
        try:
            release = decode_release(manifest)
        except Refused as refused:
            raise InputError(f"not an installed manifest ({refused}); name another file") from None
        said = release.release
        digest, common = release_digest(release.targets), release.targets.common
        installed = Installed(
            manifest="",
            release=digest,
            version=(said.version if said else str(common.version))[:64],
            counter=said.counter if said else None,
            targets_version=common.version,
        )
        floor = self._client.state.domain(name).floor
        if floor is not None and is_lower(installed, floor):
            raise ActionRefused(
                f"release {installed.version} is below the floor of domain '{name}', {floor.version}"
            )
        return replace(installed, manifest=self._client.keep_manifest(manifest))


def _waiting_phase(detail: Detail, plan: Plan) -> Phase:
    """Returns the phase that an answer is about; after a declined plan, it begins with the download."""
    if detail in AT_REST or plan.phase is None:
        return Phase.DOWNLOAD
    return plan.phase


def _full_digest(release: str | None, plan: Plan) -> str:
    if release is None or (len(release) >= 16 and plan.release.startswith(release)):
        return plan.release
    return release


def _check_preset(preset: str) -> None:
    names = [each.value for each in Preset]
    if preset not in names:
        raise UsageError(f"'{shown(preset)}' is not a preset; use one of {', '.join(names)}")

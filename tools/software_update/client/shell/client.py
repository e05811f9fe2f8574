"""The client: runs the core on a machine, and each effect that the core calls for.

    client = Client(system, "/var/lib/software-update", {"main": domain})
    client.start()
    client.check("main")
    client.handle(Answered(now, answer))
    client.run()

The service, the command line and the simulated device all construct this class. Each transition is
recorded before its effect runs, so a power cut in an effect only repeats it.
"""

import errno
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from software_update.base.errors import InputError, SoftwareUpdateError, printable
from software_update.client import events, fetched, history, named_files, staging
from software_update.client.ask import make_question, with_claims
from software_update.client.boot_control import (
    BootError,
    BootStatus,
    CountsStarts,
    RestartsPart,
    SlotState,
)
from software_update.client.claimed import check_claims
from software_update.client.config import CheckConfig
from software_update.client.decision import Choice, Decision, Situation
from software_update.client.disclosure import (
    NO_RULES,
    Disclosed,
    check_again,
    disclose,
    history_members,
    with_disclosed,
)
from software_update.client.disclosure_file import DisclosureFile
from software_update.client.domain import Domain, HealthCheck
from software_update.client.effects import Effect, effect_of
from software_update.client.events import Event
from software_update.client.history_entry import history_entry
from software_update.client.look import (
    Known,
    Look,
    check_entry,
    check_room,
    inactive_slot,
    look,
    make_plan,
)
from software_update.client.paths import folders_above
from software_update.client.payload_copy import SPOOL, Means
from software_update.client.policy.chain import Evaluation, Link, evaluate
from software_update.client.policy.preset import Preset, StandingAnswer, may_look
from software_update.client.question import Question
from software_update.client.record import RecordFile, fitting, recorded
from software_update.client.record_room import history_room
from software_update.client.release import decode_release, release_digest
from software_update.client.repository import Listed, RepositoryRejected, RepositorySource
from software_update.client.root_chain import (
    ChainBroken,
    decode_chain,
    encode_chain,
    fingerprint,
    settle,
    unreadable,
)
from software_update.client.schedule import wait_after_failure
from software_update.client.shell import deployments
from software_update.client.shell.repositories import Repositories, not_configured
from software_update.client.slot_check import Checked, check_slot
from software_update.client.source import OpenBundle, Source, SourceError, attachment_of
from software_update.client.sources.file import FileSource
from software_update.client.staging import Base, PlanFailed
from software_update.client.state import (
    AT_REST,
    Code,
    Detail,
    DomainState,
    Plan,
    Reply,
    Staging,
    State,
    answer_to,
    installed_of,
    is_lower,
)
from software_update.client.state import Installed as InstalledRelease
from software_update.client.step import may_check, step
from software_update.client.stored_bundle import StoredBundle
from software_update.client.system import ProgramResult, ProgramTimeout, System
from software_update.format.catalog import CatalogEntry
from software_update.format.metadata import Installed, Root, Targets
from software_update.format.refusals import NotDisclosed
from software_update.format.verdicts import Refused
from software_update.verify.roots import trust_root
from software_update.verify.targets import VerifiedRelease

_STORED = "stored.bundle"
_LOCK = "lock"
_WRITING = frozenset({Detail.DOWNLOADING, Detail.INSTALLING})
DEFAULT_TIMES = CheckConfig(interval=6 * 3600, first_retry=60, longest_retry=12 * 3600)
_MAX_TEXT = 240
_T = TypeVar("_T")


class Interrupted(Exception):
    """Raised by `on_progress` to stop an effect; the caller handles an event and calls `run` again."""


class Client:
    """The client of one device.

    `folder` holds its record, history, roots and manifests. `on_change` is called with each new state, and
    `on_progress` with the number of bytes that an effect has handled since its last call. `times` decides how
    long it waits after a source has failed. `built` is the time at which the image was made, in seconds since
    1970: a clock that shows an earlier one is wrong.
    """

    def __init__(
        self,
        system: System,
        folder: str,
        domains: Mapping[str, Domain],
        on_change: Callable[[State], None] = lambda _: None,
        on_progress: Callable[[int], None] = lambda _: None,
        times: CheckConfig = DEFAULT_TIMES,
        built: int = 0,
    ) -> None:
        self.system = system
        self.folder = folder
        self.domains = dict(domains)
        self._history_room = history_room({each: made.slots for each, made in domains.items()})
        self._on_change = on_change
        self.on_progress = on_progress
        self._times = times
        self._built = built
        self._record: RecordFile
        self.state = State()
        self._seen_at = 0.0
        self._repositories = Repositories(system, lambda: self.state, self.handle, self.at)
        self._disclosures = DisclosureFile(system.storage, folder)
        self._history_problem = ""
        self._boot_problem = ""
        self._restart_problem = ""
        self._root_problems: dict[str, str] = {}
        self._evaluated: tuple[Question, Evaluation] | None = None
        self._effects: dict[Effect, Callable[[Plan, Domain], Event | None]] = {
            Effect.CONSULT: self._ask,
            Effect.STORE: self._store,
            Effect.BEGIN_VERIFYING: lambda plan, domain: events.VerifyingBegan(self.now()),
            Effect.VERIFY_STORED: self._verify_stored,
            Effect.WRITE_SLOT: self._write_slot,
            Effect.VERIFY_SLOT: self._verify_slot,
            Effect.ACTIVATE: self._activate,
            Effect.RESTART: self._restart,
            Effect.CHECK_HEALTH: self._check_health,
            Effect.CONFIRM: self._confirm,
            Effect.ABANDON: self._abandon,
        }

    @property
    def problem(self) -> str:
        """The problems that do not stop the client; empty if there are none."""
        problems = (
            *self._root_problems.values(),
            self._history_problem,
            self._boot_problem,
            self._restart_problem,
        )
        return "; ".join(each for each in problems if each)

    # Starting, events.

    def start(self) -> None:
        """Reads the record, and asks each boot loader which slot runs. Then `run` continues the plan.

        Raises InputError if another client uses the folder or the state is damaged, and BootError.
        """
        storage = self.system.storage
        storage.make_folder(self.folder)
        if not storage.lock(f"{self.folder}/{_LOCK}"):
            raise InputError(f"{self.folder}: another client uses this folder; stop it first")
        self._record = RecordFile(storage, self.folder)
        if self._record.state is None:
            history.check_new(storage, self.folder)
            self._make_folders()
        self.state = self._record.state or State()
        self._seen_at = self.system.clock.since_boot()
        self._repositories.start(self.folder, self.domains.values())
        self._append_history()
        settled = [self._settle_roots(each) for each in self.domains.values()]
        for domain in self.domains.values():
            if isinstance(domain.boot, CountsStarts):
                self._count_start(domain, domain.boot)
        self.handle(self.started())
        # A refused root ends the trial of the slot that carries it.
        for event in settled:
            if event is not None:
                self.handle(event)
        self._restore_starts()
        self._remove_garbage()

    def _make_folders(self) -> None:
        """Puts the folders on the medium, with their names, before anything in them is relied on."""
        storage = self.system.storage
        for name in (named_files.ROOTS, named_files.MANIFESTS):
            storage.make_folder(f"{self.folder}/{name}")
        for folder in (self.folder, *folders_above(self.folder, "/")):
            storage.sync_folder(folder)

    def boot_status(self) -> Mapping[str, BootStatus]:
        """Returns the answer of each domain's boot loader. Raises BootError."""
        return {name: _boot_status(domain) for name, domain in self.domains.items()}

    def started(self) -> events.Started:
        """Asks each boot loader which slot runs. Raises BootError."""
        return events.Started(self.now(), self.boot_status(), self.system.clock.boot_id())

    def _count_start(self, domain: Domain, boot: CountsStarts) -> None:
        """Restarts a part of the device if its slot has been started too often without a commit."""
        if not boot.client_started(self.system.clock.boot_id()) or not domain.restart:
            return
        try:
            self.system.programs.run(domain.restart)
        except OSError as error:
            self._boot_problem = f"domain '{domain.name}' does not restart: {error}"
            return
        boot.started()

    def _restore_starts(self) -> None:
        """Confirms each good slot that runs: boot loaders count its starts too, and would leave it one day.

        While another slot is to be tried, that one stays the next to start.
        """
        for domain in self.domains.values():
            try:
                status = domain.boot.status()
                good = status.slots.get(status.booted) == SlotState.GOOD
                if good and SlotState.TRYING not in status.slots.values():
                    domain.boot.confirm(status.booted)
            except (
                Exception
            ) as error:  # Not even a fault in a backend keeps the device from its updates.
                self._boot_problem = (
                    f"the starts of the running slot could not be restored: {error_text(error)}"
                )

    def handle(self, event: Event) -> bool:
        """Lets the core handle an event, and records the new state. Returns whether it changed."""
        new, _ = step(self.state, event)
        if new == self.state:
            return False
        entry = history_entry(self.state, event, new)
        if entry is not None:
            room = self._history_room
            if history.is_full(self.state.history, room):
                self._append_history()
            new = replace(new, history=history.add_line(self.state.history, entry, room))
        new = fitting(new)
        if recorded(new) != recorded(self.state):
            self._record.write(new)
        if new.seen != self.state.seen:
            self._seen_at = self.system.clock.since_boot()
        old, self.state = self.state, new
        self._on_change(new)
        deployments.told_of_change(self.domains, old, new)
        return True

    def run(self) -> None:
        """Runs effects until the client waits for an event from outside."""
        while (effect := effect_of(self.state)) is not None:
            event = self._perform(effect)
            if event is None or not self.handle(event):
                break
        self._append_history()
        self._remove_fetched()

    def _perform(self, effect: Effect) -> Event | None:
        plan = self.state.plan
        if plan is None or plan.domain not in self.domains:
            return None
        domain = self.domains[plan.domain]
        try:
            stopped = self._repositories.stop(plan, domain, effect)
            return stopped or self._effects[effect](plan, domain)
        except Interrupted:
            return None
        except SourceError as error:
            return self._source_failed(error)
        except (
            Exception
        ) as error:  # A fault in a backend is a failure, and not the end of the service.
            return events.Failed(self.now(), _code(error, _CODES.get(effect)), error_text(error))

    def _source_failed(self, error: SourceError) -> Event:
        random = self.system.clock.random()
        wait = wait_after_failure(self.state, self._times, random, error.retry_after)
        code = Code.SOURCE_FAILED
        if isinstance(error, RepositoryRejected):
            code = Code(error.problem.value)
        return events.SourceFailed(self.now(), error_text(error), int(wait), code)

    # Checking.

    def check(self, name: str, *, by_person: bool = False) -> None:
        """Looks for a release of a domain, and makes a plan for it. Reads no payload.

        With the preset `never`, only a person makes the client look.
        """
        preset, plan = Preset(self.state.domain(name).preset), self.state.plan
        if not (by_person or may_look(preset)):
            return
        wanted = plan and (plan.path or plan.by_person) and self.state.detail not in AT_REST
        if not may_check(self.state) or (wanted and not by_person):
            # A person has asked for this release, or it has gone too far to be replaced.
            self._watch(name)
            return
        self.handle(events.CheckBegan(self.now(), name))
        domain = self.domains[name]
        refused = self.root_refusal(name)
        if refused is not None:
            self.handle(events.NothingToDo(self.now(), name, refused.code, str(refused)))
            return
        failed: SourceError | None = None
        rejected: Event | None = None
        for number, source in enumerate(domain.sources):
            try:
                if isinstance(source, RepositorySource):
                    ended = self._look_in(domain, source, number, by_person)
                else:
                    ended = self._look_at(domain, source, number)
            except SourceError as error:
                failed = error
                continue
            if isinstance(ended, events.Offered):
                self.handle(ended)
                return
            # A forgotten stick with an old release must not hide the next source.
            rejected = rejected or ended
        if rejected is None or failed is not None:
            rejected = self._nothing(name, failed)
        self.handle(rejected)

    def _watch(self, name: str) -> None:
        """Asks the server of a plan whether it still wants it."""
        cancelled = deployments.poll_for_cancellation(self.domains[name], self.state)
        if cancelled is not None:
            self.handle(events.Failed(self.now(), cancelled.code, str(cancelled)))
        try:
            event: Event | None = self._repositories.watch(self.domains[name])
        except SourceError as error:
            event = self._source_failed(error)
        if event is not None:
            self.handle(event)

    def check_file(self, name: str, path: str) -> None:
        """Looks at the bundle in a file that a person has named, instead of the domain's sources."""
        if not may_check(self.state):
            return
        self.handle(events.CheckBegan(self.now(), name))
        try:
            source = FileSource(self.system.storage, path)
            ended = self._look_at(self.domains[name], source, 0, path)
        except SourceError as error:
            ended = events.NothingToDo(self.now(), name, Code.SOURCE_FAILED, error_text(error))
        self.handle(ended or self._nothing(name, None))

    def check_golden(self, name: str, *, below_floor: bool = False) -> None:
        """Looks at the golden bundle, also if its release runs already.

        Its expiry does not count, because a device must recover at any time. `below_floor` says that a person
        wants it although its release is below the floor.
        """
        if not may_check(self.state):
            return
        self.handle(events.CheckBegan(self.now(), name))
        domain = self.domains[name]
        try:
            bundle = _opened(FileSource(self.system.storage, domain.golden))
            if bundle is None:
                raise SourceError(f"{domain.golden}: is missing")
            ended = self._look_at_golden(domain, bundle, below_floor)
        except SourceError as error:
            ended = events.NothingToDo(self.now(), name, Code.SOURCE_FAILED, error_text(error))
        self.handle(ended)

    def _look_at_golden(self, domain: Domain, bundle: OpenBundle, below_floor: bool) -> Event:
        try:
            refused = self.root_refusal(domain.name)
            if refused is not None:
                raise refused
            found = look(domain, bundle, Known(self.root(domain), None, None, golden=True))
            self._keep_root(domain, found)
            if found.problem is not None:
                raise found.problem
            offered = self._offer_of(domain, 0, bundle, found, golden=True)
            plan, floor = offered.plan, self.state.domain(domain.name).floor
            members: dict[str, str | list[str]] = {**offered.disclosed, "origin": "golden bundle"}
            if floor is not None and is_lower(installed_of(plan), floor):
                if not below_floor:
                    raise _below_floor(plan, floor)
                members["below_floor"] = floor.version
            plan = replace(plan, path=domain.golden, by_person=True, golden=True)
            return replace(offered, plan=plan, dated=False, disclosed=members)
        except PlanFailed as problem:
            return events.NothingToDo(self.now(), domain.name, problem.code, str(problem))
        finally:
            bundle.close()

    def manifest_of(self, name: str, path: str) -> bytes:
        """Returns the installed manifest of the release in a bundle, which it verifies. Keeps a newer root.

        Raises PlanFailed if the device does not accept the release, and SourceError.
        """
        bundle = FileSource(self.system.storage, path).open()
        if bundle is None:
            raise InputError(f"{path}: No such file or directory")
        try:
            return self.manifest_in(name, bundle)
        finally:
            bundle.close()

    def manifest_in(self, name: str, bundle: OpenBundle) -> bytes:
        """Returns the installed manifest of the release in an open bundle. See `manifest_of`."""
        found = self._found(self.domains[name], bundle)
        if found.problem is not None:
            raise found.problem
        return found.manifest

    def _look_at(self, domain: Domain, source: Source, number: int, path: str = "") -> Event | None:
        """Returns the event about the bundle of a source; None if it offers none, or the one that runs."""
        bundle = _opened(source)
        if bundle is None:
            deployments.told_of_nothing(source)
            return None
        ended = self._look(domain, number, bundle)
        deployments.told_of_check(source, ended)
        if isinstance(ended, events.Offered):
            plan = replace(ended.plan, path=path, offer=deployments.offer_of(source))
            return replace(ended, plan=plan)
        return ended

    def _look_in(
        self, domain: Domain, source: RepositorySource, number: int, by_person: bool
    ) -> Event | None:
        """Returns the event about the release that the device chooses; None if there is no newer one."""
        choice = self._repositories.choose(domain, source, by_person=by_person)
        if choice.code is not None:
            return events.NothingToDo(self.now(), domain.name, choice.code, choice.text)
        if not choice.steps:
            return None
        first, known = choice.steps[0], self.state.plan
        later = {"by_person": by_person, "steps": choice.later_versions}
        if known and self._asks_about(known, domain, first):
            return events.Offered(self.now(), replace(known, **later))  # type: ignore[arg-type]
        bundle = self._repositories.open_listed(first, source)
        ended = self._look(domain, number, bundle, first.entry)
        if not isinstance(ended, events.Offered):
            return ended
        plan = replace(ended.plan, entry=first.path, **later)  # type: ignore[arg-type]
        return replace(ended, plan=plan)

    def _asks_about(self, plan: Plan, domain: Domain, listed: Listed) -> bool:
        """Returns whether the first question about a bundle waits already: its head needs no other look."""
        same = (plan.domain, plan.entry, plan.release)
        waits = self.state.detail == Detail.AWAITING_CONSENT
        return waits and same == (domain.name, listed.path, listed.entry.release)

    def _nothing(self, name: str, failed: SourceError | None) -> Event:
        if failed is not None:
            return self._source_failed(failed)
        running = self.state.domain(name).slots.get(self.state.domain(name).running)
        if running is None:
            text = "no source offers a release"
            return events.NothingToDo(self.now(), name, Code.NOTHING_OFFERED, text)
        text = f"version {running.version} is up to date"
        return events.NothingToDo(self.now(), name, Code.UP_TO_DATE, text, running.release)

    def _look(
        self, domain: Domain, number: int, bundle: OpenBundle, entry: CatalogEntry | None = None
    ) -> Event | None:
        """Returns the event about a bundle, and closes it; None if it is the release that runs.

        `entry` is its entry in a catalog, which must not differ from the release.
        """
        try:
            found = self._found(domain, bundle)
            if found.problem is not None:
                raise found.problem
            if entry is not None:
                check_entry(entry, found)
            return self._offer(domain, number, bundle, found)
        except PlanFailed as problem:
            return events.NothingToDo(self.now(), domain.name, problem.code, str(problem))
        except (SourceError, SoftwareUpdateError, Interrupted):
            raise
        except Exception as error:  # See _perform.
            return events.NothingToDo(self.now(), domain.name, _code(error), error_text(error))
        finally:
            bundle.close()

    def _found(self, domain: Domain, bundle: OpenBundle) -> Look:
        """Verifies the head of a bundle, and keeps a newer root."""
        refused = self.root_refusal(domain.name)
        if refused is not None:
            raise refused
        state = self.state.domain(domain.name)
        floor = self.installed(state.floor.manifest) if state.floor else None
        found = look(domain, bundle, Known(self.root(domain), floor, self.at()))
        self._keep_root(domain, found)
        return found

    def _offer(self, domain: Domain, number: int, bundle: OpenBundle, found: Look) -> Event | None:
        state = self.state.domain(domain.name)
        running = state.slots.get(state.running)
        assert found.release is not None
        if running is not None and running.release == release_digest(found.release.targets):
            return None
        return self._offer_of(domain, number, bundle, found)

    def _offer_of(
        self, domain: Domain, number: int, bundle: OpenBundle, found: Look, *, golden: bool = False
    ) -> events.Offered:
        assert found.release is not None
        slot = inactive_slot(domain, domain.boot.status())
        plan = replace(make_plan(domain, found, slot, number, ""), identity=bundle.identity)
        check_room(domain, slot, found.release.targets)
        if domain.staging == Staging.STORE:
            self._check_store(bundle)
        disclosed = self._disclose(domain, bundle, found.release, golden=golden)
        manifest = self.keep_manifest(found.manifest)
        return events.Offered(
            self.now(),
            replace(plan, manifest=manifest),
            _is_dated(found.release),
            history_members(disclosed),
        )

    def _disclose(
        self, domain: Domain, bundle: OpenBundle, release: VerifiedRelease, *, golden: bool
    ) -> Disclosed:
        """Checks what is disclosed about a release before the question, and keeps what it has found.

        Raises PlanFailed if the release is refused, also because witnesses state a time at which its metadata
        has expired, and SourceError.
        """
        if domain.rules == NO_RULES:
            return Disclosed()

        def fetch(name: str, limit: int) -> bytes | None:
            return attachment_of(bundle, name, limit)

        seen = self._disclosures.seen(domain.name)
        try:
            # The age of a golden bundle does not count: cosignatures of any time do.
            result = disclose(release, domain.rules, fetch, 0 if golden else self.at(), seen)
        except NotDisclosed as refused:
            raise PlanFailed(Code.REFUSED, str(refused)) from None
        self._disclosures.keep(domain.name, release_digest(release.targets), result)
        if result.not_before > self.at() and not golden:
            self.handle(events.TimeProven(self.now(), result.not_before))
            problem = self._found(domain, bundle).problem
            if problem is not None:
                raise problem
        return result.disclosed

    def _check_store(self, bundle: OpenBundle) -> None:
        """Raises PlanFailed if the bundle does not fit into the store. An old bundle in it makes room."""
        storage, path = self.system.storage, f"{self.folder}/{_STORED}"
        room = storage.free_bytes(self.folder)
        if storage.exists(path):
            file = storage.open(path)
            room += file.size()
            file.close()
        if bundle.size() > room:
            raise PlanFailed(
                Code.NO_ROOM,
                f"{self.folder}: has room for {room} bytes, and the bundle has {bundle.size()}; free some",
            )

    def _keep_root(self, domain: Domain, found: Look) -> None:
        if found.root is not None and found.new_roots:
            chain = (*self._stored_roots(domain), *found.new_roots)
            self._set_roots(domain, found.root.root, chain)

    def _set_roots(
        self, domain: Domain, root: Root, chain: Sequence[bytes], origin: str = "bundle"
    ) -> None:
        name, version = self._put_roots(chain), root.common.version
        root_id = fingerprint(root)
        self.handle(events.RootVerified(self.now(), domain.name, name, root_id, version, origin))

    def _put_roots(self, chain: Sequence[bytes]) -> str:
        return self._put(named_files.ROOTS, encode_chain(chain))

    def _stored_roots(self, domain: Domain) -> tuple[bytes, ...]:
        """Returns the chain of roots in its file; empty before the first start. Raises InputError."""
        name = self.state.domain(domain.name).root
        if not name:
            return ()
        folder = f"{self.folder}/{named_files.ROOTS}"
        try:
            return decode_chain(named_files.get(self.system.storage, folder, name))
        except ChainBroken as broken:
            raise InputError(f"{folder}/{name}: {broken}") from None

    def _settle_roots(self, domain: Domain) -> Event | None:
        """Verifies the stored roots from the one in the image, and adopts a newer one of the image.

        Returns the event about what it has found, for after the boot loader's answer.
        """
        try:
            stored = self._stored_roots(domain)
            settled = settle(domain.anchor, domain.anchor_chain, stored)
        except InputError as error:
            settled = unreadable(str(error))
        refusal = settled.refusal
        self._root_problems[domain.name] = settled.text
        if settled.root is None:
            return events.RootSettled(self.now(), domain.name, "", refusal, settled.text)
        if stored and len(settled.chain) > len(stored):
            self._set_roots(domain, settled.root, settled.chain, "image")
            return None
        return events.RootSettled(self.now(), domain.name, self._put_roots(settled.chain))

    # Effects.

    def question(self) -> Question | None:
        """Returns the question that waits for an answer; None if none does."""
        plan = self.state.plan
        if plan is None or plan.phase is None or plan.domain not in self.domains:
            return None
        domain = self.domains[plan.domain]
        release = self.installed(plan.manifest)
        state = self.state.domain(plan.domain)
        question = make_question(
            plan, release, domain.vendor, state, domain.language, domain.holders
        )
        question = with_claims(question, release, self._runs(state), domain.grant)
        disclosed = self._disclosures.of(plan.domain, plan.release)
        return with_disclosed(question, domain.rules, disclosed, domain.holders)

    def _runs(self, state: DomainState) -> Installed | None:
        """Returns the release that runs; None if the device does not know it, or its file is damaged."""
        running = state.slots.get(state.running)
        if running is None:
            return None
        try:
            return self.installed(running.manifest)
        except InputError:
            return None

    def situation(self, plan: Plan) -> Situation:
        """Returns the facts that policies use besides the question."""
        return Situation(
            now=self.now(),
            local_minute=self.system.clock.local_minute(),
            first_asked=plan.first_asked,
            last_install=self.state.last_install,
            postponements=plan.postponements,
        )

    def decisions(self) -> Sequence[tuple[str, Decision]]:
        """Returns the last decision of each policy about the question that waits; none after a start."""
        waits = self.state.detail == Detail.AWAITING_CONSENT
        if not waits or self._evaluated is None or self._evaluated[0] != self.question():
            return ()
        return self._evaluated[1].decisions

    def consult(self) -> Event | None:
        """Returns what the policies decide about the phase that waits; None if none does. Changes nothing."""
        plan = self.state.plan
        if plan is None or plan.domain not in self.domains:
            return None
        return self._consult(plan, self.domains[plan.domain])

    def _ask(self, plan: Plan, domain: Domain) -> Event:
        # The configuration may have changed since the plan was made.
        check_again(self._disclosures.of(plan.domain, plan.release), domain.rules)
        check_claims(self.installed(plan.manifest).user_manifest, domain.name, domain.grant)
        return self._consult(plan, domain)

    def _consult(self, plan: Plan, domain: Domain) -> Event:
        question = self.question()
        assert question is not None
        situation = self.situation(plan)
        now = situation.now
        preset = Preset(self.state.domain(domain.name).preset)
        chain = [Link("preset", StandingAnswer(preset)), *domain.policies]
        evaluation = evaluate(chain, question, situation, domain.policy_retry)
        self._evaluated = (question, evaluation)
        known = answer_to(self.state, plan.release, plan.root, question.phase)
        if known is None:
            return events.Decided(now, evaluation.combined)
        match known.reply:
            case Reply.YES:
                return events.Decided(now, evaluation.after_yes)
            case Reply.LATER:
                return events.Decided(now, evaluation.combined)
        return events.Decided(now, Decision(Choice.DENY, f"{known.who} declined it"))

    def _write_slot(self, plan: Plan, domain: Domain) -> Event:
        domain.boot.mark_unbootable(plan.slot)
        release = self.installed(plan.manifest)
        bundle = self._stored() if plan.stored else self._open(plan, domain)
        try:
            staging.write_slot(
                domain,
                plan.slot,
                release,
                bundle,
                self._base(domain),
                Means(self.system.storage, self.folder, self.on_progress, self.system.copy),
            )
        finally:
            bundle.close()
        return events.Written(self.now())

    def _verify_slot(self, plan: Plan, domain: Domain) -> Event:
        release = self.installed(plan.manifest)
        copy = self.system.copy
        staging.verify_slot(domain, plan.slot, release.targets, self.on_progress, copy)
        return events.Verified(self.now())

    def _store(self, plan: Plan, domain: Domain) -> Event:
        targets = self.installed(plan.manifest).targets
        bundle = self._open(plan, domain)
        try:
            path = f"{self.folder}/{_STORED}"
            staging.copy_to_store(self.system.storage, path, targets, bundle, self.on_progress)
        finally:
            bundle.close()
        return events.Stored(self.now())

    def _verify_stored(self, plan: Plan, domain: Domain) -> Event:
        release = self.installed(plan.manifest)
        bundle = self._stored()
        try:
            staging.verify_stored(release, bundle, self._base(domain), self.on_progress)
        finally:
            bundle.close()
        return events.Verified(self.now())

    def check_running(self, name: str, on_progress: Callable[[int], None] | None = None) -> None:
        """Checks the slot that runs, if the configuration says so, and acts on a damaged one.

        A slot that is being tried is checked before its commit instead. May raise Interrupted.
        """
        domain, state, plan = self.domains[name], self.state.domain(name), self.state.plan
        slot = state.running
        tried = plan is not None and (plan.domain, plan.slot) == (name, slot)
        # A slot that was damaged earlier has no known release, and may have been only hard to read.
        expected = state.slots.get(slot) or state.floor
        if domain.start_check is None or expected is None or (tried and not self.is_at_rest):
            return
        try:
            targets = self.installed(expected.manifest).targets
            self.check_slot(domain, slot, targets, on_progress)
        except InputError as error:
            self._boot_problem = f"slot {slot} cannot be checked: {error}"
            return
        except PlanFailed as failed:
            self.handle(events.SlotVerified(self.now(), name, slot, None, str(failed)))
            if domain.start_check.leaves:
                self._leave(domain, slot)
            return
        self.handle(events.SlotVerified(self.now(), name, slot, expected))

    def check_slot(
        self,
        domain: Domain,
        slot: str,
        targets: Targets,
        on_progress: Callable[[int], None] | None = None,
    ) -> Checked:
        """Compares a slot with a release. Raises PlanFailed for a difference. May raise Interrupted."""
        return check_slot(self.system, domain, slot, targets, on_progress or self.on_progress)

    @property
    def is_at_rest(self) -> bool:
        """True if no update is under way."""
        return self.state.detail in AT_REST

    def _leave(self, domain: Domain, slot: str) -> None:
        """Leaves a damaged slot for another good one. A device without one goes on as it is."""
        status = domain.boot.status()
        others = [each for each in domain.slots if each != slot]
        if not any(status.slots.get(each) == SlotState.GOOD for each in others):
            return
        domain.boot.mark_unbootable(slot)
        event = self._restart_now(domain)
        if event is not None:
            self.handle(event)

    def _activate(self, plan: Plan, domain: Domain) -> Event:
        domain.boot.try_slot(plan.slot)
        return events.Activated(self.now(), self.system.clock.boot_id())

    def _restart(self, plan: Plan, domain: Domain) -> Event | None:
        return self._restart_now(domain)

    def _restart_now(self, domain: Domain) -> Event | None:
        if domain.restart:
            self._append_history()
            if isinstance(domain.boot, CountsStarts):
                return self._restart_part(domain, domain.boot)
            self._restart_problem = self._restart_device(domain)
        elif isinstance(domain.boot, RestartsPart):
            self._append_history()
            domain.boot.restart()
            return self.started()
        return None

    def _restart_device(self, domain: Domain) -> str:
        """Returns why the device does not restart; empty if it should. The release is not the reason."""
        name = domain.restart[0]
        try:
            result = self.system.programs.run(domain.restart)
        except ProgramTimeout:
            return ""  # It waits for the end of the device.
        except OSError as error:
            return printable(f"restart {name}: {error}")
        return (
            f"restart {name}: ended with {result.exit_code}{_said(result)}"
            if result.exit_code
            else ""
        )

    def _restart_part(self, domain: Domain, boot: CountsStarts) -> Event:
        """Restarts a part of the device, which the client outlives."""
        while True:
            result = self.system.programs.run(domain.restart)
            # Also after a failure: the part may run by now.
            again = boot.started()
            if result.exit_code:
                text = f"restart {domain.restart[0]}: ended with {result.exit_code}{_said(result)}"
                return events.Failed(self.now(), Code.HEALTH_FAILED, text)
            if not again:
                return self.started()

    def _check_health(self, plan: Plan, domain: Domain) -> Event | None:
        if domain.start_check is not None:
            self.check_slot(domain, plan.slot, self.installed(plan.manifest).targets)
        for check in domain.health:
            problem = self._health_problem(check)
            if problem:
                return events.Failed(self.now(), Code.HEALTH_FAILED, problem)
        return events.HealthPassed(self.now()) if domain.commits_itself else None

    def _health_problem(self, check: HealthCheck) -> str | None:
        name = check.argv[0]
        try:
            result = self.system.programs.run(check.argv, timeout=check.timeout)
        except OSError as error:
            return f"health check {name}: {error}"
        if result.exit_code == 0:
            return None
        return f"health check {name}: ended with {result.exit_code}{_said(result)}"

    def _confirm(self, plan: Plan, domain: Domain) -> Event:
        status = domain.boot.status()
        if status.booted != plan.slot:
            return replace(self.started(), boot={**self.boot_status(), domain.name: status})
        domain.boot.confirm(plan.slot)
        return events.Confirmed(self.now())

    def _abandon(self, plan: Plan, domain: Domain) -> Event:
        domain.boot.mark_unbootable(plan.slot)
        running = domain.boot.status().booted
        return events.Abandoned(self.now(), running, self.system.clock.boot_id())

    # Files.

    def _open(self, plan: Plan, domain: Domain) -> OpenBundle:
        if plan.entry:
            return self._repositories.open(plan, domain)
        source = self._source(plan, domain)
        bundle = _opened(source)
        if bundle is None:
            deployments.told_of_nothing(source)
            cancelled = deployments.cancellation(source, plan)
            raise cancelled or SourceError(f"{source.describe()}: offers no bundle now")
        return bundle

    def _source(self, plan: Plan, domain: Domain) -> Source:
        if plan.path:
            return FileSource(self.system.storage, plan.path)
        source = domain.sources[plan.source] if plan.source < len(domain.sources) else None
        if source is None or isinstance(source, RepositorySource):
            raise not_configured(domain)
        return source

    def _stored(self) -> OpenBundle:
        return StoredBundle(self.system.storage.open(f"{self.folder}/{_STORED}"))

    def _base(self, domain: Domain) -> Base | None:
        state = self.state.domain(domain.name)
        running = state.slots.get(state.running)
        return Base(state.running, self.installed(running.manifest)) if running else None

    def installed(self, manifest: str) -> Installed:
        """Returns the release in a file of manifests. Raises InputError."""
        return decode_release(
            named_files.get(self.system.storage, f"{self.folder}/{named_files.MANIFESTS}", manifest)
        )

    def root(self, domain: Domain) -> Root:
        """Returns the newest root that the device knows: the one in force, unless the start has refused it.

        Raises InputError.
        """
        stored = self._stored_roots(domain)
        return trust_root(stored[-1] if stored else domain.anchor)

    def trust_anchor(self, name: str, who: str, *, ends_floor: bool) -> None:
        """Makes the root in the image the one in force, because a person has confirmed its fingerprint."""
        domain = self.domains[name]
        root = trust_root(domain.anchor)
        try:
            former = fingerprint(self.root(domain))
        except InputError:
            former = ""
        self.handle(
            events.RootTrusted(
                self.now(),
                name,
                self._put_roots((domain.anchor,)),
                fingerprint(root),
                root.common.version,
                former,
                who,
                ends_floor,
            )
        )
        self._root_problems[name] = ""

    def factory_reset(self, who: str) -> None:
        """Forgets what belongs to the user: first in the record, so that the rest is garbage."""
        presets = {name: domain.preset for name, domain in self.domains.items()}
        self.handle(events.FactoryReset(self.now(), who, presets))
        self._remove_garbage()

    def root_refusal(self, name: str) -> PlanFailed | None:
        """Returns why no root of a domain is in force; None if one is."""
        code = self.state.root_refused.get(name)
        return PlanFailed(code, self._root_problems[name]) if code else None

    def keep_manifest(self, content: bytes) -> str:
        """Writes the file of a release, and returns its name."""
        return self._put(named_files.MANIFESTS, content)

    def _put(self, folder: str, content: bytes) -> str:
        return named_files.put(self.system.storage, f"{self.folder}/{folder}", content)

    def _append_history(self) -> None:
        """Appends the lines that wait. If the disk is full, they stay in the record, which has some room."""
        if not self.state.history.pending:
            return
        try:
            head = history.append(self.system.storage, self.folder, self.state.history)
        except OSError as error:
            self._history_problem = f"the history waits for the disk: {error}"
            return
        self._history_problem = ""
        self.state = replace(self.state, history=head)

    def _remove_garbage(self) -> None:
        """Removes files that the state does not name any more."""
        storage, plan = self.system.storage, self.state.plan
        domains = self.state.domains.values()
        manifests = {each.manifest for domain in domains for each in domain.slots.values()}
        manifests |= {domain.floor.manifest for domain in domains if domain.floor}
        manifests |= {plan.manifest} if plan else set()
        named_files.keep_only(storage, f"{self.folder}/{named_files.MANIFESTS}", manifests)
        roots = {domain.root for domain in domains if domain.root}
        named_files.keep_only(storage, f"{self.folder}/{named_files.ROOTS}", roots)
        self._remove_fetched()

    def _remove_fetched(self) -> None:
        """Removes a stored bundle when its plan has ended, and what is kept of a download when it has.

        The next plan must not trust these bytes.
        """
        plan, storage = self.state.plan, self.system.storage
        names = [_STORED] if self.state.detail in AT_REST else []
        if self.state.detail not in _WRITING or (plan is not None and plan.written):
            names += [SPOOL, fetched.FILE_NAME]
        for name in names:
            path = f"{self.folder}/{name}"
            if storage.exists(path):
                storage.remove(path)

    def now(self) -> int:
        """Returns the wall clock, in seconds since 1970."""
        return self.system.clock.now()

    def at(self) -> int:
        """Returns the time that expiry dates are compared with, in seconds since 1970.

        It is that of the clock, but never before the time when the image was built, or the time at which
        valid metadata was accepted last, and the seconds that have passed since then.
        """
        passed = int(self.system.clock.since_boot() - self._seen_at)
        return max(self.now(), max(self._built, self.state.seen) + max(0, passed))


def _said(result: ProgramResult) -> str:
    said = printable((result.stderr or result.stdout).decode(errors="replace").strip()[:200])
    return f": {said}" if said else ""


# The code of a failure without one, for work that is that of the boot loader.
_CODES = {
    Effect.ACTIVATE: Code.BOOT_CONTROL_FAILED,
    Effect.CONFIRM: Code.BOOT_CONTROL_FAILED,
    Effect.ABANDON: Code.BOOT_CONTROL_FAILED,
}


def _code(error: Exception, otherwise: Code | None = None) -> Code:
    match error:
        case PlanFailed():
            return error.code
        case NotDisclosed() | Refused():
            return Code.REFUSED
        case BootError():
            return Code.BOOT_CONTROL_FAILED
        case OSError(errno=errno.ENOSPC | errno.EDQUOT):
            return Code.NO_ROOM
    return otherwise or Code.INSTALL_FAILED


def error_text(error: Exception) -> str:
    """Returns an error in one line, which ends with "..." if it was cut.

    One that is not meant for a person has its type in front.
    """
    known = isinstance(error, (PlanFailed, Refused, SoftwareUpdateError, OSError))
    text = str(error) if known else f"{type(error).__name__}: {error}"
    return printable(text if len(text) <= _MAX_TEXT else f"{text[: _MAX_TEXT - 3]}...")


def _is_dated(release: VerifiedRelease) -> bool:
    dates = (release.targets.common.expires, release.root.common.expires)
    return any(each is not None for each in dates)


def _below_floor(plan: Plan, floor: InstalledRelease) -> PlanFailed:
    return PlanFailed(
        Code.BELOW_FLOOR,
        f"the golden release {plan.version} is below the floor {floor.version}; a person may let it run with "
        "--below-floor, to fetch a newer one",
    )


def _opened(source: Source) -> OpenBundle | None:
    """Opens the bundle of a source. Raises SourceError, whatever the source raises."""
    try:
        return source.open()
    except (SourceError, Interrupted):
        raise
    except Exception as error:
        raise SourceError(f"{source.describe()}: {error_text(error)}") from error


def _boot_status(domain: Domain) -> BootStatus:
    try:
        return domain.boot.status()
    except OSError:
        raise
    except Exception as error:
        raise BootError(f"domain '{domain.name}': {error_text(error)}") from error

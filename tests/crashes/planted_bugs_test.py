"""Bugs planted into the client, each of which the search must find.

| bug | what the search sees |
|---|---|
| no sync of the folder after a manifest's rename | the record names a file that is not there |
| no sync of the slot | a slot is activated that is not on the medium |
| no sync of the record | an effect runs before its intention is on the medium |
| no sync of U-Boot's environment | a half-written slot may start |
| slot not marked unbootable before it is written | a half-written slot may start |
| slot not read back | a slot with a bad sector is activated |
| floor raised at the end of writing | the floor is above all confirmed slots |
| recorded after the effect | a slot is written without a recorded plan |
| consent not bound to the release digest | another release is installed |
| activated before it is verified | a slot is activated without an intention |
| confirmed from the wrong slot | slot B is confirmed, and slot A runs |
| history appended before the record | a line that the record does not know |
| record with one place | an older record, and a line that it does not know |
| state of a killed client not synced | an older record, and a line that it does not know |
| stored bundle resumed at its length | torn bytes count against the release |
| repository's versions not compared with the record | a version of the repository falls |
| secret for rollouts not synced | a plan relies on a secret that is not on the medium |
| bundle fetched after a start without asking for a halt | a release that was seen halted is activated |
| download saved before its bytes are synced | bytes count as fetched, and are not on the medium |
| download saved before the name of its file is synced | bytes count as fetched, and are not on the medium |
| target of a killed client not synced | a slot is activated that is not complete |
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from software_update.client import (
    events,
    freshness,
    history,
    payload_copy,
    rollout_secret,
    staging,
    step,
)
from software_update.client.boot.uboot import UBoot
from software_update.client.installers.directory import DirectoryInstaller
from software_update.client.installers.file_writer import FileWriter
from software_update.client.record import RecordFile
from software_update.client.repository import Versions
from software_update.client.shell import client as shell
from software_update.client.shell.client import Client
from software_update.client.simulator.crashes import Fault, explore
from software_update.client.simulator.storage import SimulatedFile, SimulatedStorage
from software_update.client.state import Detail, State

from tests.crashes.device import CHUNK_BYTES, FOLDER
from tests.crashes.invariants import scenario
from tests.crashes.scenarios import SCENARIOS

Patch = pytest.MonkeyPatch
STREAM = "stream into a raw slot"


def no_sync_of(patch: Patch, method: str, end: str) -> None:
    """Makes a sync of paths with this end do nothing."""
    kind: Any = SimulatedStorage if method == "sync_folder" else SimulatedFile
    real = getattr(kind, method)

    def sync(self: Any, path: str = "") -> None:
        if not (path or self._path).endswith(end):
            real(self, path) if path else real(self)

    patch.setattr(kind, method, sync)


def no_folder_sync(patch: Patch) -> None:
    no_sync_of(patch, "sync_folder", "/manifests")


def no_slot_sync(patch: Patch) -> None:
    no_sync_of(patch, "sync", "/dev/b")


def no_record_sync(patch: Patch) -> None:
    no_sync_of(patch, "sync", "/record")


def no_environment_sync(patch: Patch) -> None:
    patch.setattr(UBoot, "sync", lambda self: None)


def not_marked_unbootable(patch: Patch) -> None:
    patch.setattr(UBoot, "mark_unbootable", lambda self, slot: None)


def not_read_back(patch: Patch) -> None:
    patch.setattr(staging, "verify_slot", lambda *_: None)


def floor_at_installation(patch: Patch) -> None:
    real = step._HANDLERS[events.Written]

    def written(state: State, event: Any) -> State:
        new = real(state, event)
        plan = new.plan
        assert plan is not None
        domain = new.domain(plan.domain)
        assert domain.floor is not None
        floor = replace(domain.floor, release=plan.release, counter=plan.counter)
        return new.with_domain(plan.domain, replace(domain, floor=floor))

    patch.setitem(step._HANDLERS, events.Written, written)


def recorded_after_the_effect(patch: Patch) -> None:
    real = RecordFile.write

    def write(self: Any, state: State) -> None:
        late = getattr(self, "late", None)
        if late is not None:
            real(self, late)
        self.late = state

    patch.setattr(RecordFile, "write", write)


def consent_without_digest(patch: Patch) -> None:
    def answer_to(state: State, release: str, root: str, phase: Any) -> Any:
        known = [each for each in state.answers if each.phase == phase]
        return known[-1] if known else None

    patch.setattr(step, "answer_to", answer_to)
    patch.setattr(shell, "answer_to", answer_to)


def activated_before_verification(patch: Patch) -> None:
    real = Client._write_slot

    def write_slot(self: Client, plan: Any, domain: Any) -> Any:
        event = real(self, plan, domain)
        domain.boot.try_slot(plan.slot)
        return event

    patch.setattr(Client, "_write_slot", write_slot)


def confirmed_from_the_wrong_slot(patch: Patch) -> None:
    real = step._started_elsewhere

    def started(state: State, plan: Any, boot: Any, event: Any) -> State:
        if state.detail == Detail.AWAITING_RESTART:
            return replace(state, detail=Detail.TRYING)
        return real(state, plan, boot, event)

    def confirm(self: UBoot, slot: str) -> None:
        self.write({"software_update_trying": ""})
        self.sync()

    def confirm_effect(self: Client, plan: Any, domain: Any) -> Any:
        domain.boot.try_slot(plan.slot)
        domain.boot.confirm(plan.slot)
        return events.Confirmed(0)

    patch.setattr(step, "_started_elsewhere", started)
    patch.setattr(UBoot, "confirm", confirm)
    patch.setattr(Client, "_confirm", confirm_effect)


def history_before_the_record(patch: Patch) -> None:
    real, opened = RecordFile.write, RecordFile.__init__

    def init(self: Any, storage: Any, *rest: Any) -> None:
        self.storage = storage
        opened(self, storage, *rest)

    def write(self: Any, state: State) -> None:
        history.append(self.storage, FOLDER, state.history)
        real(self, state)

    patch.setattr(RecordFile, "__init__", init)
    patch.setattr(RecordFile, "write", write)


def record_with_one_place(patch: Patch) -> None:
    real = RecordFile.write

    def write(self: Any, state: State) -> None:
        if self._current is not None and self._current.sequence % 2:
            self._current = replace(self._current, sequence=self._current.sequence + 1)
        real(self, state)

    patch.setattr(RecordFile, "write", write)


def killed_client_not_synced(patch: Patch) -> None:
    opened, sync = RecordFile.__init__, SimulatedFile.sync

    def init(self: Any, *args: Any) -> None:
        with pytest.MonkeyPatch.context() as inner:
            inner.setattr(
                SimulatedFile,
                "sync",
                lambda file: None if file._path.endswith("/record") else sync(file),
            )
            opened(self, *args)

    patch.setattr(RecordFile, "__init__", init)


def resumed_at_its_length(patch: Patch) -> None:
    def copy(storage: Any, path: str, _: Any, bundle: Any, on_progress: Any) -> None:
        file = storage.open_to_write(path)
        storage.sync_folder(FOLDER)
        offset = min(file.size(), bundle.size())
        while offset < bundle.size():
            chunk = bundle.read(offset, min(CHUNK_BYTES, bundle.size() - offset))
            file.write(offset, chunk)
            offset += len(chunk)
        file.sync()

    patch.setattr(staging, "copy_to_store", copy)


def no_floors_of_the_repository(patch: Patch) -> None:
    patch.setattr(Versions, "lowered", lambda self, found: None)


def secret_not_synced(patch: Patch) -> None:
    def make(storage: Any, folder: str, secret: bytes) -> bytes:
        file = storage.open_to_write(f"{folder}/{rollout_secret.NAME}")
        file.write(0, secret)
        return secret

    patch.setattr(rollout_secret, "_make", make)


def halt_not_asked_for_after_a_start(patch: Patch) -> None:
    patch.setattr(freshness, "fetches", lambda plan, effect: False)


def saved_before_sync(patch: Patch) -> None:
    def write(self: Any, content: bytes) -> None:
        self._end += len(content)
        if self._end > self._start:
            self._writer.write(content)
            self._save(self._end)
            self._writer.sync()

    patch.setattr(payload_copy._SavingWriter, "write", write)


def saved_before_the_name(patch: Patch) -> None:
    patch.setattr(FileWriter, "sync", lambda self: self._file.sync())


def killed_target_not_synced(patch: Patch) -> None:
    patch.setattr(DirectoryInstaller, "sync_target", lambda *_: None)


NOT_COMPLETE = "is activated, and is not complete on the medium"
NOT_FETCHED = "bytes count as fetched, and are not on the medium"
MAY_START = "may start, and its bytes are not those of a release"

# The bug, the scenario, a part of the problem, and the first interruption.
BUGS: list[tuple[Callable[[Patch], None], str, str, Fault]] = [
    (no_folder_sync, STREAM, "", Fault.CUT),
    (no_slot_sync, STREAM, NOT_COMPLETE, Fault.CUT),
    (no_record_sync, STREAM, "without a recorded", Fault.CUT),
    (no_environment_sync, STREAM, MAY_START, Fault.CUT),
    (not_marked_unbootable, STREAM, MAY_START, Fault.CUT),
    (not_read_back, "bad sector", NOT_COMPLETE, Fault.CUT),
    (floor_at_installation, STREAM, "no confirmed slot has it", Fault.CUT),
    (recorded_after_the_effect, STREAM, "a slot is written without a recorded plan", Fault.CUT),
    (consent_without_digest, "another release later", "no answer to", Fault.CUT),
    (activated_before_verification, STREAM, "activated without a recorded intention", Fault.CUT),
    (confirmed_from_the_wrong_slot, STREAM, "slot B is confirmed, and slot A runs", Fault.CUT),
    (history_before_the_record, STREAM, "a line that the record does not know", Fault.CUT),
    (record_with_one_place, STREAM, "a line that the record does not know", Fault.CUT),
    (killed_client_not_synced, STREAM, "a line that the record does not know", Fault.KILL),
    (saved_before_sync, "download into a raw slot", NOT_FETCHED, Fault.CUT),
    (saved_before_the_name, "download into a folder", NOT_FETCHED, Fault.CUT),
    (killed_target_not_synced, "download into a folder", NOT_COMPLETE, Fault.KILL),
    (resumed_at_its_length, "store first", "a failure of the release is counted", Fault.CUT),
    (no_floors_of_the_repository, "halt withheld later", "timestamp falls", Fault.CUT),
    (secret_not_synced, "new device with a repository", "a secret that is not on", Fault.CUT),
    (halt_not_asked_for_after_a_start, "halted later", "has seen halted", Fault.CUT),
]


@pytest.mark.parametrize(
    ("bug", "where", "problem", "first"), BUGS, ids=[each[0].__name__ for each in BUGS]
)
def test_planted_bug_is_found(
    bug: Callable[[Patch], None], where: str, problem: str, first: Fault, monkeypatch: Patch
) -> None:
    device, numbers = SCENARIOS[where]
    made = scenario(where, device, ends_with=numbers)
    assert made.start is not None
    bug(monkeypatch)
    table = explore(made, depth=1 if first is Fault.CUT else 2, first=first)
    found = [str(each) for each in table.violations]
    print(f"{bug.__name__}: {found[0] if found else 'not found'}")
    assert any(problem in each for each in found), found[:3]

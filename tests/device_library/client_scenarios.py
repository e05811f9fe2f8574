"""Scenarios of a device's client: verbs in other states, releases that do not fit, flash that fails.

client_test runs each scenario, and code_coverage too. No power is cut here: device/power_cut_test.py does.
"""

from __future__ import annotations

import ctypes
import dataclasses
import struct
import zlib
from collections.abc import Callable, Mapping

from software_update.testing import encode as e

from tests.attacks.product import R, T, release_json, root, targets
from tests.device_library.client_library import VERBS, Device, Layout, Question, State, Status

Make = Callable[[Layout], Device]
ANCHOR = e.signed(root(), R)
LAYOUT = Layout(anchor=ANCHOR)
# DataHeader on a machine of 64 bits: `layout`, `roots_bytes`, and members of `installed`.
_LAYOUT, _ROOTS_BYTES, _KEYS, _TARGETS = 0, 4, 156, 168
_HEADER_BYTES = 184
_RECORD = struct.Struct("<2I12B6I32s32s32s32s")
_RECORD_LAYOUT = 0x31555253
_BEYOND, _TARGETS_LIMIT, _PLACE_OF_ORDER = 1, 4, 8


def content(target: str, version: int, size: int = 100) -> bytes:
    return f"{target} {version} ".encode().ljust(size, b".")


def contents(version: int, size: int = 100) -> dict[str, bytes]:
    files = {target: content(target, version, size) for target in ("app", "radio")}
    return {"user_manifest": release_json(version), **files}


def bundle(
    version: int,
    files: Mapping[str, bytes] | None = None,
    *,
    roots: bytes = b"",
    left_out: str = "",
) -> bytes:
    """A release of these files, or of the usual ones, with the payloads that are not left out."""
    listed = contents(version) if files is None else files
    entry = e.targets_entry(e.signed(targets(listed, version), T))
    return roots + entry + e.payloads({k: v for k, v in listed.items() if k != left_out})


ONE, TWO = bundle(1), bundle(2)


def verbs_in_other_states(make: Make) -> None:
    device = make(LAYOUT)
    assert device.load() == Status.OK
    for verb in VERBS:
        assert device.verb(verb) == Status.BAD_STATE
    assert device.write(b"") == (Status.BAD_STATE, 0)
    assert device.approve() == Status.BAD_STATE
    assert not device.question().asked
    assert device.start() == Status.OK
    assert device.start() == Status.BAD_STATE
    assert not device.question().asked
    assert device.verb("cancel") == Status.OK
    assert device.query()[0] == State.FAILED
    assert device.query().status == Status.CANCELLED
    assert device.verb("clean") == Status.OK


def an_update(make: Make) -> None:
    """Two releases; the trial of the first one with and without a comparison of slots."""
    device = make(LAYOUT)
    assert device.restart().slot == 0
    assert device.take(ONE) == Status.OK
    assert device.query().state == State.CANDIDATE
    assert device.verb("install") == Status.NEEDS_CONSENT
    assert device.approve(Question()) == Status.OTHER_QUESTION
    other = device.question()
    other.root[0] ^= 1
    assert device.approve(other) == Status.OTHER_QUESTION
    assert device.approve() == Status.OK
    assert not device.question().asked
    assert device.verb("install") == Status.OK
    decision = device.boot(compares=False)
    assert (decision.trial, decision.slot, decision.version) == (True, 1, 1)
    assert device.boot().boots == 0
    assert device.load(1) == Status.OK
    assert device.query().next == 1
    assert device.verb("accept") == Status.OK
    info = device.query()
    assert (info.state, info.version, info.counter, info.confirmed) == (State.UPDATED, 1, 1, 1)
    assert device.verb("clean") == Status.OK
    assert device.boot(compares=False).start
    assert device.restart().version == 1
    assert device.update(bundle(2, {name: contents(2)[name] for name in ("app", "radio")})) == (
        Status.REFUSED
    )
    assert device.verb("clean") == Status.OK
    assert device.update(TWO) == Status.OK
    assert device.restart().slot == 0


def a_release_without_a_counter(make: Make) -> None:
    device = make(LAYOUT)
    device.restart()
    files = {name: contents(1, 128)[name] for name in ("app", "radio")}
    assert device.update(bundle(1, files)) == Status.OK
    assert device.query().has_counter == 0


def a_question_must_be_answered(make: Make) -> None:
    device = make(LAYOUT)
    device.restart()
    assert device.start(len(ONE)) == Status.OK
    status, used = device.write(ONE)
    assert status == Status.NEEDS_CONSENT
    assert device.verb("finish") == Status.NEEDS_CONSENT
    question = device.question()
    assert (question.asked, question.version, question.counter) == (1, 1, 1)
    question.release[0] ^= 1
    assert device.approve(question) == Status.OTHER_QUESTION
    assert device.approve() == Status.OK
    assert not device.question().asked
    assert device.write(ONE[used:]) == (Status.OK, len(ONE) - used)
    assert device.verb("finish") == Status.OK


def an_update_of_nothing_but_versions(make: Make) -> None:
    """All payloads are left out, so only the end of the bundle asks."""
    device = make(LAYOUT)
    device.restart()
    files = contents(1)
    assert device.update(ONE) == Status.OK
    again = {**files, "user_manifest": release_json(2)}
    entry = e.targets_entry(e.signed(targets(again, 2), T))
    empty = entry + e.payload("user_manifest", release_json(2))
    assert device.start(len(empty)) == Status.OK
    assert device.write(empty) == (Status.OK, len(empty))
    assert device.verb("finish") == Status.NEEDS_CONSENT
    assert device.verb("finish") == Status.NEEDS_CONSENT
    assert device.approve() == Status.OK
    assert device.verb("finish") == Status.OK
    assert device.query().state == State.CANDIDATE
    assert device.verb("cancel") == Status.OK


def releases_that_do_not_fit(make: Make) -> None:
    device = make(LAYOUT)
    device.restart()
    one = contents(1)
    for files, status in (
        ({**one, "modem": b"x"}, Status.UNKNOWN_TARGET),
        ({"user_manifest": one["user_manifest"], "app": one["app"]}, Status.MISSING_TARGET),
        ({**one, "app": b"x" * (LAYOUT.slot + 1)}, Status.SLOT_TOO_SMALL),
    ):
        assert device.take(bundle(1, files)) == status
        assert device.query().status == status
        assert device.verb("clean") == Status.OK
    entry = e.targets_entry(e.signed(targets(one), T))
    late = b"".join(e.payload(name, one[name]) for name in ("app", "radio", "user_manifest"))
    assert device.take(entry + late) == Status.REFUSED
    assert device.query().beyond == _PLACE_OF_ORDER
    assert device.verb("clean") == Status.OK
    assert device.update(ONE) == Status.OK
    files = {"user_manifest": release_json(2), "app": one["app"]}
    assert device.take(bundle(2, files, left_out="app")) == Status.MISSING_TARGET
    assert device.verb("clean") == Status.OK
    many = dict.fromkeys(("a", "b", "c", "d", "e"), b"x")
    assert device.take(bundle(2, many)) == Status.REFUSED
    assert (device.query().outcome, device.query().beyond) == (_BEYOND, _TARGETS_LIMIT)


def moved_roots(make: Make) -> None:
    """Roots in the data sector: as many as fit, and too many for the memory or the sector."""
    two, three, four = (e.signed(root(version), R) for version in (2, 3, 4))
    device = make(LAYOUT)
    device.restart()
    too_many = bundle(1, roots=e.chain(two, three) + e.root_entry(four))
    assert device.take(too_many) == Status.TOO_MANY_ROOTS
    assert device.verb("clean") == Status.OK
    assert device.update(bundle(1, roots=e.root_entry(two))) == Status.OK
    assert device.update(bundle(2, roots=e.root_entry(three))) == Status.OK
    device = make(dataclasses.replace(LAYOUT, data=512))
    device.restart()
    assert device.take(bundle(1, roots=e.root_entry(two))) == Status.TOO_MANY_ROOTS


def trials_that_end(make: Make) -> None:
    device = make(LAYOUT)
    device.restart()
    assert device.update(ONE) == Status.OK
    for verb, state, status in (
        ("", State.FAILED, Status.TRIAL_FAILED),
        ("reject", State.FAILED, Status.REJECTED),
    ):
        # The boot loader could not write that the trial is over.
        assert device.stage(TWO) == Status.OK
        assert device.query().next == 2
        assert device.load(device.boot().slot) == Status.OK
        if verb:
            assert device.verb(verb) == Status.OK
            assert device.load(0) == Status.OK
            assert device.query().state == State.REJECTED
        assert device.load(1) == Status.OK
        assert (device.query()[0], device.query().status) == (state, status)
        assert device.verb("clean") == Status.OK
    assert device.stage(TWO) == Status.OK
    assert device.verb("reject") == Status.OK
    assert device.verb("clean") == Status.OK
    # The client cannot write it either.
    assert device.stage(TWO) == Status.OK
    assert device.boot().trial
    device.flash.fault = lambda kind, region, number: kind != "read"
    assert device.load(1) == Status.STORAGE_FAILED
    assert device.verb("accept") == Status.BAD_STATE
    device.flash.work()
    assert device.load(1) == Status.OK
    assert device.query().status == Status.TRIAL_FAILED


def data_that_changes(make: Make) -> None:
    """The data sector in force, or of the next release, has another content."""
    device = make(LAYOUT)
    device.restart()
    assert device.stage(ONE) == Status.OK
    device.restart()
    next_data = device.places.data[1]
    device.flash.content[next_data + 100] ^= 1
    assert device.verb("accept") == Status.STORAGE_FAILED
    assert device.load(1) == Status.OK
    assert device.query().next == 0
    device.flash.content[next_data + 100] ^= 1
    assert device.load(1) == Status.OK
    assert device.verb("accept") == Status.OK
    assert device.verb("clean") == Status.OK
    for at in (_LAYOUT, _TARGETS + 3, _HEADER_BYTES + 5):
        device.flash.content[next_data + at] ^= 1
        assert device.load(1) == Status.STORAGE_FAILED
        assert device.start() == Status.STORAGE_FAILED
        assert not device.boot().start
        device.flash.content[next_data + at] ^= 1
    assert device.restart().start
    app = device.addresses[0][1]
    device.flash.content[app] ^= 1
    assert not device.boot().start
    device.flash.content[app] ^= 1
    assert not device.boot(slot_bytes=50).start
    assert device.stage(TWO) == Status.OK
    device.flash.content[device.addresses[0][0]] ^= 1
    decision = device.boot()
    assert (decision.start, decision.slot, decision.trial) == (True, 1, False)


def _write_record(device: Device, data: bytes, *, layout: int = _RECORD_LAYOUT) -> None:
    """Writes a data sector and the one record of the journal that names it."""
    flash, unit = device.flash.content, device.layout.unit
    start = device.places.data[0]
    flash[start : start + len(data)] = data
    flags = (0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0)
    digests = (e.sha256(data), bytes(32), bytes(32), bytes(32))
    record = _RECORD.pack(layout, 1, *flags, 0, 0, 0, 0, 0, 0, *digests)
    record = record.ljust((len(record) + 4 + unit - 1) // unit * unit - 4, b"\xff")
    image = record + struct.pack("<I", zlib.crc32(record))
    flash[: len(image) + unit] = image + bytes(unit)


def data_of_a_larger_device(make: Make) -> None:
    """A firmware with higher limits wrote the data sector."""
    size = {_KEYS: 32, _TARGETS: 72, _ROOTS_BYTES: 1}
    for counts, status in (
        ({}, Status.OK),
        ({_KEYS: 4, _TARGETS: 4, _ROOTS_BYTES: 1024}, Status.OK),
        ({_KEYS: 5}, Status.STORAGE_FAILED),
        ({_TARGETS: 5}, Status.STORAGE_FAILED),
        ({_ROOTS_BYTES: 1025}, Status.STORAGE_FAILED),
        ({_ROOTS_BYTES: 4000}, Status.STORAGE_FAILED),
    ):
        device = make(LAYOUT)
        header = bytearray(_HEADER_BYTES)
        header[:4] = struct.pack("<I", 0x32445253)
        for at, count in counts.items():
            header[at : at + 4] = struct.pack("<I", count)
        more = sum(size[at] * count for at, count in counts.items())
        _write_record(device, (bytes(header) + bytes(more))[: LAYOUT.data])
        assert device.load() == status, counts
    device = make(LAYOUT)
    _write_record(device, b"", layout=0)
    assert device.load() == Status.OK
    assert device.query()[0] == State.READY


def units_of_flash(make: Make) -> None:
    for unit in (1, 2, 4, 16, 32):
        device = make(dataclasses.replace(LAYOUT, unit=unit))
        device.restart()
        assert device.update(ONE) == Status.OK
    device = make(dataclasses.replace(LAYOUT, unit=64))
    assert device.load() == Status.STORAGE_FAILED
    assert device.start() == Status.BAD_STATE
    device = make(dataclasses.replace(LAYOUT, journal=256, sector=256))
    assert device.load() == Status.STORAGE_FAILED


def a_record_that_changes_on_its_way(make: Make) -> None:
    device = make(LAYOUT)
    device.restart()
    assert device.take(ONE) == Status.OK
    device.flash.is_faulty = True
    assert device.approve() == Status.OK
    assert device.verb("install") == Status.OK
    assert device.restart().trial


def flash_that_fails(make: Make) -> None:
    """Each operation of an update fails once. The device stays in a state from which it can go on."""
    for kind, region, step in (
        ("program", "journal", 1),
        ("erase", "journal", 1),
        ("read", "journal", 307),
        ("program", "data", 1),
        ("erase", "data", 1),
        ("read", "data", 3),
        ("program", "slots", 1),
        ("erase", "slots", 1),
        ("read", "slots", 1),
    ):
        number, happened = 1, True
        while happened:
            device = make(LAYOUT)
            device.restart()
            assert device.update(ONE) == Status.OK
            device.flash.fail(kind, region, number)
            _try(
                device,
                bundle(2, {**contents(1), "user_manifest": release_json(2)}, left_out="radio"),
            )
            happened = device.flash.counts[kind, region] >= number
            device.flash.work()
            _recover(device)
            number += step


def _try(device: Device, update: bytes) -> None:
    """Plays an update until something fails, and two starts after it."""
    if device.update(update) in (Status.OK, Status.STORAGE_FAILED):
        for _ in range(2):
            decision = device.boot()
            if decision.start and device.load(decision.slot) == Status.OK:
                device.verb("accept")
                device.verb("clean")


def _recover(device: Device) -> None:
    """Starts the device again, gives up what it was about, and updates it."""
    for _ in range(4):
        decision = device.restart()
        assert decision.start
        info = device.query()
        if info.state == State.TRIAL:
            assert device.verb("reject") == Status.OK
        elif info.state in (State.FAILED, State.UPDATED):
            assert device.verb("clean") == Status.OK
        else:
            assert info.version in (1, 2)
            assert device.update(bundle(3)) == Status.OK
            return
    raise AssertionError("the device does not come back")


SCENARIOS = (
    verbs_in_other_states,
    an_update,
    a_release_without_a_counter,
    a_question_must_be_answered,
    an_update_of_nothing_but_versions,
    releases_that_do_not_fit,
    moved_roots,
    trials_that_end,
    data_that_changes,
    data_of_a_larger_device,
    units_of_flash,
    a_record_that_changes_on_its_way,
    flash_that_fails,
)


def maker(library: ctypes.CDLL) -> Make:
    """Returns a function that makes devices."""
    return lambda layout: Device(library, layout)

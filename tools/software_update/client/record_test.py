"""Tests of the record, with each sector of each write lost or kept."""

import dataclasses
import errno

import pytest

from software_update.base.errors import InputError
from software_update.client.choose import MAX_LATER_STEPS
from software_update.client.history import add_line
from software_update.client.question import Phase
from software_update.client.record import (
    PLACE_BYTES,
    Record,
    RecordFile,
    decode,
    encode,
    fitting,
)
from software_update.client.record_room import history_room
from software_update.client.repository import Versions
from software_update.client.simulator.image import Image
from software_update.client.simulator.storage import SimulatedStorage
from software_update.client.state import (
    Answer,
    Code,
    Detail,
    DomainState,
    Failures,
    HistoryHead,
    Installed,
    Plan,
    Reply,
    Result,
    State,
)
from software_update.testing.memory_storage import MemoryStorage

_SECTOR = 512
FOLDER = "/state"


def opened(storage: MemoryStorage) -> RecordFile:
    return RecordFile(storage, FOLDER)


@pytest.fixture
def storage() -> MemoryStorage:
    made = MemoryStorage()
    made.make_folder(FOLDER)
    made.sync_folder("/")
    return made


def test_new_record_has_no_state(storage: MemoryStorage) -> None:
    assert opened(storage).state is None


def test_last_state_is_read_after_restart(storage: MemoryStorage) -> None:
    record = opened(storage)
    for seen in range(5):
        record.write(State(seen=seen))
    record.close()
    assert opened(storage).state == State(seen=4)


def test_checking_is_not_recorded(storage: MemoryStorage) -> None:
    opened(storage).write(State(seen=1, checking="main"))
    assert opened(storage).state == State(seen=1)


def test_every_torn_write_leaves_old_or_new_state() -> None:
    text = "x" * 1500
    old = encode(Record(7, State(seen=7, answers=(answer(text),))))
    new = encode(Record(9, State(seen=9, answers=(answer(text),))))
    old, new = (each.ljust(PLACE_BYTES, b"\0") for each in (old, new))
    sectors = (len(new.rstrip(b"\0")) + _SECTOR - 1) // _SECTOR
    for kept in range(1 << sectors):
        torn = bytearray(old)
        for sector in range(sectors):
            if kept >> sector & 1:
                start = sector * _SECTOR
                torn[start : start + _SECTOR] = new[start : start + _SECTOR]
        found = decode(bytes(torn))
        assert found is None or found.sequence in (7, 9)
        if found is not None:
            assert found.state.seen == found.sequence


def answer(who: str) -> Answer:
    return Answer("r" * 64, "q" * 64, Phase.DOWNLOAD, Reply.YES, who, 1)


def test_damaged_newest_copy_leaves_the_one_before(storage: MemoryStorage) -> None:
    record = opened(storage)
    record.write(State(seen=1))
    record.write(State(seen=2))
    file = storage.open_to_write(f"{FOLDER}/record")
    file.write(PLACE_BYTES + 30, b"\xff")
    assert opened(storage).state == State(seen=1)


def test_two_damaged_copies_are_an_error(storage: MemoryStorage) -> None:
    record = opened(storage)
    record.write(State(seen=1))
    record.write(State(seen=2))
    file = storage.open_to_write(f"{FOLDER}/record")
    file.write(30, b"\xff")
    file.write(PLACE_BYTES + 30, b"\xff")
    with pytest.raises(InputError, match="both copies of the state are damaged"):
        opened(storage)


def test_record_of_another_version_is_named(storage: MemoryStorage) -> None:
    place = encode(Record(1, State()))
    with pytest.raises(InputError, match="has schema 9; this version reads 1"):
        decode(resigned(place.replace(b'"schema":1', b'"schema":9')))
    with pytest.raises(InputError, match=r"written by another version \(unknown member 'sean'\)"):
        decode(resigned(encode(Record(1, State(seen=1))).replace(b'"seen"', b'"sean"')))


def resigned(place: bytes) -> bytes:
    import hashlib

    return place[:-32] + hashlib.sha256(place[:-32]).digest()


def test_full_state_fits_and_a_larger_one_is_an_error() -> None:
    many = tuple(Failures("main", f"{n:064x}", 1, 3) for n in range(12))
    answers = tuple(dataclasses.replace(answer("user alice"), at=n) for n in range(12))
    assert len(encode(Record(1, State(failures=many, answers=answers)))) < PLACE_BYTES
    with pytest.raises(InputError, match="more than its record takes"):
        encode(Record(1, State(answers=(answer("x" * 9000),))))


def test_state_of_a_killed_client_is_on_the_medium_before_the_next_write() -> None:
    storage = SimulatedStorage(Image.of({FOLDER: None}))
    record = RecordFile(storage, FOLDER)
    record.write(State(seen=1))
    file = storage.open_to_write(f"{FOLDER}/record")
    file.write(PLACE_BYTES, encode(Record(2, State(seen=2))))
    again = SimulatedStorage.resumed(storage.snapshot())
    record = RecordFile(again, FOLDER)
    assert record.state == State(seen=2)
    # Without its sync, the next write.
    again.open_to_write(f"{FOLDER}/record").write(0, encode(Record(3, State(seen=3))))
    found = [
        RecordFile(SimulatedStorage(image), FOLDER).state
        for _, image in again.snapshot().outcomes(1000)
    ]
    assert {state.seen for state in found if state} == {2, 3}
    assert None not in found


def test_state_that_did_not_reach_the_medium_is_not_read_from_the_cache() -> None:
    storage = SimulatedStorage(Image.of({FOLDER: None}))
    RecordFile(storage, FOLDER).write(State(seen=1))
    storage.power.failures = {storage.power.points + 3: errno.EIO}
    record = RecordFile(storage, FOLDER)
    with pytest.raises(OSError, match="EIO"):
        record.write(State(seen=2))
    state = RecordFile(storage, FOLDER).state
    assert state == State(seen=1)
    assert state == RecordFile(SimulatedStorage(storage.image()), FOLDER).state


@pytest.mark.parametrize(("path", "entry"), [("/" + "p" * 511, ""), ("", "e" * 256)])
def test_largest_plan_fits_with_three_domains(path: str, entry: str) -> None:
    """Answers and failures may be forgotten, but the state without them must always fit."""
    long, most = "\N{SNOWMAN}" * 1000, 2**32 - 1
    release = Installed("m" * 64, "r" * 64, "v" * 64, most, most)
    slots = {"A": release, "B": release}
    versions = Versions(most, most, most, most, most, most, "k" * 16, most)
    domain = DomainState("r" * 64, slots, release, "A", "auto-security", versions, "k" * 16)
    plan = Plan(
        domain="main",
        release="r" * 64,
        root="q" * 64,
        manifest="m" * 64,
        product=long,
        version="v" * 64,
        counter=most,
        targets_version=most,
        size=1 << 40,
        slot="B",
        source=9,
        identity=long,
        reason=long,
        told_in="b" * 36,
        signers=("s" * 16,) * 8,
        path=path,
        entry=entry,
        by_person=True,
        steps=("v" * 64,) * (MAX_LATER_STEPS if entry else 0),
    )
    slots_of = dict.fromkeys(("main", "radio", "motor"), ("A", "B"))
    head = HistoryHead(1 << 40, 1 << 20, "d" * 64)
    for _ in range(9):
        head = add_line(head, {"text": "x" * 300}, history_room(slots_of))
    assert head.lost > 0
    state = State(
        Detail.ROLLING_BACK,
        plan,
        dict.fromkeys(slots_of, domain),
        answers=tuple(dataclasses.replace(answer(long), release=f"{n:064x}") for n in range(12)),
        failures=tuple(Failures("main", f"{n:064x}", 1, 3) for n in range(12)),
        result=Result(Code.BOOT_CONTROL_FAILED, long, "r" * 64, 1 << 31),
        history=head,
    )
    fitted = fitting(state)
    assert len(encode(Record(1, fitted))) <= PLACE_BYTES
    assert fitted.domains == state.domains
    assert fitting(fitted) == fitted

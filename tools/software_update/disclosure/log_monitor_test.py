"""Tests of log_monitor.py: the differences that it finds, and the logs that it refuses."""

from pathlib import Path

import pytest

from software_update.base.errors import InputError
from software_update.disclosure.log_add import add_records
from software_update.disclosure.log_folder import CHECKPOINT, create_log, put
from software_update.disclosure.log_monitor import parse_announced, read_checkpoint, root_of, watch
from software_update.format.refusals import NotDisclosed, Refusal
from software_update.repository.storages.folder import FolderStorage
from software_update.testing.memory_log import MemoryLog, MemoryWitness, policy_text
from software_update.transparency.checkpoint import Checkpoint, parse_checkpoint
from software_update.transparency.log_policy import parse_log_policy
from software_update.transparency.merkle import leaf_hash
from software_update.transparency.note import parse_vkey
from software_update.transparency.record import ReleaseRecord

DIGESTS = [f"{number:064x}" for number in range(5)]
RECORDS = [
    ReleaseRecord("Meter", number, 1, "a" * 64, digest).content()
    for number, digest in enumerate(DIGESTS, 1)
]
LOG, WITNESS = MemoryLog(RECORDS[:3]), MemoryWitness()
POLICY = parse_log_policy(policy_text(LOG, WITNESS), "policy")
TREE = parse_checkpoint(LOG.text())


def log_of(folder: Path, *records: bytes) -> FolderStorage:
    storage = FolderStorage(str(folder))
    folder.mkdir(exist_ok=True)
    create_log(storage, parse_vkey(LOG.vkey))
    add_records(storage, records)
    put(storage, CHECKPOINT, MemoryLog(records).checkpoint(WITNESS))
    return storage


@pytest.fixture
def storage(tmp_path: Path) -> FolderStorage:
    return log_of(tmp_path / "log", *RECORDS[:3])


def refusal(storage: FolderStorage, seen: Checkpoint | None) -> tuple[Refusal, str]:
    with pytest.raises(NotDisclosed) as error:
        watch(storage, POLICY, DIGESTS, seen)
    return error.value.refusal, error.value.detail


def test_no_differences(storage: FolderStorage) -> None:
    found = watch(storage, POLICY, DIGESTS[:3], published={DIGESTS[0]: "1.bundle"})
    assert found.signed.checkpoint == TREE
    assert [each.record_index for each in found.records] == [0, 1, 2]
    assert found.differences == ()


def test_a_release_that_was_not_announced(storage: FolderStorage) -> None:
    [found] = watch(storage, POLICY, [DIGESTS[0], DIGESTS[2]]).differences
    assert found == ("log", DIGESTS[1], "record 1, Meter 2, was not announced")


def test_an_announced_release_that_is_missing(storage: FolderStorage) -> None:
    [found] = watch(storage, POLICY, DIGESTS[:4]).differences
    assert found == ("log", DIGESTS[3], "was announced, and is not in the log")


def test_published_releases_are_compared_with_both(storage: FolderStorage) -> None:
    published = {DIGESTS[0]: "1.bundle", DIGESTS[4]: "5.bundle"}
    found = watch(storage, POLICY, DIGESTS[:3], published=published).differences
    assert [(each.place, each.release, each.text) for each in found] == [
        ("repository", DIGESTS[4], "5.bundle is published, and was not announced"),
        ("repository", DIGESTS[4], "5.bundle is published, and is not in the log"),
    ]


def test_a_record_that_is_not_of_a_release(tmp_path: Path) -> None:
    storage = log_of(tmp_path / "log", RECORDS[0], b"strange")
    [found] = watch(storage, POLICY, DIGESTS[:1]).differences
    assert found == ("log", "", "record 1 is not the record of a release")


def test_the_log_continues_the_last_run(storage: FolderStorage) -> None:
    for size in range(4):
        seen = Checkpoint(TREE.origin, size, LOG.root(size))
        assert watch(storage, POLICY, DIGESTS[:3], seen).differences == ()


def test_forked_log(storage: FolderStorage) -> None:
    for seen, detail in [
        (TREE._replace(root=bytes(32)), "has shown two trees of 3 records"),
        (Checkpoint(TREE.origin, 2, bytes(32)), "has replaced some of the 2 records"),
        (TREE._replace(size=4), "shows 3 records, and has shown 4 before"),
    ]:
        reason, text = refusal(storage, seen)
        assert reason == Refusal.LOG_FORKED
        assert detail in text
    put(storage, CHECKPOINT, MemoryLog(RECORDS[1:4]).checkpoint(WITNESS))
    reason, text = refusal(storage, None)
    assert (reason, "are not those of its checkpoint" in text) == (Refusal.LOG_FORKED, True)


def test_the_state_of_another_log(storage: FolderStorage) -> None:
    with pytest.raises(InputError, match="keep a state file for each log"):
        watch(storage, POLICY, DIGESTS, TREE._replace(origin="other.example"))


def test_logs_that_the_policy_does_not_trust(storage: FolderStorage, tmp_path: Path) -> None:
    for checkpoint, reason in [
        (MemoryLog(RECORDS[:3], origin="other.example").checkpoint(WITNESS), Refusal.UNKNOWN_LOG),
        (MemoryLog(RECORDS[:3], number=2).checkpoint(WITNESS), Refusal.LOG_NOT_SIGNED),
        (LOG.checkpoint(), Refusal.WITNESSES_MISSING),
        (b"cut", Refusal.MALFORMED_PROOF),
    ]:
        put(storage, CHECKPOINT, checkpoint)
        assert refusal(storage, None)[0] == reason
    with pytest.raises(InputError, match="/checkpoint: there is no such file"):
        read_checkpoint(FolderStorage(str(tmp_path)), POLICY)


def test_the_root_of_leaves() -> None:
    log = MemoryLog([b"%d" % index for index in range(20)])
    leaves = [leaf_hash(each) for each in log.records]
    for size in range(21):
        assert root_of(leaves[:size]) == log.root(size)


def test_lists_of_releases() -> None:
    one, two = DIGESTS[:2]
    text = f"# Meter\n\n{one}  1.0, signed on Monday\n{two}\n"
    assert parse_announced(text.encode(), "list") == [one, two]
    assert parse_announced(f'["{one}", "{two}"]'.encode(), "list") == [one, two]
    assert parse_announced(b"", "list") == []
    for content, detail in [
        (b"\xff", "not UTF-8"),
        (b"1.0", "'1.0' is not a release digest"),
        (one.upper().encode().replace(b"0", b"F"), "is not a release digest"),
        (b"[", "not valid JSON"),
        (b'["", 1]', "'' is not a release digest"),
    ]:
        with pytest.raises(InputError, match=f"list: .*{detail}"):
            parse_announced(content, "list")

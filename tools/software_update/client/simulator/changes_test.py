"""Tests of what a power cut makes of pending changes."""

from software_update.client.simulator.changes import (
    SECTOR,
    Names,
    Snapshot,
    Truncate,
    Write,
    apply,
    choices,
    fates,
    resized,
)
from software_update.client.simulator.image import Device, Image, Tree

OLD = b"a" * 3 * SECTOR
NEW = b"b" * 3 * SECTOR


def results(change: Write) -> set[bytes]:
    snapshot = Snapshot(
        1, "", {1: Device(OLD)}, Tree({0: {"device": 1}}), (change,), bad=frozenset()
    )
    return {image.content("/device") or b"" for _, image in snapshot.outcomes(1000)}


def test_each_sector_of_a_small_write_is_lost_or_kept() -> None:
    found = results(Write(1, 0, NEW, "/device"))
    expected = {
        b"".join((b"b" if mask >> sector & 1 else b"a") * SECTOR for sector in range(3))
        for mask in range(8)
    }
    assert found == expected


def test_write_inside_a_sector_is_not_torn() -> None:
    write = Write(1, SECTOR + 10, b"b" * 100, "/device")
    assert results(write) == {OLD, apply(OLD, [(SECTOR + 10, b"b" * 100)])}


def test_write_across_a_boundary_is_torn_there() -> None:
    write = Write(1, SECTOR - 1, b"bb", "/device")
    assert results(write) == {
        OLD,
        apply(OLD, [(SECTOR - 1, b"bb")]),
        apply(OLD, [(SECTOR - 1, b"b")]),
        apply(OLD, [(SECTOR, b"b")]),
    }


def test_large_write_keeps_prefix_suffix_or_every_other_sector() -> None:
    words = [fate.words for fate in fates(Write(1, 0, bytes(10 * SECTOR), ""), 10 * SECTOR)]
    assert words == [
        "lost",
        "kept",
        "only the first 1 sectors",
        "only the last 1 sectors",
        "only the first 5 sectors",
        "only the last 5 sectors",
        "only the first 9 sectors",
        "only the last 9 sectors",
        "only every other sector",
    ]


def test_file_may_grow_without_its_content() -> None:
    pending = (Names(((0, "file", 1),), "/file"), Write(1, 0, b"content", "/file"))
    snapshot = Snapshot(1, "", {1: b""}, Tree({0: {}}), pending)
    found = {image.content("/file") for _, image in snapshot.outcomes(1000)}
    assert found == {None, b"", bytes(7), b"content"}


def test_later_change_may_be_kept_without_the_earlier() -> None:
    pending = (Write(1, 0, b"1", "/a"), Write(2, 0, b"2", "/b"), Truncate(2, 0, "/b"))
    snapshot = Snapshot(1, "", {1: b"-", 2: b"-"}, Tree({0: {"a": 1, "b": 2}}), pending)
    found = {(image.content("/a"), image.content("/b")) for _, image in snapshot.outcomes(99)}
    assert found == {(a, b) for a in (b"-", b"1") for b in (b"-", b"2", b"")}


def test_names_of_one_rename_change_together() -> None:
    rename = Names(((0, "old", None), (0, "new", 1)), "/new")
    snapshot = Snapshot(1, "", {1: b"x"}, Tree({0: {"old": 1}}), (rename,))
    found = {image for _, image in snapshot.outcomes(99)}
    assert found == {Image.of({"/old": b"x"}), Image.of({"/new": b"x"})}
    assert snapshot.durable() == Image.of({"/old": b"x"})


def test_bad_sector_flips_a_bit() -> None:
    write = Write(1, 0, NEW, "/device")
    snapshot = Snapshot(
        1, "", {1: Device(OLD)}, Tree({0: {"device": 1}}), (write,), frozenset({(1, 1)})
    )
    kept = snapshot.outcome((1,)).content("/device")
    assert kept == apply(NEW, [(SECTOR, bytes([ord("b") ^ 1]))])


def test_choices_are_complete_if_they_are_few() -> None:
    assert sorted(choices((2, 3), 6, 1)) == [(a, b) for a in range(2) for b in range(3)]


def test_sample_contains_the_extremes_and_depends_on_the_seed_only() -> None:
    radices = (2,) * 20
    sample = list(choices(radices, 100, 7))
    assert len(sample) == len(set(sample)) == 100
    assert {sum(choice) for choice in sample} >= {0, 1, 19, 20}
    assert sum(sum(choice) in (1, 19) for choice in sample) == 40
    assert sample == list(choices(radices, 100, 7))
    assert sample != list(choices(radices, 100, 8))


def test_outcome_is_described_in_words() -> None:
    write = Write(1, 0, NEW[: 2 * SECTOR], "/device")
    snapshot = Snapshot(1, "", {1: Device(OLD)}, Tree({0: {"device": 1}}), (write,))
    assert snapshot.describe((2,)) == "write /device: only sectors 0"
    assert Snapshot(1, "", {}, Tree({0: {}}), ()).describe(()) == "nothing was pending"


def test_resized_bytes_end_in_zeros() -> None:
    assert resized(b"abc", 2) == b"ab"
    assert resized(b"abc", 5) == b"abc\0\0"
    assert apply(b"a", [(3, b"b")], length=6) == b"a\0\0b\0\0"

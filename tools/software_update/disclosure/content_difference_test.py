"""Tests of the differences of contents."""

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from software_update.base.files import open_input, read_range
from software_update.disclosure import content_difference
from software_update.disclosure.content_difference import (
    MAX_CONTENT_BYTES,
    ContentDifference,
    Contents,
    File,
)
from software_update.disclosure.described import MAX_TEXT_BYTES
from software_update.disclosure.disclosed import OpenFile, unverified_releases
from software_update.testing import encode as e
from software_update.testing.zstd_frames import frame, raw, stored

MANIFEST = b'{"schema": "software_update.release.v1", "product": "p", "version": "%d", "release_counter": 1}'


@contextlib.contextmanager
def opened(folder: Path, old: bytes, new: bytes, diffoscope: str | None) -> Iterator[Contents]:
    (folder / "old").write_bytes(old)
    (folder / "new").write_bytes(new)
    with open_input(f"{folder}/old") as old_fd, open_input(f"{folder}/new") as new_fd:
        found = unverified_releases(OpenFile(old_fd, "old"), OpenFile(new_fd, "new"))
        files = File(old_fd, found.old), File(new_fd, found.new)
        yield Contents(*files, diffoscope)


def differences(
    folder: Path, old: bytes, new: bytes, diffoscope: str | None = None
) -> list[ContentDifference]:
    """The differences of all targets of two bundles, in their order."""
    with opened(folder, old, new, diffoscope) as contents:
        sides = (each._file.release.targets.targets for each in contents._sides)
        return [contents.difference(*pair) for pair in zip(*sides, strict=True)]


def difference(
    folder: Path, old: bytes, new: bytes, diffoscope: str | None = None
) -> ContentDifference:
    [found] = differences(folder, e.bundle({"app": old}), e.bundle({"app": new}), diffoscope)
    return found


def compressed(original: bytes, payload: bytes) -> bytes:
    listed = e.targets_of(e.common("targets", 1), [e.compressed("app", payload, original)])
    start = e.root_entry(e.signed(e.root(), e.ROOT_KEY))
    signed = e.signed(listed, e.TARGETS_KEY)
    return start + e.targets_entry(signed) + e.payload("app", payload)


def damaged(contents: Mapping[str, bytes], name: str, content: bytes) -> bytes:
    good = e.bundle(contents)
    return good.replace(e.payload(name, contents[name]), e.payload(name, content))


def test_text(tmp_path: Path) -> None:
    found = difference(tmp_path, b"a\n\x1b[2J\n", b"a\nb\n")
    assert found == ContentDifference("text", ("@@ -1,3 +1,3 @@", " a", "-\x1b[2J", "+b", " "))


def test_long_difference_is_cut(tmp_path: Path) -> None:
    found = difference(tmp_path, b"a\n" * 41, b"")
    assert (len(found.lines), found.left_out) == (40, 3)


def test_json(tmp_path: Path) -> None:
    found = difference(tmp_path, b'{"a": 1, "b": 2}', b'{"b":3,"a":1}')
    assert found == ContentDifference("json", ("-b = 2", "+b = 3"))
    found = difference(tmp_path, b'{"a": 1}', b'{"a":1}')
    assert found == ContentDifference("json", note="the same values in another form")


def test_binary(tmp_path: Path) -> None:
    assert difference(tmp_path, b"\0", b"\1\0") == ContentDifference("binary", note="not compared")


def test_format_that_changes(tmp_path: Path) -> None:
    expected = ContentDifference("different", note="was binary, is text")
    assert difference(tmp_path, b"\0", b"text") == expected


def test_content_that_cannot_be_read(tmp_path: Path) -> None:
    found = difference(tmp_path, b"\x7fELF", b"\x7fELF-")
    problem = "not compared: the old one has an ELF header of an unknown class"
    assert found == ContentDifference("elf", note=problem)


def test_compressed_payload(tmp_path: Path) -> None:
    old, new = b"old", b"new"
    [found] = differences(tmp_path, compressed(old, stored(old)), compressed(new, stored(new)))
    assert found.lines == ("@@ -1,1 +1,1 @@", "-old", "+new")


def test_compressed_payload_that_is_not_what_is_listed(tmp_path: Path) -> None:
    good = compressed(b"old", stored(b"old"))
    other_frame = compressed(b"new", stored(b"now"))
    other_payload = good.replace(e.payload("app", stored(b"old")), e.payload("app", stored(b"alt")))
    for old, new, which in (
        (good, other_frame, "new"),
        (other_payload, compressed(b"new", stored(b"new")), "old"),
    ):
        [found] = differences(tmp_path, old, new)
        assert found.note == f"not compared: the {which} one is not the payload that is listed"


def test_only_the_listed_frame_is_decompressed(tmp_path: Path) -> None:
    """Two frames of the same length contain the same content."""
    one, other = (frame(3, [raw(b"old"[:at]), raw(b"old"[at:])]) for at in (1, 2))
    old = compressed(b"old", one).replace(e.payload("app", one), e.payload("app", other))
    [found] = differences(tmp_path, old, compressed(b"new", stored(b"new")))
    assert found.note == "not compared: the old one is not the payload that is listed"


def test_payload_of_another_length_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []

    def chunks(fd: int, offset: int, length: int, chunk_bytes: int) -> Iterator[bytes]:
        read.append(length)
        return read_range(fd, offset, length, chunk_bytes)

    monkeypatch.setattr(content_difference, "read_range", chunks)
    new = damaged({"app": b"new"}, "app", b"x" * 1000)
    [found] = differences(tmp_path, e.bundle({"app": b"old"}), new)
    assert found.note == "not compared: the new one is not the payload that is listed"
    assert read == [3]


@pytest.mark.parametrize("content", [b"other", b"longer"])
def test_payload_that_is_not_what_is_listed(tmp_path: Path, content: bytes) -> None:
    new = damaged({"app": b"right"}, "app", content)
    [found] = differences(tmp_path, e.bundle({"app": b"old"}), new)
    assert found.note == "not compared: the new one is not the payload that is listed"


def test_file_that_becomes_shorter(tmp_path: Path) -> None:
    old, new = e.bundle({"app": b"old"}), e.bundle({"app": b"new"})
    with opened(tmp_path, old, new, None) as contents:
        targets = [each._file.release.targets.targets[0] for each in contents._sides]
        (tmp_path / "new").write_bytes(new[:-1])
        found = contents.difference(*targets)
    assert found.note == "not compared: the new one is not the payload that is listed"


def test_payload_that_is_left_out(tmp_path: Path) -> None:
    old = e.bundle({"app": b"old"}).removesuffix(e.payload("app", b"old"))
    [found] = differences(tmp_path, old, e.bundle({"app": b"new"}))
    assert found.note == "not compared: the old one is not at hand"


def test_release_manifest_of_a_device(tmp_path: Path) -> None:
    manifests = [MANIFEST % 1, MANIFEST % 2]
    old = e.manifest(e.targets({"user_manifest": manifests[0]}), manifests[0])
    [found] = differences(tmp_path, old, e.bundle({"user_manifest": manifests[1]}))
    assert found.lines == ('-version = "1"', '+version = "2"')


def test_large_content(tmp_path: Path) -> None:
    new = b"x" * (MAX_CONTENT_BYTES + 1)
    found = difference(tmp_path, b"x", new)
    assert found.note == "not compared: over 8388608 bytes"
    assert difference(tmp_path, b"x\0", new[1:]).note == "not compared"


def test_bytes_of_all_contents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content_difference, "MAX_READ_BYTES", 80)
    old, new = {"a": b"123", "b": b"123", "c": b""}, {"a": b"45", "b": b"456", "c": b"78901"}
    found = differences(tmp_path, e.bundle(old), e.bundle(new))
    assert [bool(each.lines) for each in found] == [True, False, True]
    assert found[1].note == "not compared: enough others are compared"


def test_long_contents_count_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    length = MAX_TEXT_BYTES + 1
    for limit, expected in ((2 * length, ""), (2 * length - 1, ": enough others are compared")):
        monkeypatch.setattr(content_difference, "MAX_READ_BYTES", limit)
        found = difference(tmp_path, b"a" * length, b"b" * length)
        assert found.note == f"not compared{expected}"


def test_compressed_payloads_count_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = (compressed(each, stored(each)) for each in (b"old", b"new"))
    needed = 2 * (8 * 3 + len(stored(b"old")))
    for limit, expected in ((needed, True), (needed - 1, False)):
        monkeypatch.setattr(content_difference, "MAX_READ_BYTES", limit)
        assert bool(differences(tmp_path, old, new)[0].lines) is expected


def test_number_of_contents(tmp_path: Path) -> None:
    old, new = ({f"{i:03}": text for i in range(102)} for text in (b"old", b"new"))
    found = differences(tmp_path, e.bundle(old), e.bundle(new))
    assert [bool(each.lines) for each in found] == [True] * 100 + [False] * 2
    assert found[-1].note == "not compared: enough others are compared"


# With an installed program


@pytest.fixture
def program(tmp_path: Path) -> str:
    path = tmp_path / "program"
    path.write_text('#!/bin/sh\necho -; echo +; cat "$4" "$5" | tr "\\0" .; exit 1\n')
    path.chmod(0o755)
    return str(path)


def test_program_compares_other_formats(tmp_path: Path, program: str) -> None:
    found = difference(tmp_path, b"\0a", b"\0b", program)
    assert found == ContentDifference("diffoscope", (".a.b",))
    assert difference(tmp_path, b"\0a", b"b", program).format == "diffoscope"
    assert difference(tmp_path, b"\x7fELF", b"\x7fELF-", program).format == "diffoscope"


def test_program_does_not_compare_what_is_readable(tmp_path: Path, program: str) -> None:
    assert difference(tmp_path, b"a", b"b", program).format == "text"
    assert difference(tmp_path, b"[]", b"[ ]", program).format == "json"


def test_program_that_fails(tmp_path: Path, program: str) -> None:
    Path(program).write_text("#!/bin/sh\nexit 2\n")
    found = difference(tmp_path, b"\0a", b"b", program)
    assert found == ContentDifference("different", note="was binary, is text; diffoscope failed")


def test_program_runs_a_few_times(tmp_path: Path, program: str) -> None:
    old, new = ({f"{i:03}": text for i in range(12)} for text in (b"\0old", b"\0new"))
    found = differences(tmp_path, e.bundle(old), e.bundle(new), program)
    assert [each.format for each in found] == ["diffoscope"] * 10 + ["binary"] * 2

"""Tests of root request."""

import json
from pathlib import Path

import pytest

from software_update.format import metadata
from software_update.signing import holders
from software_update.testing import encode as e
from software_update.testing import workspace
from software_update.testing.command import done, failed
from software_update.testing.signers import (
    ROOT_KEY,
    ROOT_KEY_2,
    ROOT_KEY_3,
    key_id,
)
from software_update.testing.workspace import check_fails

FIRST = e.signed(e.root(), ROOT_KEY)
SECOND = e.signed(e.root(2, [ROOT_KEY_2]), *sorted((ROOT_KEY, ROOT_KEY_2), key=key_id))
THIRD = e.signed(e.root(3, [ROOT_KEY_2]), ROOT_KEY_2)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return workspace.make(tmp_path)


def request(folder: Path, root: bytes, *more: str) -> list[str]:
    (folder / "r.pb").write_bytes(root)
    return ["root", "request", f"{folder}/r.pb", "-o", f"{folder}/out", *more]


def test_request_of_an_initial_root(folder: Path) -> None:
    """A build has roots of any version, and some have no root before them."""
    unsigned = e.signed(e.root(3, [ROOT_KEY_2]))
    assert "version 3 follows another root" in failed(2, *request(folder, unsigned))
    result = done(*request(folder, unsigned, "--initial", "--quiet"))
    assert (result.out, result.err) == ("", "")
    assert (folder / "out").read_bytes() == e.root(3, [ROOT_KEY_2])
    document = json.loads((folder / "out.json").read_text())
    assert [each["authority"] for each in document["authorities"]] == ["this root"]
    text = failed(2, *request(folder, SECOND, "--initial", f"--previous={folder}/root.pb"))
    assert text == "--initial: only valid without --previous; remove one of the two"


def test_request_ignores_signatures_of_the_root(folder: Path) -> None:
    previous = f"--previous={folder}/root.pb"
    found = []
    for root in (SECOND, e.signed(metadata.parse_signed(metadata.ROOT, SECOND).serialized)):
        done(*request(folder, root, previous))
        found.append(((folder / "out").read_bytes(), (folder / "out.json").read_bytes()))
    assert found[0] == found[1]


def test_output_of_a_request(folder: Path) -> None:
    lines = done(*request(folder, SECOND, f"--previous={folder}/root.pb")).out.splitlines()
    assert lines[0] == f"{folder}/out: root metadata, version 2, never expires"
    assert lines[-1] == "  must sign: 1 of its own keys and 1 of the previous root's keys"
    # The rest is what sign shows.
    signing = done(
        *("sign", folder / "out", f"--key=file:{folder}/root.pem", "-o", folder / "s.json")
    ).err.splitlines()
    assert lines[1:-1] == signing[1:-1]


def test_requests_that_are_refused(folder: Path) -> None:
    (folder / "roots").mkdir()
    before = workspace.snapshot(folder)
    for status, root, more, text in (
        (2, SECOND, [], "version 2 follows another root; name that one: --previous FILE"),
        (1, THIRD, [f"--previous={folder}/root.pb"], "ROOT_VERSION_GAP: "),
        (1, FIRST, [f"--previous={folder}/root.pb"], "is the previous root itself"),
        (1, b"?", [], "MALFORMED: "),
        (2, FIRST, ["-o", f"{folder}/r.pb"], "would replace the input"),
        (2, SECOND, [f"--previous={folder}/root.pb", "-o", f"{folder}/root.pb"], "would replace"),
        (2, FIRST, ["-o", f"{folder}/roots"], "not a regular file"),
        (3, FIRST, ["-o", f"{folder}/absent/out"], "its folder does not exist"),
    ):
        assert text in failed(status, *request(folder, root, *more))
        (folder / "r.pb").unlink()
        assert workspace.snapshot(folder) == before


def test_link_in_the_place_of_the_json_is_replaced(folder: Path) -> None:
    (folder / "victim").write_bytes(b"precious")
    (folder / "request.json").symlink_to("victim")
    done("root", "request", folder / "root.pb", "-o", folder / "request")
    assert not (folder / "request.json").is_symlink()
    assert (folder / "victim").read_bytes() == b"precious"


def test_request_is_written_as_two_files_or_not_at_all(folder: Path) -> None:
    (folder / "out.json").mkdir()
    before = workspace.snapshot(folder)
    assert "out.json: not a regular file" in failed(2, *request(folder, FIRST))
    (folder / "r.pb").unlink()
    assert workspace.snapshot(folder) == before


def test_request_for_a_root(folder: Path) -> None:
    root = e.root(2, [ROOT_KEY_2])
    (folder / "next.pb").write_bytes(e.signed(root, ROOT_KEY_2))
    previous = f"--previous={folder}/root.pb"
    done("root", "request", folder / "next.pb", previous, "-o", folder / "bytes")
    assert (folder / "bytes").read_bytes() == root
    found = (folder / "bytes.json").read_text()
    assert [each["authority"] for each in json.loads(found)["authorities"]] == [
        "this root",
        "the previous root",
    ]


def test_strict_pigweed_in_the_request_of_a_root(folder: Path) -> None:
    new = e.root(2, [ROOT_KEY, ROOT_KEY_2, ROOT_KEY_3])
    (folder / "new.pb").write_bytes(e.signed(new))
    args = ["root", "request", f"{folder}/new.pb"]
    out = ["-o", f"{folder}/request"]
    previous = f"--previous={folder}/root.pb"
    problem = f"{folder}/new.pb: its signed bytes end at {len(e.signed(new))}, after the "
    check_fails(folder, 2, problem, *args, previous, "--strict-pigweed", *out)
    check_fails(
        folder, 2, "--strict-pigweed: only valid with --previous", *args, "--strict-pigweed", *out
    )
    assert f"software-update: warning: {problem}" in done(*args, previous, *out).err


def test_names_of_keys(folder: Path) -> None:
    """The bytes stay the same; sign shows the names from the JSON."""
    previous = f"--previous={folder}/root.pb"
    done(*request(folder, SECOND, previous))
    plain = (folder / "out").read_bytes()
    (folder / "holders.json").write_bytes(
        holders.build({key_id(ROOT_KEY): "quality", key_id(ROOT_KEY_2): "Anna"})
    )
    lines = done(*request(folder, SECOND, previous, f"--holders={folder}/holders.json")).out
    assert (folder / "out").read_bytes() == plain
    signing = done(
        *("sign", folder / "out", f"--key=file:{folder}/root.pem", "-o", folder / "s.json")
    ).err
    short = {each: key_id(each).hex()[:16] for each in (ROOT_KEY, ROOT_KEY_2)}
    for text in (lines, signing):
        assert f"  root: 1 of 1 keys\n    Anna ({key_id(ROOT_KEY_2).hex()})\n" in text
        assert f"  to sign by keys of this root: 1 of Anna ({short[ROOT_KEY_2]})\n" in text
        assert f"  to sign by keys of the previous root: 1 of quality ({short[ROOT_KEY]})\n" in text
        assert "  names of keys are not signed; compare the key ids\n" in text
    assert f"  by key quality ({key_id(ROOT_KEY).hex()})\n" in signing
    args = [previous, f"--holders={folder}/holders.json", "-o", f"{folder}/holders.json"]
    assert "would replace the input" in failed(2, *request(folder, SECOND, *args))

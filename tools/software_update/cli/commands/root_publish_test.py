"""Tests of root publish, and of the files that root request and root merge write."""

import json
from pathlib import Path

import pytest

from software_update.format import metadata
from software_update.signing.root_progress import RootState
from software_update.testing import encode as e
from software_update.testing import tree, workspace
from software_update.testing.command import done, failed
from software_update.testing.signers import ROOT_KEY, ROOT_KEY_2, STRANGER, TARGETS_KEY_2, key_id

FIRST = e.signed(e.root(), ROOT_KEY)
SECOND = e.signed(e.root(2, [ROOT_KEY_2]), *sorted((ROOT_KEY, ROOT_KEY_2), key=key_id))
THIRD = e.signed(e.root(3, [ROOT_KEY_2]), ROOT_KEY_2)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = workspace.make(tmp_path)
    (folder / "roots").mkdir()
    return folder


def publish(folder: Path, root: bytes) -> list[str]:
    (folder / "r.pb").write_bytes(root)
    return ["root", "publish", f"{folder}/r.pb", f"{folder}/roots"]


def published(folder: Path) -> dict[str, bytes]:
    return workspace.snapshot(folder / "roots")


def test_one_after_the_other(folder: Path) -> None:
    # Other files in the folder do not matter.
    others = {"README.md": b"", "07.root.pb": b""}
    for name, content in others.items():
        (folder / "roots" / name).write_bytes(content)
    for root in (FIRST, SECOND, THIRD):
        done(*publish(folder, root))
    roots = {"1.root.pb": FIRST, "2.root.pb": SECOND, "3.root.pb": THIRD}
    assert published(folder) == roots | others


def test_output(folder: Path) -> None:
    done(*publish(folder, FIRST))
    text = done(*publish(folder, SECOND)).out
    assert text.startswith(f"{folder}/r.pb: version 2, follows version 1\n  sha256 ")
    assert text.endswith(f"  complete\npublished as {folder}/roots/2.root.pb\n")


def test_the_same_again(folder: Path) -> None:
    done(*publish(folder, FIRST))
    done(*publish(folder, SECOND))
    before = (folder / "roots/1.root.pb").stat()
    text = done(*publish(folder, FIRST)).out
    assert text == f"{folder}/roots/1.root.pb: published already\n"
    assert (folder / "roots/1.root.pb").stat() == before


@pytest.mark.parametrize(
    ("root", "text"),
    [
        (
            e.signed(e.root(1, [ROOT_KEY, STRANGER]), ROOT_KEY),
            "ROOT_MIX_UP: FILE: differs from DIR/1.root.pb, which is published; make it version 2",
        ),
        (
            e.signed(e.root(), ROOT_KEY, STRANGER),
            "FILE: published already as DIR/1.root.pb, with other signatures; leave that one: "
            "devices take either",
        ),
        (
            THIRD,
            "ROOT_VERSION_GAP: FILE: version 3, and DIR lacks version 2; publish that first",
        ),
        (
            e.signed(e.root(2, [ROOT_KEY_2]), ROOT_KEY_2),
            "THRESHOLD_NOT_MET: FILE: 1 more of the previous root's keys must sign; merge their "
            "signatures with: root merge",
        ),
        (
            e.signed(e.root(2, [ROOT_KEY_2]), ROOT_KEY),
            "THRESHOLD_NOT_MET: FILE: 1 more of its own keys must sign; merge their signatures with: "
            "root merge",
        ),
        (e.signed(e.root(2, root_threshold=2), ROOT_KEY), "THRESHOLD_INVALID: FILE: its own "),
    ],
)
def test_refused(folder: Path, root: bytes, text: str) -> None:
    done(*publish(folder, FIRST))
    text = text.replace("FILE", f"{folder}/r.pb").replace("DIR", f"{folder}/roots")
    assert failed(1, *publish(folder, root)).startswith(text)
    assert published(folder) == {"1.root.pb": FIRST}


def test_the_first_one_has_version_1(folder: Path) -> None:
    text = failed(1, *publish(folder, SECOND))
    assert text == (
        f"ROOT_VERSION_GAP: {folder}/r.pb: version 2, and {folder}/roots lacks version 1; "
        "publish that first"
    )
    assert failed(1, *publish(folder, e.signed(e.root()))).startswith("THRESHOLD_NOT_MET: ")
    assert published(folder) == {}


def test_a_hole_is_not_filled(folder: Path) -> None:
    (folder / "roots/2.root.pb").write_bytes(SECOND)
    text = failed(1, *publish(folder, FIRST))
    assert text.startswith(f"ROOT_ROLLBACK: {folder}/r.pb: version 1, and {folder}/roots has 2 ")
    assert published(folder) == {"2.root.pb": SECOND}


def test_a_file_that_is_not_what_its_name_says(folder: Path) -> None:
    place = folder / "roots/1.root.pb"
    place.write_bytes(SECOND)
    assert "ROOT_MIX_UP: " in failed(1, *publish(folder, FIRST))
    text = failed(1, *publish(folder, SECOND))
    assert text == f"ROOT_ROLLBACK: {folder}/r.pb: version 2 is the previous root itself"
    place.write_bytes(b"?")
    assert f"{place}: not root metadata (" in failed(3, *publish(folder, FIRST))
    assert f"{place}: not a root to trust (" in failed(3, *publish(folder, SECOND))
    place.unlink()
    place.mkdir()
    assert f"{place}: is a folder" in failed(3, *publish(folder, FIRST))


@pytest.mark.parametrize("target", ["../victim", "../absent"])
def test_planted_link_is_not_followed(
    folder: Path, monkeypatch: pytest.MonkeyPatch, target: str
) -> None:
    (folder / "victim").write_bytes(b"precious")
    check_complete = RootState.check_complete

    def plant(state: RootState) -> None:
        (folder / "roots/1.root.pb").symlink_to(target)
        check_complete(state)

    monkeypatch.setattr(RootState, "check_complete", plant)
    assert failed(2, *publish(folder, FIRST)) == (
        f"{folder}/roots/1.root.pb: exists already and is never overwritten; name another file"
    )
    assert (folder / "victim").read_bytes() == b"precious"
    assert not (folder / "absent").exists()


def test_no_folder(folder: Path) -> None:
    (folder / "roots").rmdir()
    text = failed(3, *publish(folder, FIRST))
    assert text.startswith(f"{folder}/roots: no folder; make it first, or name the one with ")
    assert not (folder / "roots").exists()
    assert "not root metadata" in failed(3, "root", "publish", folder / "app.bin", folder)


@pytest.mark.parametrize(
    ("key", "more"),
    [(tree.DEV_KEYS / "throwaway_dev_root_key.pem", []), (Path("root.pem"), ["--dev-keys"])],
)
def test_dev_keys(folder: Path, key: Path, more: list[str]) -> None:
    dev = folder / "dev.pb"
    done(
        *("root", "create", "--version=1", f"--root-key={folder / key}.pub", *more),
        *(f"--targets-key={folder}/targets.pem.pub", "-o", f"{dev}"),
    )
    done("root", "sign", dev, "--dev-signing-key", folder / key)
    text = failed(1, "root", "publish", dev, folder / "roots")
    assert text.startswith(f"{dev}: has DEV KEYS, with which anyone can sign; ")
    assert published(folder) == {}


# root request


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
    assert [each["authority"] for each in document["signers"]] == ["this root"]
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


def test_a_request_is_two_files_or_none(folder: Path) -> None:
    (folder / "out.json").mkdir()
    before = workspace.snapshot(folder)
    assert "out.json: not a regular file" in failed(2, *request(folder, FIRST))
    (folder / "r.pb").unlink()
    assert workspace.snapshot(folder) == before


# root merge


def test_merge_never_replaces_an_input(folder: Path) -> None:
    done(*request(folder, SECOND, f"--previous={folder}/root.pb"))
    sign = ["sign", f"{folder}/out", f"--key=file:{folder}/root.pem", "-o", f"{folder}/s.json"]
    done(*sign)
    before = workspace.snapshot(folder)
    merge = ["root", "merge", f"{folder}/r.pb", f"--previous={folder}/root.pb"]
    for name in ("s.json", "root.pb"):
        text = failed(2, *merge, f"--signature={folder}/s.json", "-o", f"{folder}/{name}")
        assert "would replace the input" in text
    assert "--signature" in failed(2, *merge)
    assert workspace.snapshot(folder) == before


def test_merge_needs_the_root_before(folder: Path) -> None:
    done(*request(folder, SECOND, f"--previous={folder}/root.pb"))
    done("sign", folder / "out", f"--key=file:{folder}/root.pem", "-o", folder / "s.json")
    merge = ["root", "merge", f"{folder}/r.pb", f"--signature={folder}/s.json"]
    assert "name that one: --previous FILE" in failed(2, *merge)
    (folder / "other.pb").write_bytes(e.signed(e.root(1, [STRANGER], [TARGETS_KEY_2]), STRANGER))
    text = failed(1, *merge, f"--previous={folder}/other.pb")
    assert text.startswith(f"{folder}/s.json: signed by key {key_id(ROOT_KEY).hex()[:16]}, which ")

"""Tests of root publish."""

from pathlib import Path

import pytest

from software_update.signing.root_progress import RootState
from software_update.testing import encode as e
from software_update.testing import tree, workspace
from software_update.testing.command import done, failed
from software_update.testing.signers import ROOT_KEY, ROOT_KEY_2, STRANGER, key_id

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


def test_same_root_is_published_again(folder: Path) -> None:
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


def test_file_whose_name_has_another_version_is_rejected(folder: Path) -> None:
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

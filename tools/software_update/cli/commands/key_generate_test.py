"""Tests of key generate."""

import errno
import os
import stat
from pathlib import Path

import pytest

from software_update.keys.pem import read_private_key, read_public_key
from software_update.keys.schemes import ALL_SCHEMES
from software_update.testing import workspace
from software_update.testing.command import done, error_line, failed, run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return workspace.make(tmp_path)


def test_generate_and_show(folder: Path) -> None:
    key = folder / "new key"
    assert done("key", "generate", key).out == ""
    private, public = done("key", "show", key).out, done("key", "show", f"{key}.pub").out
    key_id = read_public_key(f"{key}.pub").key_id.hex()
    assert private == f"type: ECDSA on NIST P-256 with SHA-256, private\nkey id: {key_id}\n"
    assert public == f"type: ECDSA on NIST P-256 with SHA-256, public\nkey id: {key_id}\n"


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077, 0o777])
def test_only_the_owner_can_read_a_private_key(folder: Path, umask: int) -> None:
    result = run("key", "generate", folder / "key", umask=umask)
    assert result.status == 0, result.err
    assert stat.S_IMODE((folder / "key").stat().st_mode) == 0o600
    assert stat.S_IMODE((folder / "key.pub").stat().st_mode) == 0o666 & ~umask


def test_file_system_without_permissions_and_links(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ignore(*_: object, **__: object) -> None:
        pass

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    opened = os.open
    monkeypatch.setattr(os, "chmod", ignore)
    monkeypatch.setattr(os, "link", refuse)

    def open_readable(path: str, flags: int, _mode: int = 0, *, dir_fd: int | None = None) -> int:
        fd = opened(path, flags, 0o666, dir_fd=dir_fd)
        if flags & os.O_CREAT:
            os.fchmod(fd, 0o755)
        return fd

    monkeypatch.setattr(os, "open", open_readable)
    result = done("key", "generate", folder / "key")
    assert (result.out, error_line(result)) == (
        "",
        f"warning: {folder / 'key'}: this file system hides nothing, so every user can read the "
        "private key; keep it on one that has permissions",
    )
    assert read_private_key(f"{folder}/key").public == read_public_key(f"{folder}/key.pub")


@pytest.mark.parametrize(
    ("options", "title"),
    [
        (["--use=release"], "ECDSA on NIST P-256 with SHA-256"),
        (["--use=log"], "Ed25519"),
        (["--use=log", "--scheme=ed25519"], "Ed25519"),
        (["--use=attachment"], "ECDSA on NIST P-256 with SHA-256"),
        (["--use=attachment", "--scheme=ed25519"], "Ed25519"),
    ],
)
def test_the_use_decides_which_schemes_a_key_may_have(
    folder: Path, options: list[str], title: str
) -> None:
    done("key", "generate", folder / "key", *options)
    assert read_public_key(f"{folder}/key.pub", ALL_SCHEMES).scheme.title == title


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ("--scheme=ed25519", "--scheme ed25519: is experimental; add --experimental-schemes"),
        ("--use=log --scheme=ecdsa-p256", "--scheme ecdsa-p256: a key for --use log is ed25519"),
        (
            "--use=attachment --scheme=ml-dsa-44 --experimental-schemes",
            "--scheme ml-dsa-44: a key for --use attachment is ecdsa-p256 or ed25519",
        ),
    ],
)
def test_other_schemes_are_refused(folder: Path, options: str, problem: str) -> None:
    assert failed(2, "key", "generate", folder / "key", *options.split()) == problem
    assert not (folder / "key").exists()


def test_never_overwrites(folder: Path) -> None:
    before = workspace.snapshot(folder)
    (folder / "single.pub").write_bytes(b"another's")
    for name, there in (("root.pem", "root.pem.pub"), ("single", "single.pub")):
        assert failed(2, "key", "generate", folder / name) == (
            f"{folder / there}: exists already and is never overwritten; name another file"
        )
    (folder / "single.pub").unlink()
    (folder / "single").write_bytes(b"precious")
    assert "single: exists already" in failed(2, "key", "generate", folder / "single")
    (folder / "single").unlink()
    assert workspace.snapshot(folder) == before


def test_never_overwrites_a_name_that_is_not_a_file(folder: Path) -> None:
    failed(2, "key", "generate", "/dev/null")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
    failed(3, "key", "generate", folder / "absent/key")
    assert not Path("/dev/null.pub").exists()


def test_link_in_the_place_of_the_public_key_is_not_followed(folder: Path) -> None:
    (folder / "new.pub").symlink_to("absent")
    assert failed(2, "key", "generate", folder / "new") == (
        f"{folder / 'new.pub'}: exists already and is never overwritten; name another file"
    )
    assert not (folder / "absent").exists() and not (folder / "new").exists()

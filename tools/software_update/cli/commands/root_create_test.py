"""Tests of root create."""

import json
from pathlib import Path

import pytest

from software_update.format import limits
from software_update.testing import encode as e
from software_update.testing import workspace
from software_update.testing.command import done, failed
from software_update.testing.signers import (
    ORDER,
    ROOT_KEY,
    ROOT_KEY_2,
    STRANGER,
    TARGETS_KEY,
    TARGETS_KEY_2,
    key_id,
    public_pem,
)
from software_update.testing.workspace import root_create_args


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return workspace.make(tmp_path)


def test_create(folder: Path) -> None:
    done(*root_create_args(folder, "--expires=2031-01-01T00:00:00Z", version="4"))
    root = e.root_of(
        e.common("root", 4, expires=1924992000),
        [e.key(each) for each in sorted((ROOT_KEY, TARGETS_KEY), key=key_id)],
        e.role([key_id(ROOT_KEY)]),
        e.role([key_id(TARGETS_KEY)]),
    )
    assert (folder / "new.pb").read_bytes() == e.signed(root)
    done(*root_create_args(folder, "--expires=2031-01-01T00:00:00Z", "--dev-keys", version="4"))
    assert (folder / "new.pb").read_bytes() == e.signed(root + e.number(255, 1))


def test_create_with_a_date_in_a_file(folder: Path) -> None:
    (folder / "expires").write_text("2031-01-01T00:00:00Z\n")
    done(*root_create_args(folder, f"--expires-file={folder}/expires"))
    in_file = (folder / "new.pb").read_bytes()
    done(*root_create_args(folder, "--expires=2031-01-01T00:00:00Z"))
    assert (folder / "new.pb").read_bytes() == in_file
    args = root_create_args(folder, f"--expires-file={folder}/expires", "-o", f"{folder}/expires")
    assert "would replace the input" in failed(2, *args)


def test_create_with_allowed_targets(folder: Path) -> None:
    """The order of the arguments does not matter."""
    done(*root_create_args(folder))
    plain = (folder / "new.pb").read_bytes()
    signed = e.blob(1, plain[3:] + e.text(254, "app") + e.text(254, "assets/*"))
    for entries in (["assets/*", "app"], ["app", "assets/*"]):
        done(*root_create_args(folder), "--allowed-target", *entries)
        assert (folder / "new.pb").read_bytes() == signed
    done(*root_create_args(folder, "--allowed-target=app", "--allowed-target=assets/*"))
    assert (folder / "new.pb").read_bytes() == signed


@pytest.mark.parametrize(
    ("entries", "text"),
    [
        (["app", "app"], "the allowed target 'app' appears twice"),
        (["/*"], "the allowed target '/*' has no name before its '/*'"),
        (["app*"], "the allowed target 'app*' has a '*' that is not in a '/*' at its end"),
        (["../app"], "the allowed target '../app' has the part '..'"),
        (["n" * 65], f"the allowed target '{'n' * 64}...' is longer than 64 bytes"),
        ([f"t{index}" for index in range(17)], "17 allowed targets; at most 16"),
    ],
)
def test_allowed_targets_that_are_not_valid(folder: Path, entries: list[str], text: str) -> None:
    args = [*root_create_args(folder), "--allowed-target", *entries]
    assert failed(2, *args) == f"--allowed-target: {text}"
    assert not (folder / "new.pb").exists()


def test_create_with_thresholds(folder: Path) -> None:
    args = root_create_args(folder, "--root-threshold=2", "--targets-threshold=1")
    done(*args, "--root-key", f"{folder}/root2.pem.pub", f"{folder}/stranger.pem.pub")
    root = json.loads(done("root", "inspect", folder / "new.pb", "--json").out)
    ids = sorted(key_id(each).hex() for each in (ROOT_KEY, ROOT_KEY_2, STRANGER))
    assert root["roles"]["root"] == {"key_ids": ids, "threshold": 2}
    assert root["roles"]["targets"] == {"key_ids": [key_id(TARGETS_KEY).hex()], "threshold": 1}


@pytest.mark.parametrize(
    ("more", "text"),
    [
        (["--version=0"], "--version: '0' is not a version"),
        (["--version=-1"], "--version: '-1' is not a version"),
        (["--version=4294967296"], "--version: '4294967296' is not a version"),
        (["--version=1.0"], "--version: '1.0' is not a version"),
        (["--version="], "--version: '' is not a version"),
        (["--version=\u0663"], "is not a version"),
        (["--version=00000000001999999999999"], "is not a version"),
        (["--root-threshold=0"], "--root-threshold: 0 is not from 1 to the number of keys, 1"),
        (["--root-threshold=2"], "--root-threshold: 2 is not from 1 to the number of keys, 1"),
        (["--targets-threshold=-1"], "--targets-threshold: -1 is not from 1"),
        (["--targets-threshold=x"], "argument --targets-threshold: invalid int value: 'x'"),
        (["--expires=2031-01-01"], "--expires: '2031-01-01' is not a date"),
        (["--targets-key=ROOT"], "a key has one role, root or targets"),
        (["--root-key=ROOT"], "name each key once"),
    ],
)
def test_create_errors(folder: Path, more: list[str], text: str) -> None:
    more = [each.replace("ROOT", f"{folder}/root.pem.pub") for each in more]
    assert text in failed(2, *root_create_args(folder), *more)
    assert not (folder / "new.pb").exists()


@pytest.mark.parametrize(
    ("role", "text"),
    [("root", "name each key once"), ("targets", "a key has one role, root or targets")],
)
def test_mirrored_key_is_the_same_key(folder: Path, role: str, text: str) -> None:
    path = f"{folder}/mirrored.pub"
    Path(path).write_bytes(public_pem(ORDER - ROOT_KEY))
    error = failed(2, *root_create_args(folder), f"--{role}-key", path)
    mirrored, other = (key_id(each).hex()[:16] for each in (ORDER - ROOT_KEY, ROOT_KEY))
    assert error == (
        f"{path} ({mirrored}): the mirrored key (same X, other Y) of {folder}/root.pem.pub ({other}); "
        f"{text}"
    )
    assert not (folder / "new.pb").exists()


def test_too_many_keys(folder: Path) -> None:
    paths = []
    for number in range(100, 100 + limits.MAX_KEYS // 2):
        path = folder / f"{number}.pub"
        path.write_bytes(public_pem(number))
        paths.append(str(path))
    text = failed(2, *root_create_args(folder), "--root-key", *paths)
    assert text.startswith("33 keys in one role; at most 32")


@pytest.mark.parametrize("role", ["root", "targets"])
def test_nothing_but_public_keys(folder: Path, role: str) -> None:
    """Files that `key check --public` rejects, in either role and at any place."""
    public, private = public_pem(STRANGER), (folder / "stranger.pem").read_bytes()
    for content, text in (
        (private, "holds a private key; name the public one"),
        (public + private, "holds a private key; name the public one"),
        (private + public, "holds a private key; name the public one"),
        (public + public_pem(TARGETS_KEY_2), "holds more than a public key"),
        (b"a comment\n" + public, "holds more than a public key"),
        (b"", "not a SubjectPublicKeyInfo PEM key"),
    ):
        (folder / "guarded").write_bytes(content)
        error = failed(3, *root_create_args(folder), f"--{role}-key", f"{folder}/guarded")
        assert error.startswith(f"{folder}/guarded: {text}")
        assert not (folder / "new.pb").exists()

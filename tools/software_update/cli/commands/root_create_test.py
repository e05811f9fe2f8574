"""Tests of root create, sign and inspect."""

import json
from pathlib import Path

import pytest

from software_update.format import limits
from software_update.testing import encode as e
from software_update.testing import tree, workspace
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
    signer,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return workspace.make(tmp_path)


def create(folder: Path, *more: str, version: str = "1") -> list[str]:
    return [
        "root",
        "create",
        f"--version={version}",
        f"--root-key={folder}/root.pem.pub",
        f"--targets-key={folder}/targets.pem.pub",
        "-o",
        f"{folder}/new.pb",
        *more,
    ]


def test_create(folder: Path) -> None:
    done(*create(folder, "--expires=2031-01-01T00:00:00Z", version="4"))
    root = e.root_of(
        e.common("root", 4, expires=1924992000),
        [e.key(each) for each in sorted((ROOT_KEY, TARGETS_KEY), key=key_id)],
        e.role([key_id(ROOT_KEY)]),
        e.role([key_id(TARGETS_KEY)]),
    )
    assert (folder / "new.pb").read_bytes() == e.signed(root)
    done(*create(folder, "--expires=2031-01-01T00:00:00Z", "--dev-keys", version="4"))
    assert (folder / "new.pb").read_bytes() == e.signed(root + e.number(255, 1))


def test_create_with_thresholds(folder: Path) -> None:
    args = create(folder, "--root-threshold=2", "--targets-threshold=1")
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
    assert text in failed(2, *create(folder), *more)
    assert not (folder / "new.pb").exists()


@pytest.mark.parametrize(
    ("role", "text"),
    [("root", "name each key once"), ("targets", "a key has one role, root or targets")],
)
def test_mirrored_key_is_the_same_key(folder: Path, role: str, text: str) -> None:
    path = f"{folder}/mirrored.pub"
    Path(path).write_bytes(public_pem(ORDER - ROOT_KEY))
    error = failed(2, *create(folder), f"--{role}-key", path)
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
    text = failed(2, *create(folder), "--root-key", *paths)
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
        error = failed(3, *create(folder), f"--{role}-key", f"{folder}/guarded")
        assert error.startswith(f"{folder}/guarded: {text}")
        assert not (folder / "new.pb").exists()


def test_sign(folder: Path) -> None:
    root = e.root(1, [ROOT_KEY, ROOT_KEY_2], root_threshold=2)
    path = folder / "unsigned.pb"
    path.write_bytes(e.signed(root))
    by_id = sorted((ROOT_KEY, ROOT_KEY_2), key=key_id)
    done("root", "sign", path, "--dev-signing-key", folder / "root.pem", "-o", folder / "one.pb")
    assert path.read_bytes() == e.signed(root)
    assert (folder / "one.pb").read_bytes() == e.signed(root, ROOT_KEY)
    done("root", "sign", folder / "one.pb", "--dev-signing-key", folder / "root2.pem")
    assert (folder / "one.pb").read_bytes() == e.signed(root, *by_id)
    # Once more, and both in one go: the same bytes.
    done("root", "sign", folder / "one.pb", "--dev-signing-key", folder / "root2.pem")
    done("root", "sign", path, "--dev-signing-key", folder / "root2.pem", folder / "root.pem")
    assert (folder / "one.pb").read_bytes() == path.read_bytes() == e.signed(root, *by_id)


def test_sign_keeps_what_it_cannot_judge(folder: Path) -> None:
    # Of the same key, but over other bytes: replaced. Of a key that the root does not list: kept.
    root = e.root()
    stale = e.blob(1, key_id(ROOT_KEY)) + e.blob(2, signer(ROOT_KEY).sign(b"old"))
    (folder / "r.pb").write_bytes(e.signed_of(root, [stale, e.signature(root, STRANGER)]))
    done("root", "sign", folder / "r.pb", "--dev-signing-key", folder / "root.pem")
    expected = e.signed(root, *sorted((ROOT_KEY, STRANGER), key=key_id))
    assert (folder / "r.pb").read_bytes() == expected


def test_sign_keeps_unknown_fields_of_a_project(folder: Path) -> None:
    root = e.root() + e.text(65, "a project's")
    (folder / "r.pb").write_bytes(e.signed(root))
    done("root", "sign", folder / "r.pb", "--dev-signing-key", folder / "root.pem")
    assert (folder / "r.pb").read_bytes() == e.signed(root, ROOT_KEY)


def test_sign_errors_leave_the_file(folder: Path) -> None:
    before = workspace.snapshot(folder)
    sign = ["root", "sign", f"{folder}/root.pb", "--dev-signing-key", f"{folder}/root2.pem"]
    assert "name each key once" in failed(3, *sign, f"{folder}/root2.pem")
    assert "not root metadata" in failed(3, "root", "sign", folder / "app.bin", *sign[3:])
    assert "would replace the input" in failed(2, *sign, "-o", f"{folder}/root2.pem")
    assert "not a regular file" in failed(2, *sign, "-o", "/dev/null")
    many = [e.signature(e.root(), each) for each in range(100, 100 + limits.MAX_SIGNATURES)]
    (folder / "many.pb").write_bytes(e.signed_of(e.root(), many))
    text = failed(3, "root", "sign", folder / "many.pb", *sign[3:])
    assert "more than 64 signatures" in text
    (folder / "many.pb").unlink()
    assert workspace.snapshot(folder) == before


def test_inspect_json(folder: Path) -> None:
    """The schema software_update.root.v1, whole."""
    (folder / "r.pb").write_bytes(
        e.signed(e.root(3, [ROOT_KEY], [TARGETS_KEY, TARGETS_KEY_2], 1, 2, 1924992000), ROOT_KEY)
    )
    keys = (ROOT_KEY, TARGETS_KEY, TARGETS_KEY_2)
    found = json.loads(done("root", "inspect", folder / "r.pb", "--json").out)
    assert found == {
        "schema": "software_update.root.v1",
        "version": 3,
        "expires": "2031-01-01T00:00:00Z",
        "keys": [
            {
                "key_id": key_id(each).hex(),
                "key_type": "ECDSA_SHA2_NISTP256",
                "scheme": "ECDSA_SHA2_NISTP256_SCHEME",
                "keyval": signer(each).public.keyval.hex(),
                "dev_key": False,
            }
            for each in keys
        ],
        "roles": {
            "root": {"key_ids": [key_id(ROOT_KEY).hex()], "threshold": 1},
            "targets": {
                "key_ids": [key_id(TARGETS_KEY).hex(), key_id(TARGETS_KEY_2).hex()],
                "threshold": 2,
            },
        },
        "dev_keys": False,
        "signatures": [key_id(ROOT_KEY).hex()],
    }


def test_inspect_text(folder: Path) -> None:
    assert done("root", "inspect", folder / "root.pb").out.splitlines() == [
        f"{folder}/root.pb: version 1, never expires",
        "  root: 1 of 1 keys",
        f"    {key_id(ROOT_KEY).hex()}",
        "  targets: 1 of 1 keys",
        f"    {key_id(TARGETS_KEY).hex()}",
        f"  signature: present, not checked: by {key_id(ROOT_KEY).hex()}",
    ]


def test_inspect_of_dev_keys(folder: Path) -> None:
    done(
        "root",
        "create",
        "--version=1",
        "--root-key",
        tree.DEV_KEYS / "throwaway_dev_root_key.pem.pub",
        "--targets-key",
        tree.DEV_KEYS / "throwaway_dev_targets_key.pem.pub",
        "-o",
        folder / "dev.pb",
    )
    text = done("root", "inspect", folder / "dev.pb").out
    assert text.splitlines()[1] == "  DEV KEYS: anyone can sign this"
    assert text.count("DEV KEYS") == 3
    found = json.loads(done("root", "inspect", folder / "dev.pb", "--json").out)
    assert [each["dev_key"] for each in found["keys"]] == [True, True]
    assert found["dev_keys"] is True


def test_inspect_of_a_root_that_says_dev_keys(folder: Path) -> None:
    """A team's own keys in its tree: only the root can tell."""
    done(*create(folder, "--dev-keys"))
    plain = create(folder)
    plain[plain.index("-o") + 1] = f"{folder}/plain.pb"
    done(*plain)
    marked, unmarked = (
        done("root", "inspect", folder / name).out.splitlines() for name in ("new.pb", "plain.pb")
    )
    assert marked[1:] == ["  DEV KEYS: anyone can sign this", *unmarked[1:]]
    found = json.loads(done("root", "inspect", folder / "new.pb", "--json").out)
    assert found["dev_keys"] is True
    assert not any(each["dev_key"] for each in found["keys"])


def test_inspect_of_odd_keys_does_not_fail(folder: Path) -> None:
    odd = e.root_of(
        e.common("root"),
        [e.key_of(b"?", key_type=9, scheme=2**31 - 1)],
        e.role([b"\1"], 0),
        b"",
    )
    (folder / "odd.pb").write_bytes(e.signed_of(odd, [b""]))
    found = json.loads(done("root", "inspect", folder / "odd.pb", "--json").out)
    assert (found["keys"][0]["key_type"], found["keys"][0]["scheme"]) == ("9", "2147483647")
    done("root", "inspect", folder / "odd.pb")


def test_inspect_of_no_root(folder: Path) -> None:
    text = failed(1, "root", "inspect", folder / "app.bin")
    assert text.startswith(("MALFORMED: ", "UNEXPECTED_FIELD: "))
    assert f"{folder}/app.bin" in text
    (folder / "large").write_bytes(bytes(limits.MAX_ROOT_METADATA_BYTES + 1))
    assert "larger than 524288 bytes" in failed(3, "root", "inspect", folder / "large")

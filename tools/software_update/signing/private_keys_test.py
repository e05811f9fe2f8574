"""Tests of private_keys.py."""

import re
from pathlib import Path

import pytest

from software_update.base.errors import InputError
from software_update.format import metadata
from software_update.format.messages import Signature
from software_update.format.metadata import Signed
from software_update.signing import private_keys
from software_update.testing import encode as e
from software_update.testing.signers import (
    ROOT_KEY,
    STRANGER,
    TARGETS_KEY,
    TARGETS_KEY_2,
    key_id,
    signer,
    write_keys,
)


def test_read_keys(tmp_path: Path) -> None:
    write_keys(tmp_path, a=ROOT_KEY, b=TARGETS_KEY, again=ROOT_KEY)
    paths = [f"{tmp_path}/a.pem", f"{tmp_path}/b.pem"]
    assert [key.public for _, key in private_keys.read_keys(paths)] == [
        signer(ROOT_KEY).public,
        signer(TARGETS_KEY).public,
    ]
    with pytest.raises(
        InputError,
        match=r"again\.pem \([0-9a-f]{16}\): the same key as .*a\.pem; name each key once",
    ):
        private_keys.read_keys([*paths, f"{tmp_path}/again.pem"])


def test_check_listed() -> None:
    root = metadata.parse_root(e.root(1, [ROOT_KEY], [TARGETS_KEY, TARGETS_KEY_2]))
    keys = [("t.pem", signer(TARGETS_KEY)), ("t2.pem", signer(TARGETS_KEY_2))]
    private_keys.check_listed(keys, root, "targets")
    private_keys.check_listed([("r.pem", signer(ROOT_KEY))], root, "root")
    for path, number, role in [
        ("r.pem", ROOT_KEY, "targets"),
        ("t.pem", TARGETS_KEY, "root"),
        ("s.pem", STRANGER, "targets"),
    ]:
        text = f"{path} ({key_id(number).hex()[:16]}): not a {role} key of the root, which lists "
        with pytest.raises(InputError, match=re.escape(text)):
            private_keys.check_listed(
                [*keys, (path, signer(number))] if role == "targets" else [(path, signer(number))],
                root,
                role,
            )


def test_sign_adds_and_replaces() -> None:
    stale = Signature(key_id(ROOT_KEY), b"stale")
    other = Signature(key_id(STRANGER), b"a stranger's")
    signed = private_keys.sign(
        Signed(b"content", (stale, other)),
        [("r", signer(ROOT_KEY)), ("t", signer(TARGETS_KEY))],
    )
    assert signed.serialized == b"content"
    assert {each.key_id: each.value for each in signed.signatures} == {
        key_id(ROOT_KEY): signer(ROOT_KEY).sign(b"content"),
        key_id(STRANGER): b"a stranger's",
        key_id(TARGETS_KEY): signer(TARGETS_KEY).sign(b"content"),
    }

"""Tests of signature_file.py: what it parses and what it rejects."""

import dataclasses
import json
from pathlib import Path

import pytest

from software_update.base.errors import InputError
from software_update.keys.schemes import ALL_SCHEMES, DEFAULT_SCHEMES
from software_update.signing import signature_file
from software_update.signing.signature_file import DetachedSignature
from software_update.testing.signers import TARGETS_KEY, key_id

SIGNATURE = DetachedSignature(bytes(range(32)), "targets", 7, key_id(TARGETS_KEY), bytes(64))


def test_round_trip() -> None:
    content = signature_file.build(SIGNATURE)
    assert json.loads(content) == {
        "schema": "software_update.signature.v1",
        "sha256": bytes(range(32)).hex(),
        "role": "targets",
        "version": 7,
        "key_id": key_id(TARGETS_KEY).hex(),
        "signature": "00" * 64,
    }
    assert signature_file.parse("s.json", content) == SIGNATURE
    assert SIGNATURE.file_name == f"0001020304050607.{key_id(TARGETS_KEY).hex()[:8]}.json"


ODD = [
    ("schema", "software_update.signature.v2"),
    ("schema", None),
    ("role", "snapshot"),
    ("role", ["root"]),
    ("version", 0),
    ("version", 2**32),
    ("version", True),
    ("version", "7"),
    ("version", 7.0),
    ("sha256", "00"),
    ("sha256", "00" * 33),
    ("sha256", "0g" * 32),
    ("sha256", "0A" * 32),
    ("sha256", " 0" * 32),
    ("sha256", "\u0660\u0660" * 32),
    ("key_id", "00" * 31),
    ("key_id", 5),
    ("signature", "00" * 63),
    ("signature", "00" * 65),
    ("signature", None),
]


@pytest.mark.parametrize(("name", "value"), ODD, ids=str)
def test_odd_fields(name: str, value: object) -> None:
    document = json.loads(signature_file.build(SIGNATURE))
    for odd in ({**document, name: value}, {k: v for k, v in document.items() if k != name}):
        with pytest.raises(InputError, match=r"s\.json: not a signature file"):
            signature_file.parse("s.json", json.dumps(odd).encode())


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0",
        b"\xff",
        b"null",
        b"[]",
        b"NaN",
        b"[" * 32,
        b'{"a": NaN}',
        b'{"version": ' + b"9" * 4000 + b"}",
        signature_file.build(SIGNATURE) + b"{}",
    ],
    ids=lambda content: content[:20],
)
def test_rejects_other_files(content: bytes) -> None:
    with pytest.raises(InputError, match=r"s\.json: not a signature file"):
        signature_file.parse("s.json", content)


def test_duplicate_key() -> None:
    content = signature_file.build(SIGNATURE).replace(
        b'"version": 7', b'"version": 7, "version": 7'
    )
    with pytest.raises(InputError, match=r"^s\.json: has the key 'version' twice in one object; "):
        signature_file.parse("s.json", content)


def test_lengths_of_other_schemes_need_those_schemes() -> None:
    large = dataclasses.replace(SIGNATURE, value=bytes(2420))
    content = signature_file.build(large)
    assert signature_file.parse("s", content, ALL_SCHEMES) == large
    with pytest.raises(InputError, match="not a signature file"):
        signature_file.parse("s", content)


def test_largest_file_follows_from_the_schemes(tmp_path: Path) -> None:
    assert signature_file.max_bytes(DEFAULT_SCHEMES) == 4096
    path = tmp_path / "s.json"
    for schemes, length in ((DEFAULT_SCHEMES, 64), (ALL_SCHEMES, 2420)):
        signature = dataclasses.replace(SIGNATURE, value=bytes(length))
        limit = signature_file.max_bytes(schemes)
        path.write_bytes(signature_file.build(signature).ljust(limit))
        assert signature_file.read(str(path), schemes) == signature
        path.write_bytes(signature_file.build(signature).ljust(limit + 1))
        with pytest.raises(InputError, match="larger than"):
            signature_file.read(str(path), schemes)

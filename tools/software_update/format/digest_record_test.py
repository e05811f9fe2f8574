"""Tests of digest_record.py."""

import hashlib
import json

import pytest

from software_update.base.errors import Advice, InputError
from software_update.format.digest_record import RECORD_SCHEMA, read_record, write_record
from software_update.format.messages import ZSTD, Compression, Target


def test_record() -> None:
    sha256 = hashlib.sha256(b"x").digest()
    record = write_record([("b", 2, sha256), ("a", 1, sha256)])
    assert record.endswith(b"}\n")
    assert json.loads(record) == {
        "schema": "software_update.digests.v1",
        "targets": [
            {"name": "a", "length": 1, "sha256": sha256.hex()},
            {"name": "b", "length": 2, "sha256": sha256.hex()},
        ],
    }
    assert read_record("r", record) == [Target.of("a", 1, sha256), Target.of("b", 2, sha256)]


def test_record_of_a_compressed_target() -> None:
    target = Target.of("a", 1, bytes(32), Compression(ZSTD, 5, bytes(range(32))))
    record = write_record([("b", 2, bytes(32))], [target])
    assert json.loads(record)["targets"][0]["compression"] == {
        "algorithm": "zstd",
        "original_length": 5,
        "original_sha256": bytes(range(32)).hex(),
    }
    assert read_record("r", record) == [target, Target.of("b", 2, bytes(32))]


def entry(**changes: object) -> dict[str, object]:
    return {"name": "a", "length": 1, "sha256": "00" * 32, **changes}


def compression(**changes: object) -> dict[str, object]:
    original = {"original_length": 1, "original_sha256": "00" * 32}
    return {"algorithm": "zstd", **original, **changes}


def record_of(*targets: object) -> bytes:
    return json.dumps({"schema": RECORD_SCHEMA, "targets": list(targets)}).encode()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff",
        b"[]",
        b"null",
        b"{}",
        b'{"schema": "software_update.digests.v2", "targets": []}',
        b'{"schema": "software_update.digests.v1"}',
        b'{"schema": "software_update.digests.v1", "targets": 1}',
        b'{"schema": "software_update.digests.v1", "targets": ["a"]}',
        b"[" * 32,
        record_of({"name": "a", "length": 1}),
        record_of(entry(name="../a")),
        record_of(entry(name="")),
        record_of(entry(name=7)),
        record_of(entry(name=None)),
        record_of(entry(length=-1)),
        record_of(entry(length=2**64)),
        record_of(entry(length=1.5)),
        record_of(entry(length=1e300)),
        record_of(entry(length=float("inf"))),
        record_of(entry(length=float("nan"))),
        record_of(entry(length=True)),
        record_of(entry(length="1")),
        record_of(entry(sha256="00" * 31)),
        record_of(entry(sha256="zz" * 32)),
        record_of(entry(sha256=" ".join(["00"] * 32))),
        record_of(entry(sha256=7)),
        record_of(entry(compression=None)),
        record_of(entry(compression={"algorithm": "zstd"})),
        record_of(entry(compression=compression(algorithm="gzip"))),
        record_of(entry(compression=compression(original_length=-1))),
        record_of(entry(compression=compression(original_sha256="00" * 31))),
    ],
    ids=range(32),
)
def test_bad_records(content: bytes) -> None:
    with pytest.raises(InputError) as caught:
        read_record("my record", content)
    assert str(caught.value) == "my record: not a digest record (software_update.digests.v1)"
    assert caught.value.advice == Advice.MAKE_DIGEST_RECORD


def test_duplicate_keys_in_records() -> None:
    for content, key in (
        (record_of(entry())[:-1] + b', "targets": []}', "targets"),
        (record_of(entry()).replace(b'"length"', b'"name": "b", "length"'), "name"),
    ):
        with pytest.raises(InputError, match=f"^my record: has the key '{key}' twice in one obj"):
            read_record("my record", content)


def test_the_largest_length() -> None:
    [target] = read_record("r", record_of(entry(length=2**63 - 1)))
    assert target.length == 2**63 - 1

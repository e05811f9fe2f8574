"""Tests of record.py."""

import hashlib
import json

import pytest

from software_update.format.refusals import NotDisclosed, Refusal
from software_update.testing import encode as e
from software_update.testing.judge import release_of
from software_update.testing.signers import TARGETS_KEY
from software_update.transparency.record import ReleaseRecord, parse_record, record_of
from software_update.verify.targets import VerifiedRelease

ROOT_SHA256 = hashlib.sha256(e.root()).hexdigest()


def release(product: str | None = "Meter") -> VerifiedRelease:
    fields = {
        "schema": "software_update.release.v1",
        "product": product,
        "version": "1.2",
        "release_counter": 7,
    }
    contents = {"app": b"application"}
    if product is not None:
        contents["user_manifest"] = json.dumps(fields).encode()
    return release_of(e.bundle(contents, signers=(TARGETS_KEY,)))


def test_the_record_of_a_release() -> None:
    verified = release()
    digest = hashlib.sha256(verified.targets.serialized).hexdigest()
    record = record_of(verified)
    assert record.content().decode().split("\n") == [
        "software-update-release/v1",
        "product=Meter",
        "release_counter=7",
        "root_version=1",
        f"root_sha256={ROOT_SHA256}",
        f"release_digest={digest}",
        "",
    ]
    assert parse_record(record.content()) == record


@pytest.mark.parametrize(
    "product", ["a\nb", "a\rb", "a\0b", "a\x7fb", "a\x85b", "a\u2028b", "\ud800", "x" * 1025]
)
def test_a_product_that_is_not_one_line_has_no_record(product: str) -> None:
    verified = release()
    assert verified.manifest is not None
    changed = verified._replace(manifest=verified.manifest._replace(product=product))
    with pytest.raises(NotDisclosed, match="rename the product") as error:
        record_of(changed)
    assert error.value.refusal == Refusal.MISSING_PROOF
    assert "\n" not in str(error.value)


def test_a_release_without_a_release_manifest_has_no_record() -> None:
    with pytest.raises(NotDisclosed, match="has no release manifest") as error:
        record_of(release(None))
    assert error.value.refusal == Refusal.MISSING_PROOF


def test_the_largest_record() -> None:
    record = ReleaseRecord("x" * 1024, 2**32 - 1, 2**32 - 1, "0" * 64, "f" * 64)
    assert parse_record(record.content()) == record


def test_other_entries_are_not_records() -> None:
    record = ReleaseRecord("Müller = 7", 7, 1, "0" * 64, "f" * 64)
    content = record.content()
    assert parse_record(content) == record
    for other in [
        b"",
        b"\xff",
        content[:-1],
        content + b"\n",
        content.replace(b"/v1", b"/v2"),
        content.replace(b"counter=7", b"counter=07"),
        content.replace(b"counter=7", b"counter=4294967296"),
        content.replace(b"f" * 64, b"F" * 64),
        content.replace("Müller".encode(), b"a\tb"),
        record._replace(product="x" * 1025).content(),
    ]:
        assert parse_record(other) is None

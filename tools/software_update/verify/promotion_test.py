"""Tests of what differs between two bundles' contents."""

import hashlib

import pytest

from software_update.bundle.envelope import Payload
from software_update.format import metadata
from software_update.testing import encode as e
from software_update.verify.promotion import Contents, Difference, differences

CONTENTS = {"app": b"application", "boot": b"bootloader"}


def sha256(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()


def contents(targets: bytes, payloads: dict[str, bytes]) -> Contents:
    present = [Payload(name, 0, len(each), sha256(each)) for name, each in payloads.items()]
    return Contents(metadata.parse_targets(targets), present)


TESTED = contents(e.targets(CONTENTS, 7), CONTENTS)


def found(targets: bytes, payloads: dict[str, bytes] | None = None) -> list[Difference]:
    return differences(TESTED, contents(targets, CONTENTS if payloads is None else payloads))


def test_same_content_is_proven() -> None:
    assert found(e.targets(CONTENTS, 7)) == []
    # The order of payloads is the envelope's, which no device looks at.
    assert found(e.targets(CONTENTS, 7), dict(reversed(CONTENTS.items()))) == []


def test_version() -> None:
    assert found(e.targets(CONTENTS, 8)) == [Difference("targets metadata", "version", 7, 8)]


def test_expires() -> None:
    [difference] = found(e.targets(CONTENTS, 7, expires=0))
    assert difference == Difference("targets metadata", "expires", None, "1970-01-01T00:00:00Z")
    assert str(difference) == "targets metadata: expires 1970-01-01T00:00:00Z, tested was never"


def test_spec_version() -> None:
    listed = [e.target(name, content) for name, content in CONTENTS.items()]
    newer = e.targets_of(e.common("targets", 7, spec="1.0.1"), listed)
    assert found(newer) == [Difference("targets metadata", "spec_version", "1.0.0", "1.0.1")]


def test_a_target_of_another_length_and_hash() -> None:
    other = {**CONTENTS, "app": b"another application"}
    length, digest = found(e.targets(other, 7), other)
    assert length == Difference("target 'app'", "length", 11, 19)
    assert str(length) == "target 'app': length 19, tested was 11"
    old, new = (sha256(each["app"]).hex() for each in (CONTENTS, other))
    assert digest == Difference("target 'app'", "sha256", old, new)


def test_a_target_of_another_hash() -> None:
    other = {**CONTENTS, "app": b"Application"}
    assert [each.field for each in found(e.targets(other, 7), other)] == ["sha256"]


def test_targets_that_one_has() -> None:
    other = {"app": CONTENTS["app"], "b\x1b": b""}
    assert [str(each) for each in found(e.targets(other, 7), other)] == [
        "target 'b\\x1b': was not tested",
        "target 'boot': is missing",
    ]


def test_everything_at_once() -> None:
    other = {"app": b"x", "new": b""}
    fields = [(each.subject, each.field) for each in found(e.targets(other, 8, expires=9), other)]
    assert fields == [
        ("targets metadata", "version"),
        ("targets metadata", "expires"),
        ("target 'app'", "length"),
        ("target 'app'", "sha256"),
        ("target 'boot'", "present"),
        ("target 'new'", "present"),
    ]


@pytest.mark.parametrize(
    "targets",
    [
        e.targets(dict(reversed(CONTENTS.items())), 7),
        e.targets(CONTENTS, 7) + e.number(99, 1),
        e.targets_of(
            e.common("targets", 7),
            [e.target_of(n, len(c), [(1, sha256(c)), (9, b"")]) for n, c in CONTENTS.items()],
        ),
    ],
    ids=["order", "unknown field", "another hash function"],
)
def test_other_bytes_for_the_same(targets: bytes) -> None:
    old, new = sha256(e.targets(CONTENTS, 7)).hex(), sha256(targets).hex()
    assert found(targets) == [Difference("targets metadata", "sha256", old, new)]


def test_payloads_are_compared_for_themselves() -> None:
    same = e.targets(CONTENTS, 7)
    changed = {**CONTENTS, "app": b"Application"}
    assert [str(each)[:27] for each in found(same, changed)] == [
        "payload 'app': sha256 " + sha256(b"Application").hex()[:5]
    ]
    assert found(same, {"app": CONTENTS["app"]}) == [
        Difference("payload 'boot'", "present", True, False)
    ]
    assert found(same, {**CONTENTS, "new": b""}) == [
        Difference("payload 'new'", "present", False, True)
    ]

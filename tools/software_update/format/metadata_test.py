"""Tests of metadata.py."""

import hashlib
import itertools

import pytest

from software_update.format import metadata
from software_update.format.messages import Hash, Role, Signature, Target
from software_update.format.metadata import RoleKeys, Signed
from software_update.format.verdicts import Refused, Verdict
from software_update.keys.pem import read_public_key
from software_update.testing import encode as e
from software_update.testing import tree
from software_update.testing.signers import (
    ROOT_KEY,
    ROOT_KEY_2,
    TARGETS_KEY,
    TARGETS_KEY_2,
    key_id,
    signer,
)

SHA256 = hashlib.sha256(b"x").digest()


def verdict_of(call: object, *args: object) -> Refused:
    with pytest.raises(Refused) as caught:
        call(*args)  # type: ignore[operator]
    return caught.value


# Writing: byte for byte what the format says.


def test_targets_metadata_bytes() -> None:
    built = metadata.build_targets(
        7, [Target.of("b", 300, SHA256), Target.of("a", 1, SHA256)], 1924992000
    )
    assert built == e.targets_of(
        e.common("targets", 7, expires=1924992000),
        [e.target_of("a", 1, [(1, SHA256)]), e.target_of("b", 300, [(1, SHA256)])],
    )


def test_no_expires_is_absent() -> None:
    built = metadata.build_targets(1, [Target.of("a", 1, SHA256)], None)
    assert built == e.targets_of(e.common("targets"), [e.target_of("a", 1, [(1, SHA256)])])


def test_expires_at_zero_is_there() -> None:
    built = metadata.build_targets(1, [], 0)
    # protobuf leaves the zero out, and the message in.
    common = e.text(1, "1.0.0") + e.number(2, 1) + e.blob(3, b"") + e.text(4, "targets")
    assert built == e.blob(1, common)
    assert metadata.parse_targets(built).common.expires == (0, 0)


def test_length_of_an_empty_target_is_written() -> None:
    """Pigweed's C++ client needs it on the wire. Readers accept a target without it too."""
    built = metadata.build_targets(1, [Target.of("a", 0, SHA256)], None)
    assert built == e.targets_of(e.common("targets"), [e.target_of("a", 0, [(1, SHA256)])])
    without = e.text(1, "a") + e.blob(3, e.number(1, 1) + e.blob(2, SHA256))
    read = metadata.parse_targets(e.targets_of(e.common("targets"), [without]))
    assert read.targets == metadata.parse_targets(built).targets


def test_targets_are_sorted_by_bytes() -> None:
    names = ["b", "a/b", "B", "a.b", "a"]
    built = metadata.build_targets(1, [Target.of(name, 1, SHA256) for name in names], None)
    found = [each.name for each in metadata.parse_targets(built).targets]
    assert found == sorted(names) == ["B", "a", "a.b", "a/b", "b"]


def test_lengths_of_more_than_32_bits() -> None:
    built = metadata.build_targets(1, [Target.of("a", 2**40, SHA256)], None)
    assert metadata.parse_targets(built).targets[0].length == 2**40


def test_root_metadata_bytes() -> None:
    numbers = (ROOT_KEY, ROOT_KEY_2, TARGETS_KEY, TARGETS_KEY_2)
    by_id = sorted(numbers, key=key_id)
    root_ids = sorted(map(key_id, (ROOT_KEY, ROOT_KEY_2)))
    targets_ids = sorted(map(key_id, (TARGETS_KEY, TARGETS_KEY_2)))
    expected = e.root_of(
        e.common("root", 3, expires=5),
        [e.key(each) for each in by_id],
        e.role(root_ids, 2),
        e.role(targets_ids, 1),
    )
    for order in (1, -1):
        root_keys = [signer(each).public for each in (ROOT_KEY, ROOT_KEY_2)][::order]
        targets_keys = [signer(each).public for each in (TARGETS_KEY, TARGETS_KEY_2)][::order]
        roles = RoleKeys(root_keys, 2), RoleKeys(targets_keys, 1)
        assert metadata.build_root(3, *roles, 5) == expected
    marked = metadata.build_root(3, *roles, 5, dev_keys=True)
    assert marked == expected + e.number(255, 1)
    for entries in (["b/*", "a"], ["a", "b/*"]):
        limited = metadata.build_root(3, *roles, 5, allowed_targets=entries, dev_keys=True)
        assert limited == expected + e.text(254, "a") + e.text(254, "b/*") + e.number(255, 1)


def test_signed_bytes_are_sorted_by_key_id() -> None:
    signatures = [Signature(b"\2" * 32, b"s2"), Signature(b"\1" * 32, b"s1")]
    for role in (metadata.ROOT, metadata.TARGETS):
        built = metadata.build_signed(role, Signed(b"content", tuple(signatures)))
        assert built == e.signed_of(
            b"content",
            [
                e.blob(1, b"\1" * 32) + e.blob(2, b"s1"),
                e.blob(1, b"\2" * 32) + e.blob(2, b"s2"),
            ],
        )
        assert metadata.parse_signed(role, built).serialized == b"content"


# Reading


def test_parse_root() -> None:
    data = e.root(4, [ROOT_KEY], [TARGETS_KEY, TARGETS_KEY_2], 1, 2, expires=9)
    root = metadata.parse_root(data)
    assert root.serialized == data
    assert (root.common.version, root.common.expires) == (4, (9, 0))
    assert root.root == Role((key_id(ROOT_KEY),), 1)
    assert root.targets == Role((key_id(TARGETS_KEY), key_id(TARGETS_KEY_2)), 2)
    assert [each.keyval for each in root.keys] == [
        signer(each).public.keyval for each in (ROOT_KEY, TARGETS_KEY, TARGETS_KEY_2)
    ]
    assert {(each.key_type, each.scheme) for each in root.keys} == {(3, 3)}


def test_a_root_may_say_dev_keys() -> None:
    root = metadata.parse_root(e.root())
    assert (root.dev_keys, root.is_dev) == (False, False)
    root = metadata.parse_root(e.root() + e.number(255, 0))
    assert (root.dev_keys, root.is_dev) == (False, False)
    root = metadata.parse_root(e.root() + e.number(255, 1))
    assert (root.dev_keys, root.is_dev) == (True, True)
    for twice in (0, 1):
        refused = verdict_of(
            metadata.parse_root, e.root() + e.number(255, twice) + e.number(255, 0)
        )
        assert refused.verdict == Verdict.DUPLICATE_FIELD
    for odd in (e.number(255, 2), e.blob(255, b"\1")):
        assert verdict_of(metadata.parse_root, e.root() + odd).verdict == Verdict.MALFORMED


def test_a_root_may_allow_targets() -> None:
    assert metadata.parse_root(e.root()).allowed_targets == ()
    root = metadata.parse_root(e.root() + e.text(254, "b/*") + e.text(254, "a"))
    assert root.allowed_targets == ("b/*", "a")
    sixteen = b"".join(e.text(254, f"{index}{'n' * 62}") for index in range(10, 26))
    assert len(metadata.parse_root(e.root() + sixteen).allowed_targets) == 16
    for odd, verdict in (
        (sixteen + e.text(254, "a"), Verdict.TOO_LARGE),
        (e.text(254, "n" * 65), Verdict.TOO_LARGE),
        (e.text(254, ""), Verdict.MALFORMED),
        (e.text(254, "a*"), Verdict.MALFORMED),
        (e.text(254, "a") + e.text(254, "a"), Verdict.MALFORMED),
        (e.blob(254, b"\xff"), Verdict.MALFORMED),
        (e.number(254, 1), Verdict.MALFORMED),
    ):
        assert verdict_of(metadata.parse_root, e.root() + odd).verdict == verdict


@pytest.mark.parametrize("role", ["root", "targets"])
def test_a_root_of_throwaway_keys_is_a_dev_root(role: str) -> None:
    dev = read_public_key(f"{tree.DEV_KEYS}/throwaway_dev_{role}_key.pem.pub")
    mine = {"root": signer(ROOT_KEY).public, "targets": signer(TARGETS_KEY).public} | {role: dev}
    roles = RoleKeys([mine["root"]], 1), RoleKeys([mine["targets"]], 1)
    root = metadata.parse_root(metadata.build_root(1, *roles, None))
    assert (root.dev_keys, root.is_dev) == (False, True)


def test_parse_targets() -> None:
    data = e.targets({"b": b"xyz", "a": b""}, version=5, expires=9, nanos=7)
    targets = metadata.parse_targets(data)
    assert targets.serialized == data
    assert targets.common == ("1.0.0", 5, (9, 7), "targets")
    assert [(each.name, each.length) for each in targets.targets] == [("b", 3), ("a", 0)]
    assert targets.targets[0].sha256 == hashlib.sha256(b"xyz").digest()


def test_fields_of_projects_are_skipped() -> None:
    target = e.target("a", b"x") + e.number(32, 1) + e.blob(255, b"y")
    data = e.targets_of(e.common("targets"), [target]) + e.blob(65, b"z") + e.number(255, 1)
    assert len(metadata.parse_targets(data).targets) == 1


def test_signed_message_has_no_other_fields() -> None:
    data = e.signed(e.root(), ROOT_KEY) + e.number(65, 1)
    refused = verdict_of(metadata.parse_signed, metadata.ROOT, data)
    assert refused.verdict == Verdict.UNEXPECTED_FIELD


@pytest.mark.parametrize("spec", ["1.0.0", "0.0.1", "1.0.34", "1.999999999.0"])
def test_spec_versions_that_are_read(spec: str) -> None:
    metadata.parse_targets(e.targets_of(e.common("targets", spec=spec), []))


@pytest.mark.parametrize(
    "spec",
    ["", "0.0.2", "2.0.0", "1.0", "1.0.0.0", "1.0.0\n", "01.0.0", "1.0.x", "1.-1.0", "1.0.\u0661"],
)
def test_spec_versions_that_are_not(spec: str) -> None:
    refused = verdict_of(metadata.parse_targets, e.targets_of(e.common("targets", spec=spec), []))
    assert refused.verdict == Verdict.UNSUPPORTED_SPEC_VERSION
    assert "\n" not in str(refused)


@pytest.mark.parametrize("role", [None, "", "root", "Targets", "targets\n", "snapshot"])
def test_wrong_roles(role: str | None) -> None:
    refused = verdict_of(metadata.parse_targets, e.targets_of(e.common(role), []))
    assert refused.verdict == Verdict.WRONG_ROLE
    assert "\n" not in str(refused)


def test_targets_metadata_is_not_root_metadata() -> None:
    refused = verdict_of(metadata.parse_root, e.targets({"a": b"x"}))
    # Field 2 is a message there and a bool here.
    assert refused.verdict == Verdict.MALFORMED
    assert verdict_of(metadata.parse_root, e.targets({})).verdict == Verdict.WRONG_ROLE


@pytest.mark.parametrize("version", [None, 0])
def test_version_zero(version: int | None) -> None:
    refused = verdict_of(metadata.parse_targets, e.targets_of(e.common("targets", version), []))
    assert refused.verdict == Verdict.INVALID_VERSION


@pytest.mark.parametrize(
    ("seconds", "nanos", "good"),
    [
        (253402300799, 999_999_999, True),
        (253402300800, 0, False),
        (2**63 - 1, 0, False),
        (2**64 - 62135596800, 0, True),  # negative: the year 1
        (2**64 - 62135596801, 0, False),
        (0, 1_000_000_000, False),
    ],
)
def test_range_of_expires(seconds: int, nanos: int, good: bool) -> None:
    data = e.targets({}, expires=seconds, nanos=nanos)
    if good:
        assert metadata.parse_targets(data).common.expires is not None
    else:
        assert verdict_of(metadata.parse_targets, data).verdict == Verdict.MALFORMED


@pytest.mark.parametrize(
    "hashes",
    [
        [],
        [(0, SHA256)],
        [(2, SHA256)],
        [(1, SHA256[:16])],
        [(1, SHA256 + b"\0")],
        [(1, SHA256), (1, SHA256)],
        [(1, SHA256), (1, bytes(32))],
    ],
)
def test_hashes_that_cannot_be_used(hashes: list[tuple[int, bytes]]) -> None:
    target = Target("a", 1, tuple(itertools.starmap(Hash, hashes)))
    assert verdict_of(lambda: target.sha256).verdict == Verdict.HASH_UNSUPPORTED


def test_other_hash_next_to_sha_256_is_accepted() -> None:
    target = Target("a", 1, (Hash(7, b"other"), Hash(1, SHA256)))
    assert target.sha256 == SHA256


# Manifests


def test_parse_manifest_keeps_the_bytes() -> None:
    # Not as protobuf would write it: the order of the fields.
    data = e.blob(2, e.target("a", b"x")) + e.blob(1, e.common("targets", 3))
    installed = metadata.parse_manifest(e.manifest(data, b"user"))
    assert installed.targets.serialized == data
    assert installed.targets.common.version == 3
    assert installed.user_manifest == b"user"
    assert installed.release is None
    assert installed.root is None


def test_manifest_records_the_root() -> None:
    data = e.manifest(e.targets({"a": b"x"}), b"user", (7, e.root(7)))
    installed = metadata.parse_manifest(data)
    assert installed.root == metadata.parse_root(e.root(7)).id
    assert metadata.build_manifest(installed.targets, b"user", installed.root) == data


@pytest.mark.parametrize(
    ("data", "verdict"),
    [
        (b"", Verdict.MALFORMED),
        (b"\xff", Verdict.MALFORMED),
        (e.manifest(e.targets({})) + e.manifest(e.targets({})), Verdict.MALFORMED),
        (e.blob(1, e.text(1, "root") + e.blob(2, e.targets({}))), Verdict.MALFORMED),
        (e.blob(1, e.blob(2, e.targets({}))), Verdict.MALFORMED),
        (e.blob(1, e.text(1, "targets")), Verdict.WRONG_ROLE),
        (e.blob(1, e.text(1, "targets") * 2), Verdict.DUPLICATE_FIELD),
        (e.manifest(e.targets({}), b"a") + e.blob(2, b"b"), Verdict.DUPLICATE_FIELD),
        (e.manifest(e.root()), Verdict.WRONG_ROLE),
        (e.manifest(e.targets({})) + e.number(65, 1), Verdict.MALFORMED),
        (e.manifest(e.targets({})) + e.blob(66, bytes(32)), Verdict.MALFORMED),
        (e.manifest(e.targets({})) + e.number(65, 0) + e.blob(66, bytes(32)), Verdict.MALFORMED),
        (e.manifest(e.targets({})) + e.number(65, 1) + e.blob(66, bytes(31)), Verdict.MALFORMED),
        (e.manifest(e.targets({}), None, (1, b"")) + e.number(65, 1), Verdict.DUPLICATE_FIELD),
    ],
)
def test_bad_manifests(data: bytes, verdict: Verdict) -> None:
    refused = verdict_of(metadata.parse_manifest, data)
    # Read as a map of TargetsMetadata, root metadata has wrong types as well.
    assert refused.verdict in {verdict, Verdict.MALFORMED}

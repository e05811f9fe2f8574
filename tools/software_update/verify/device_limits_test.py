"""Tests of device_limits.py: each limit at, below and above what a bundle needs."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from software_update.bundle.envelope import Payload
from software_update.format.device_limits import DEFAULT, DeviceLimits
from software_update.testing import encode as e
from software_update.testing.signers import (
    ROOT_KEY,
    ROOT_KEY_2,
    STRANGER,
    TARGETS_KEY,
    TARGETS_KEY_2,
)
from software_update.verify.device_limits import (
    Parts,
    beyond,
    beyond_text,
    needed_limits,
    order_problem,
)

CONTENTS = {"app": b"app", "boot": b"boot"}
SIGNED_ROOT = e.signed(e.root(1), ROOT_KEY)


def targets(contents: Mapping[str, bytes] = CONTENTS, *signers: int) -> bytes:
    return e.signed(e.targets(dict(contents), 7), *(signers or (TARGETS_KEY,)))


def needed(
    signed_targets: bytes,
    *roots: bytes,
    trusted: bytes = SIGNED_ROOT,
    user_manifest: bytes | None = None,
) -> DeviceLimits:
    """The limits for a bundle with a chain of `roots`, of which the last is its root."""
    return needed_limits(
        trusted, Parts(roots[:-1], roots[-1] if roots else None, signed_targets, user_manifest)
    )


def test_plain_bundle() -> None:
    assert needed(targets(), SIGNED_ROOT) == DeviceLimits(
        keys=2,
        signatures=1,
        targets=2,
        roots=0,
        allowed_targets=0,
        name_bytes=4,
        verifications=2,
        root_bytes=0,
        release_manifest=False,
        release_keys=0,
        compression=(),
    )


def test_bundle_without_a_root() -> None:
    found = needed(targets())
    assert (found.keys, found.roots, found.verifications, found.root_bytes) == (2, 0, 1, 0)


def test_targets_and_their_names() -> None:
    found = needed(targets({"a" * 65: b"", **CONTENTS}))
    assert (found.targets, found.name_bytes) == (3, 65)


def test_release_manifest() -> None:
    assert needed(targets({"user_manifest": b"", **CONTENTS})).release_manifest


def test_keys_of_every_root() -> None:
    many = [ROOT_KEY, ROOT_KEY_2, STRANGER]
    large = e.signed(e.root(2, many, [TARGETS_KEY, TARGETS_KEY_2]), ROOT_KEY)
    small = e.signed(e.root(3), ROOT_KEY)
    assert needed(targets(), large, small).keys == 5
    assert needed(targets(), small).keys == 2
    assert needed(targets(), trusted=large).keys == 5


def test_allowed_targets_of_every_root() -> None:
    allowing = e.signed(e.root(2) + e.text(254, "app") + e.text(254, "boot"), ROOT_KEY)
    assert needed(targets(), allowing, e.signed(e.root(3), ROOT_KEY)).allowed_targets == 2
    assert needed(targets(), trusted=allowing).allowed_targets == 2


def test_signatures_of_each_role() -> None:
    assert needed(targets(CONTENTS, TARGETS_KEY, STRANGER, TARGETS_KEY_2)).signatures == 3
    root = e.signed(e.root(2), ROOT_KEY, ROOT_KEY_2)
    assert needed(targets(), root).signatures == 2


def test_chain_and_new_roots() -> None:
    roots = [e.signed(e.root(version), ROOT_KEY) for version in (1, 2, 3)]
    found = needed(targets(), *roots)
    assert found.roots == 2
    # The device has the first one.
    assert found.root_bytes == len(e.chain(roots[1], roots[2]))


def test_each_signature_is_verified_once() -> None:
    """A root by the keys of the one before it and by its own, which are the same keys here."""
    roots = [e.signed(e.root(version), ROOT_KEY) for version in (2, 3)]
    assert needed(targets(), *roots).verifications == 3
    changed = e.signed(e.root(2, [ROOT_KEY_2]), ROOT_KEY, ROOT_KEY_2)
    assert needed(targets(), changed).verifications == 3


def test_signatures_that_are_not_verified() -> None:
    for signers in ((TARGETS_KEY, STRANGER), (STRANGER, TARGETS_KEY)):
        assert needed(targets(CONTENTS, *signers)).verifications == 1
    content = e.targets(CONTENTS, 7)
    short = [e.signature(content, TARGETS_KEY), e.signature_of(e.pair(TARGETS_KEY).key_id, b"x")]
    assert needed(e.signed_of(content, short)).verifications == 1


def test_roots_that_the_device_has_passed_are_not_verified() -> None:
    roots = [e.signed(e.root(version), ROOT_KEY) for version in (1, 2)]
    found = needed(targets(), *roots, trusted=roots[1])
    assert (found.verifications, found.root_bytes) == (2, 0)


def test_signatures_after_the_threshold_are_not_verified() -> None:
    root = e.signed(e.root(1, [ROOT_KEY], [TARGETS_KEY, TARGETS_KEY_2]), ROOT_KEY)
    both = targets(CONTENTS, TARGETS_KEY, TARGETS_KEY_2)
    assert needed(both, trusted=root).verifications == 1


def test_bad_signatures_are_verified_until_one_is_good() -> None:
    content = e.targets(CONTENTS, 7)
    good, bad = e.signature(content, TARGETS_KEY), e.signature(b"other", TARGETS_KEY)
    assert needed(e.signed_of(content, [bad, bad, good, bad])).verifications == 3


def test_signatures_of_another_form_take_no_room() -> None:
    content = e.targets(CONTENTS, 7)
    others = [e.signature_of(bytes(32), bytes(63)), e.signature_of(bytes(31), bytes(64))]
    found = needed(e.signed_of(content, [*others, e.signature(content, TARGETS_KEY)]))
    assert found.signatures == 1


def test_keys_of_a_release_manifest() -> None:
    """Languages and unknown keys count while their object is open."""

    def keys(**more: Any) -> int:
        release = {"schema": "software_update.release.v1", "product": "p", "version": "1"}
        content = json.dumps({**release, "release_counter": 1, **more}).encode()
        return needed(targets({"user_manifest": content}), user_manifest=content).release_keys

    advisory = {"id": "1", "severity": "low", "text": "x"}
    assert keys(advisories=[{**advisory, "action": "x"}], notes="x") == 0
    assert keys(texts={"de": {"notes": "x"}, "fr": {"unavailable_functions": ["x"]}}) == 2
    assert keys(texts={"de": {"x": 1, "y": 2}, "fr": {}}) == 3
    assert keys(advisories=[{**advisory, "x": 1}, {**advisory, "y": 1, "z": 2}]) == 2
    assert keys(x={"a": {"b": {}}, "c": 1}, notes="x") == 3
    assert keys(x={"product": 1}) == 2
    assert keys(counter=1) == 1


def test_another_user_manifest_has_no_keys() -> None:
    assert needed(targets({"user_manifest": b"{}"}), user_manifest=b'{"a": 1}').release_keys == 0


def test_order() -> None:
    chain, root, listed, payload = (65, 0, 1), (5, 0, 1), (3, 0, 1), (4, 0, 1)
    needs = DEFAULT._replace(roots=0, root_bytes=0)
    problem = "its parts are not in the order chain, root, targets metadata, payloads"

    def problems(*fields: tuple[int, int, int], needs: DeviceLimits = needs) -> list[str]:
        payloads = [Payload("x", 0, 1) for number, _, _ in fields if number == 4]
        return order_problem(needs, fields, payloads)

    moves = needs._replace(root_bytes=420)
    for good in ([], [listed], [chain, chain, root, listed, payload, payload], [root, listed]):
        assert problems(*good) == problems(*good, needs=moves) == []
    assert problems(listed, payload, root) == []
    for bad in ([root, chain, listed], [listed, root], [listed, payload, root]):
        assert problems(*bad, needs=moves) == [problem]
    for other in (needs._replace(roots=1), needs._replace(allowed_targets=1)):
        assert problems(listed, root, needs=other) == [problem]
    assert problems(payload, listed) == [problem]


def test_payload_before_its_name() -> None:
    problem = "the name of a payload follows the payload"
    fields = [(3, 0, 10), (4, 12, 20)]
    assert order_problem(DEFAULT, fields, [Payload("x", 15, 5)]) == []
    assert order_problem(DEFAULT, fields, [Payload("x", 14, 3)]) == [problem]


_NUMBERS = [name for name in DeviceLimits._fields if type(getattr(DEFAULT, name)) is int]
_LARGE = DEFAULT._replace(**dict.fromkeys(_NUMBERS, 10_000))  # type: ignore[arg-type]


def _with(name: str, value: int) -> DeviceLimits:
    return _LARGE._replace(**{name: value})  # type: ignore[arg-type]


@pytest.mark.parametrize("name", _NUMBERS)
def test_limit_at_below_and_above(name: str) -> None:
    needs = _with(name, 7)
    for limit, found in ((6, 1), (7, 0), (8, 0)):
        texts = beyond(needs, _with(name, limit))
        assert len(texts) == found
        assert all(each.startswith("7 ") and each.endswith(", at most 6") for each in texts)


def test_one_is_singular() -> None:
    needs = DEFAULT._replace(allowed_targets=1)
    assert beyond(needs, DEFAULT) == ["1 allowed target of a root, at most 0"]


def test_features_that_the_device_lacks() -> None:
    needs = DEFAULT._replace(compression=("zstd",))
    without = DEFAULT._replace(release_manifest=False)
    assert beyond(needs, without) == [
        "a user_manifest, which the device does not read",
        "compression zstd, which the device does not have",
    ]
    assert beyond(without, needs) == []


def test_compressed_payload() -> None:
    content = e.targets_of(
        e.common("targets"),
        [e.compressed_of("app", b"app", e.number(1, 1))],
    )
    assert needed(e.signed(content, TARGETS_KEY)).compression == ("zstd",)


def test_text_names_every_limit_and_the_file() -> None:
    assert beyond_text(["9 targets, at most 8", "x"], "l.json") == (
        "beyond the device's limits: 9 targets, at most 8; x; make the release smaller, or raise the "
        "limits in l.json if the device has room"
    )

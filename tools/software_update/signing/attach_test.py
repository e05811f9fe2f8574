"""Tests of attach.py."""

import dataclasses

import pytest

from software_update.base.errors import SignatureError
from software_update.format import metadata
from software_update.format.messages import Signature
from software_update.format.metadata import Signed
from software_update.signing import signing_request
from software_update.signing.attach import TooFewSignatures, attach, merge
from software_update.signing.signature_file import DetachedSignature
from software_update.signing.signing_request import Authority, Request
from software_update.testing import encode as e
from software_update.testing.signers import (
    ROOT_KEY,
    ROOT_KEY_2,
    STRANGER,
    TARGETS_KEY,
    TARGETS_KEY_2,
    TARGETS_KEY_3,
    key_id,
    signer,
)

ROOT = metadata.parse_root(e.root(1, [ROOT_KEY], [TARGETS_KEY, TARGETS_KEY_2, TARGETS_KEY_3], 1, 2))
AUTHORITIES = signing_request.authorities_of_targets(ROOT)
REQUEST = signing_request.parse_request(e.targets({"app": b"firmware"}, 7))
NAME = f"request {REQUEST.sha256.hex()[:16]} (targets version 7)"


def short(number: int) -> str:
    return key_id(number).hex()[:16]


def by(number: int, request: Request = REQUEST) -> tuple[str, DetachedSignature]:
    value = signer(number).sign(request.serialized)
    return f"{number}.json", DetachedSignature(
        request.sha256, request.role, request.version, key_id(number), value
    )


def error(
    *signatures: tuple[str, DetachedSignature],
    request: Request = REQUEST,
    authorities: list[Authority] = AUTHORITIES,
) -> str:
    with pytest.raises(SignatureError) as caught:
        attach(request, authorities, signatures)
    return str(caught.value)


def test_enough() -> None:
    signatures = [by(TARGETS_KEY), by(TARGETS_KEY_3)]
    signed, left_out = attach(REQUEST, AUTHORITIES, signatures)
    assert left_out == ()
    expected = e.signed(REQUEST.serialized, *sorted((TARGETS_KEY, TARGETS_KEY_3), key=key_id))
    assert metadata.build_signed("targets", signed) == expected
    # The order of the files is nothing.
    again = attach(REQUEST, AUTHORITIES, signatures[::-1]).signed
    assert metadata.build_signed("targets", again) == expected
    assert (
        len(attach(REQUEST, AUTHORITIES, [*signatures, by(TARGETS_KEY_2)]).signed.signatures) == 3
    )


OTHERS = {
    "another role": e.root(7),
    "an older version": e.targets({"app": b"older"}, 6),
    "a newer version": e.targets({"app": b"newer"}, 8),
    "the same version": e.targets({"app": b"other"}, 7),
}


@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)
def test_signatures_of_other_metadata_are_left_out(other: bytes) -> None:
    """One folder may hold the signatures of several bundles, by the same keys."""
    others = [
        (f"other {number}.json", by(number, signing_request.parse_request(other))[1])
        for number in (TARGETS_KEY, STRANGER)
    ]
    enough = [by(TARGETS_KEY), by(TARGETS_KEY_2)]
    expected = attach(REQUEST, AUTHORITIES, enough).signed
    names = tuple(path for path, _ in others)
    for signatures in ([*others, *enough], [*enough, *others]):
        assert attach(REQUEST, AUTHORITIES, signatures) == (expected, names)
        assert merge(NONE, REQUEST, AUTHORITIES, signatures) == (
            merge(NONE, REQUEST, AUTHORITIES, enough).signed,
            names,
        )
    assert error(*others, enough[0]).startswith(f"{names[0]}: signs request ")
    with pytest.raises(SignatureError, match=f"{names[0]}: signs request "):
        merge(NONE, REQUEST, AUTHORITIES, [*others, enough[0]])


def test_left_out_signatures_do_not_count_for_the_limit() -> None:
    other = by(TARGETS_KEY, signing_request.parse_request(OTHERS["an older version"]))
    many = [other] * 100
    enough = [by(TARGETS_KEY), by(TARGETS_KEY_2)]
    assert len(attach(REQUEST, AUTHORITIES, [*many, *enough]).left_out) == 100


def test_bad_signatures_of_this_metadata_are_not_left_out() -> None:
    assert "which may not sign this" in error(by(TARGETS_KEY), by(TARGETS_KEY_2), by(STRANGER))


def test_too_few() -> None:
    others = " ".join(sorted((short(TARGETS_KEY_2), short(TARGETS_KEY_3))))
    assert error(by(TARGETS_KEY)) == (
        f"too few signatures: {NAME}: 1 of 2 signatures by the root's keys, "
        f"signed: {short(TARGETS_KEY)} ({TARGETS_KEY}.json), not signed: {others}"
    )
    assert f"{NAME}: 0 of 2 signatures by the root's keys, not signed: " in error()


def test_unknown_key() -> None:
    text = error(by(TARGETS_KEY), by(STRANGER))
    assert text.startswith(
        f"{STRANGER}.json: signed by key {short(STRANGER)}, which may not sign this; remove it; "
        f"{NAME}: "
        f"1 of 2 signatures by the root's keys, signed: {short(TARGETS_KEY)} ({TARGETS_KEY}.json), "
        "not signed: "
    )


def test_a_key_of_the_other_role() -> None:
    assert "which may not sign this" in error(by(TARGETS_KEY), by(TARGETS_KEY_2), by(ROOT_KEY))


def test_one_signer_twice() -> None:
    path, signature = by(TARGETS_KEY)
    text = error((path, signature), ("copy.json", signature))
    assert text.startswith(
        f"{path}: key {short(TARGETS_KEY)} has signed twice, also in copy.json; "
    )
    assert "1 of 2 signatures" in text
    assert "has signed twice" in error((path, signature), (path, signature))


@pytest.mark.parametrize("flipped", [0, 31, 32, 63])
def test_bad_signature(flipped: int) -> None:
    path, signature = by(TARGETS_KEY)
    value = bytearray(signature.value)
    value[flipped] ^= 1
    bad = dataclasses.replace(signature, value=bytes(value))
    text = error((path, bad), by(TARGETS_KEY_2))
    assert text.startswith(
        f"{path}: bad signature by key {short(TARGETS_KEY)}; copy the file again, or sign again; "
        f"{NAME}: 1 of 2 "
    )


def test_zeros_are_not_a_signature() -> None:
    bad = dataclasses.replace(by(TARGETS_KEY)[1], value=bytes(64))
    assert "bad signature" in error(("zeros.json", bad))


def test_a_signature_under_another_name() -> None:
    bad = dataclasses.replace(by(TARGETS_KEY)[1], key_id=key_id(TARGETS_KEY_2))
    assert f"bad signature by key {short(TARGETS_KEY_2)}" in error(("s.json", bad))


@pytest.mark.parametrize(
    ("version", "said"),
    [
        (6, "an older one: version 6, now 7; sign again"),
        (8, "a newer one: version 8, now 7; sign again"),
        (
            7,
            "of the same version, but the content is another now; sign again; if version 7 is already "
            "published, raise the version first, because devices reject the same version with other "
            "content",
        ),
    ],
)
def test_a_signature_of_another_request(version: int, said: str) -> None:
    other = signing_request.parse_request(e.targets({"app": b"other"}, version))
    text = error(by(TARGETS_KEY), by(TARGETS_KEY_2, other))
    assert f"{TARGETS_KEY_2}.json: signs {other}, {said}; {NAME}: 1 of 2 signatures" in text


def test_a_signature_of_the_other_role() -> None:
    other = signing_request.parse_request(e.root(7))
    assert f"signs {other}, which has another role; remove it; " in error(by(TARGETS_KEY, other))


def test_a_signature_file_that_contradicts_the_bytes() -> None:
    for change in ({"version": 8}, {"role": "root"}):
        bad = dataclasses.replace(by(TARGETS_KEY)[1], **change)
        assert "which these bytes are not" in error(("s.json", bad))


def test_more_signatures_than_a_device_accepts() -> None:
    assert "65 signatures; a device accepts at most 64" in error(*[by(TARGETS_KEY)] * 65)


def test_a_root_needs_the_one_before_it() -> None:
    request = signing_request.parse_request(e.root(2, [ROOT_KEY_2]))
    assert isinstance(request.content, metadata.Root)
    only_own = signing_request.authorities_of_root(request.content, None)
    both = signing_request.authorities_of_root(request.content, ROOT)
    own, old = by(ROOT_KEY_2, request), by(ROOT_KEY, request)
    assert attach(request, only_own, [own]).signed.signatures
    assert attach(request, both, [own, old]).left_out == ()
    text = error(own, request=request, authorities=both)
    assert text.endswith(
        f"1 of 1 signatures by its own keys, signed: {short(ROOT_KEY_2)} ({ROOT_KEY_2}.json); "
        f"0 of 1 signatures by the previous root's keys, not signed: {short(ROOT_KEY)}"
    )
    assert "0 of 1 signatures by its own keys" in error(old, request=request, authorities=both)
    assert "may not sign this" in error(own, old, request=request, authorities=only_own)


def test_one_key_counts_for_both_roots() -> None:
    request = signing_request.parse_request(e.root(2, [ROOT_KEY]))
    assert isinstance(request.content, metadata.Root)
    both = signing_request.authorities_of_root(request.content, ROOT)
    assert len(attach(request, both, [by(ROOT_KEY, request)]).signed.signatures) == 1


NONE = Signed(REQUEST.serialized, ())


def merged(signed: Signed, *signatures: tuple[str, DetachedSignature]) -> set[Signature]:
    found = merge(signed, REQUEST, AUTHORITIES, signatures).signed.signatures
    assert len({each.key_id for each in found}) == len(found)
    return set(found)


def signature(number: int, value: bytes | None = None) -> Signature:
    return Signature(key_id(number), value or by(number)[1].value)


def test_merge_some_and_then_more() -> None:
    one, other = signature(TARGETS_KEY), signature(TARGETS_KEY_2)
    some = Signed(REQUEST.serialized, (one,))
    assert merged(NONE) == set()
    assert merged(NONE, by(TARGETS_KEY)) == {one}
    assert merged(some, by(TARGETS_KEY_2)) == {one, other}
    assert merged(some, by(TARGETS_KEY), by(TARGETS_KEY_2), by(TARGETS_KEY)) == {one, other}


def test_merge_keeps_signatures_that_do_not_count() -> None:
    stranger = signature(STRANGER)
    before = Signed(REQUEST.serialized, (stranger, signature(TARGETS_KEY_2, bytes(64))))
    good = signature(TARGETS_KEY)
    assert merged(before, by(TARGETS_KEY)) == {*before.signatures, good}
    # But a good signature takes the place of a bad one by its key.
    assert merged(before, by(TARGETS_KEY_2)) == {stranger, signature(TARGETS_KEY_2)}


def test_merge_keeps_one_of_two_good_ones() -> None:
    """ECDSA gives a second one: with (r, s) good, (r, n - s) is too."""
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    path, mine = by(TARGETS_KEY)
    s = order - int.from_bytes(mine.value[32:], "big")
    other = dataclasses.replace(mine, value=mine.value[:32] + s.to_bytes(32, "big"))
    expected = {signature(TARGETS_KEY, min(mine.value, other.value))}
    assert mine.value != other.value
    assert merged(NONE, (path, mine), (path, other)) == expected
    assert merged(NONE, (path, other), (path, mine)) == expected
    assert merged(Signed(NONE.serialized, (signature(TARGETS_KEY),)), (path, other)) == expected
    before = (signature(TARGETS_KEY, other.value), signature(TARGETS_KEY, bytes(64)))
    assert merged(Signed(NONE.serialized, before), (path, mine)) == expected


def test_merge_refuses_what_does_not_fit() -> None:
    path, mine = by(TARGETS_KEY)
    other = signing_request.parse_request(e.targets({"app": b"other"}, 7))
    for bad, said in (
        (by(STRANGER)[1], "which may not sign this; remove it"),
        (by(TARGETS_KEY_2, other)[1], "the content is another now; sign again; if version 7 is"),
        (dataclasses.replace(mine, value=bytes(64)), "bad signature by key "),
        (dataclasses.replace(mine, version=8), "which these bytes are not; copy the file again"),
    ):
        with pytest.raises(SignatureError, match=r"^bad\.json: ") as caught:
            merge(NONE, REQUEST, AUTHORITIES, [(path, mine), ("bad.json", bad)])
        assert said in str(caught.value)


def test_merge_of_more_signatures_than_a_device_accepts() -> None:
    many = tuple(Signature(bytes([number]) * 32, bytes(64)) for number in range(64))
    assert len(merged(Signed(NONE.serialized, many))) == 64
    with pytest.raises(SignatureError, match="65 signatures; a device accepts at most 64"):
        merge(Signed(NONE.serialized, many), REQUEST, AUTHORITIES, [by(TARGETS_KEY)])


def test_errors_name_the_holders_of_keys() -> None:
    names = {key_id(TARGETS_KEY): "Anna", key_id(TARGETS_KEY_2): "release manager"}
    signatures = [by(TARGETS_KEY)]
    with pytest.raises(TooFewSignatures) as caught:
        attach(REQUEST, AUTHORITIES, signatures, names)
    missing = {
        key_id(TARGETS_KEY_2): f"release manager ({short(TARGETS_KEY_2)})",
        key_id(TARGETS_KEY_3): short(TARGETS_KEY_3),
    }
    assert str(caught.value).endswith(
        f"signed: Anna ({short(TARGETS_KEY)}) ({TARGETS_KEY}.json), not signed: "
        + " ".join(missing[each] for each in sorted(missing))
    )
    with pytest.raises(SignatureError) as twice:
        attach(REQUEST, AUTHORITIES, [*signatures, ("copy.json", signatures[0][1])], names)
    assert f"key Anna ({short(TARGETS_KEY)}) has signed twice" in str(twice.value)
    bad = dataclasses.replace(signatures[0][1], value=bytes(64))
    with pytest.raises(SignatureError, match=r"bad signature by key Anna \("):
        attach(REQUEST, AUTHORITIES, [("bad.json", bad)], names)

"""Claims of a release manifest: reading returns the written claims, and other forms are refused by name."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from software_update.format.claims import (
    AREAS,
    CONFINED_BY,
    MAX_ATTACHMENT_BYTES,
    REACH,
    RELEASE_SCHEMA,
    Attachment,
    Claims,
    TargetClaim,
    check_claimed_targets,
    check_vocabulary,
    parse_targets,
    read_claims,
)
from software_update.format.limits import MAX_USER_MANIFEST_BYTES
from software_update.format.refusals import NotDisclosed, Refusal
from software_update.format.release_manifest import ReleaseManifest, build_release, parse_release

RELEASE = ReleaseManifest("blinky", "1.4.0", 7)
RADIO = TargetClaim("radio.bin", "radio firmware", "application", ("network", "radio"), "mpu", True)
BOOT = TargetClaim("boot.bin", "boot loader", "boot_loader", reversible=False)
SBOM = Attachment("sbom.cdx.json", 123, "ab" * 32)
NOTES = Attachment("doc/notes.txt", 0, "00" * 32)
FULL = Claims((BOOT, RADIO), (NOTES, SBOM))
Members = dict[str, Any]
CLAIM: Members = {"component": "radio firmware", "area": "application"}
ATTACHMENT: Members = {"name": "sbom", "length": 1, "sha256": "ab" * 32}


def manifest(**members: object) -> bytes:
    return json.dumps({"schema": RELEASE_SCHEMA, **members}).encode()


def detail(act: Callable[[], object]) -> str:
    with pytest.raises(NotDisclosed) as caught:
        act()
    assert caught.value.refusal is Refusal.MALFORMED_CLAIMS
    assert caught.value.subject == "release manifest"
    return caught.value.detail


@pytest.mark.parametrize("claims", [FULL, Claims(), Claims((RADIO,)), Claims((), (SBOM,))])
def test_round_trip(claims: Claims) -> None:
    content = build_release(RELEASE, claims)
    assert read_claims(content) == claims
    assert parse_release(content) == RELEASE


def test_the_bytes_do_not_change() -> None:
    written = build_release(RELEASE, Claims((RADIO,), (SBOM,)))
    assert written == build_release(RELEASE)[:-3] + (
        b',\n "targets": {\n  "radio.bin": {\n   "component": "radio firmware",\n   "area": "application",\n'
        b'   "reach": [\n    "network",\n    "radio"\n   ],\n   "confined_by": "mpu",\n'
        b'   "reversible": true\n  }\n },\n "attachments": [\n  {\n'
        b'   "name": "sbom.cdx.json",\n   "length": 123,\n   "sha256": "'
        + b"ab" * 32
        + b'"\n  }\n ]\n}\n'
    )


def test_the_bytes_do_not_depend_on_the_order_of_claims_attachments_and_words() -> None:
    radio = RADIO._replace(reach=RADIO.reach[::-1])
    other = Claims((radio, BOOT), (SBOM, NOTES))
    assert build_release(RELEASE, other) == build_release(RELEASE, FULL)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"[" * 100_000,
        b'{"targets": 7}',
        b'{"schema": "another", "targets": 7}',
        b'{"schema": ["software_update.release.v1"], "targets": 7}',
        manifest(),
        manifest(targets={}, attachments=[]),
    ],
)
def test_no_claims(content: bytes) -> None:
    assert read_claims(content) == Claims()


def test_unknown_members_and_words_are_kept_apart() -> None:
    claim = {**CLAIM, "area": "cloud", "reach": ["warp", "keys"], "confined_by": "wax", "more": [1]}
    (read,) = read_claims(manifest(targets={"a": claim})).targets
    assert read == TargetClaim("a", "radio firmware", "cloud", ("keys", "warp"), "wax")


def claim_with(**members: object) -> Members:
    return {"targets": {"a": {**CLAIM, **members}}}


def attachment_with(**members: object) -> Members:
    return {"attachments": [{**ATTACHMENT, **members}]}


def each_with(make: Callable[..., Members], member: str, *values: object) -> list[Members]:
    return [make(**{member: value}) for value in values]


# The detail of the refusal, and the members of several manifests that cause it.
MALFORMED: dict[str, list[Members]] = {
    "targets: needs an object": each_with(dict, "targets", [], None, "a", 7),
    "targets.a: needs an object": [
        {"targets": {"a": 7}},
        {"targets": {"a": None}},
        {"targets": {"a": []}},
    ],
    "targets: the target name '' is empty": [{"targets": {"": CLAIM}}],
    "targets: the target name '../x' has the part '..'": [{"targets": {"../x": CLAIM}}],
    "targets: the target name '\\x1b[2J' has characters other than A-Z a-z 0-9 . _ + - and /": [
        {"targets": {"\x1b[2J": CLAIM}}
    ],
    "targets: has the name A twice, as a": [{"targets": {"A": CLAIM, "a": CLAIM}}],
    "targets.a.component: needs a text of 1 to 64 characters": [
        *each_with(claim_with, "component", "", "x" * 65, None, 7, [], {}),
        {"targets": {"a": {"area": "model"}}},
    ],
    "targets.a.area: needs a word of at most 32 of a-z 0-9 _": [
        *each_with(
            claim_with, "area", "", "x" * 33, "Model", "a b", "a\x1b", "a\n", "é", None, 7, []
        ),
        {"targets": {"a": {"component": "radio"}}},
    ],
    "targets.a.reach: needs a list of at most 32 such words, each once": [
        *each_with(
            claim_with, "reach", "keys", None, {}, [""], [7], [["keys"]], [{}], ["keys", "keys"]
        ),
        claim_with(reach=[f"w{number}" for number in range(33)]),
    ],
    "targets.a.confined_by: needs a word of at most 32 of a-z 0-9 _": each_with(
        claim_with, "confined_by", "", "M", None, 7, []
    ),
    "targets.a.reversible: needs true or false": each_with(
        claim_with, "reversible", None, 0, 1, "true", []
    ),
    "attachments: needs a list": each_with(dict, "attachments", {}, None, "a", 7),
    "attachments[1]: needs an object": [
        {"attachments": [ATTACHMENT, []]},
        {"attachments": [ATTACHMENT, None]},
    ],
    "attachments[0].name: needs a text": each_with(attachment_with, "name", None, 7, []),
    "attachments: the attachment name 'a/../b' has the part '..'": [attachment_with(name="a/../b")],
    "attachments: has the name SBOM twice, as sbom": [
        {"attachments": [{**ATTACHMENT, "name": "SBOM"}, ATTACHMENT]}
    ],
    f"attachments[0].length: needs 0 to {MAX_ATTACHMENT_BYTES}": each_with(
        attachment_with, "length", -1, MAX_ATTACHMENT_BYTES + 1, 10**30, True, 1.0, "1", None
    ),
    "attachments[0].sha256: needs 64 hexadecimal digits in lower case": each_with(
        attachment_with, "sha256", "", "AB" * 32, "ab" * 31, "ab" * 32 + "\n", "é" * 64, None, 7, []
    ),
}


@pytest.mark.parametrize(
    ("members", "expected"),
    [(members, expected) for expected, several in MALFORMED.items() for members in several],
)
def test_errors_name_the_member_and_its_place(members: Members, expected: str) -> None:
    content = manifest(**members)
    assert detail(lambda: read_claims(content)) == expected


def test_the_verifier_does_not_judge_claims() -> None:
    content = build_release(RELEASE)
    for several in MALFORMED.values():
        for members in several:
            document = {**json.loads(content), **members}
            assert parse_release(json.dumps(document).encode()) == RELEASE


def test_longest_values() -> None:
    words = [f"{number:02}".rjust(32, "x") for number in range(32)]
    claim = {"component": "é" * 64, "area": "x" * 32, "reach": words, "confined_by": "y" * 32}
    attachment = {**ATTACHMENT, "length": MAX_ATTACHMENT_BYTES}
    read = read_claims(manifest(targets={"a": claim}, attachments=[attachment]))
    assert read.targets[0].reach == tuple(words)
    assert read.attachments[0].length == MAX_ATTACHMENT_BYTES


@pytest.mark.parametrize(
    "claims",
    [
        Claims((RADIO._replace(target="a b"),)),
        Claims((RADIO, RADIO._replace(reversible=None))),
        Claims((RADIO._replace(component=""),)),
        Claims((RADIO._replace(reach=("Keys",)),)),
        Claims((), (SBOM, SBOM._replace(length=0))),
        Claims((), (SBOM._replace(sha256="AB" * 32),)),
    ],
)
def test_claims_that_no_reader_accepts_are_not_written(claims: Claims) -> None:
    detail(lambda: build_release(RELEASE, claims))


NAMES = st.sampled_from(
    [
        "targets",
        "attachments",
        "app",
        "a/../b",
        "component",
        "area",
        "reach",
        "name",
        "length",
        "\x1b",
    ]
)
WORDS = st.sampled_from(["application", "network", "warp", "ab" * 32, "", "A", "\x00", "é" * 70])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | WORDS | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(VALUES, VALUES, st.integers(0, 40))
def test_any_json_has_claims_or_is_refused_in_one_line(
    targets: object, attachments: object, depth: int
) -> None:
    for _ in range(depth):
        targets = [targets]
    content = manifest(targets=targets, attachments=attachments)
    try:
        claims = read_claims(content)
    except NotDisclosed as refused:
        assert refused.refusal is Refusal.MALFORMED_CLAIMS
        assert str(refused).isprintable() and len(str(refused)) < 1000
        return
    assert read_claims(build_release(RELEASE, claims)) == claims


def test_as_many_claims_as_a_manifest_has_room_for() -> None:
    claim = {"component": "c", "area": "model"}
    content = manifest(targets={f"t{number}": claim for number in range(20_000)})
    assert len(content) < MAX_USER_MANIFEST_BYTES
    assert len(read_claims(content).targets) == 20_000


def test_vocabulary_is_accepted() -> None:
    targets = [RADIO._replace(target=area, area=area, reach=REACH) for area in AREAS]
    targets += [RADIO._replace(target=f"c.{each}", confined_by=each) for each in CONFINED_BY]
    check_vocabulary(Claims((*targets, BOOT)))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"area": "cloud"}, f"'cloud' is not a word for area; use one of {', '.join(AREAS)}"),
        (
            {"reach": ("keys", "warp")},
            f"'warp' is not a word for reach; use one of {', '.join(REACH)}",
        ),
        (
            {"confined_by": "x"},
            f"'x' is not a word for confined_by; use one of {', '.join(CONFINED_BY)}",
        ),
    ],
)
def test_other_words_are_refused_by_the_build(change: Members, message: str) -> None:
    claims = Claims((BOOT, RADIO._replace(**change)))
    assert detail(lambda: check_vocabulary(claims)) == f"targets.radio.bin: {message}"


def test_claims_about_targets_that_the_release_does_not_list() -> None:
    check_claimed_targets(FULL, ["radio.bin", "boot.bin", "more"])
    assert detail(lambda: check_claimed_targets(FULL, ["boot.bin"])) == (
        "targets.radio.bin: the release does not list this target; remove the claim, or correct its name"
    )


def test_powers_of_a_release() -> None:
    keys = RADIO._replace(target="k", reach=("keys", "network"))
    assert Claims((keys, BOOT, RADIO)).reach() == ("keys", "network", "radio")
    assert Claims().reach() == ()


def test_targets_of_a_file() -> None:
    assert parse_targets({"b": CLAIM, "a": CLAIM}) == tuple(
        TargetClaim(each, "radio firmware", "application") for each in "ab"
    )

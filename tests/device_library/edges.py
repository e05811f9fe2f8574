"""Bundles that few cases and mutants resemble: at limits, and for devices with moved roots or bad storage."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator
from typing import Any

from software_update.testing import encode as e
from software_update.testing import zstd_frames
from software_update.testing.zstd_frames import frame, raw, rle
from software_update.verify.roots import trust_root

from tests.attacks import compression_cases, product
from tests.attacks.product import (
    HARDWARE,
    STRANGER,
    T2,
    T3,
    TRUSTED,
    USER_MANIFEST,
    R,
    T,
    good,
    release,
    release_json,
    root,
    targets,
)
from tests.device_library import library, python_judge, signatures, subjects
from tests.device_library.library import BARE, SMALL, USUAL, Around, Library
from tests.device_library.subjects import BUNDLE, Device, Subject

WHOLE = 1 << 30
ROOT, CHAIN = 5, 65
DEVICE = Device(TRUSTED, at=product.NOW)


@dataclasses.dataclass(frozen=True)
class Question:
    """A bundle, the device that it arrives at, and how. The other members are as in library.py.

    `listed`: its good signatures, so that none need be computed.
    """

    bundle: bytes
    device: Device = DEVICE
    piece: int = 7
    sink: int = 0
    fake: bool = False
    limits: int = USUAL
    listed: bytes | None = None
    roots: int = 0
    unpacks: int = library.UNPACKS
    moved: bytes = b""
    promised: int = 0

    def judged(self, tested: Library) -> str:
        """Returns the verdict, or what the bundle is beyond."""
        return tested.judge(
            self.bundle,
            self.device,
            piece=self.piece,
            fake=self.fake,
            listed=self.listed,
            limits=self.limits,
            around=Around(self.sink, self.roots, self.unpacks, self.moved, self.promised),
        )

    def answer(self, tested: Library) -> str:
        """Returns the verdict, and all that a client learns of the bundle."""
        found, result = self.judged(tested), tested.result
        counts = (result.good, result.written, result.verifications, result.window)
        digests = (bytes(result.newer).hex(), bytes(result.digests).hex())
        parts = (*counts, result.roots, *result.facts, *digests)
        return f"{found} {parts} {result.keys} {bytes(result.identities).hex()}"


@dataclasses.dataclass(frozen=True)
class Edge:
    """A question. `verdict`: None if the Python verifier has it, for the device `same_device`, if any."""

    name: str
    question: Question
    verdict: str | None = None
    same_device: Device | None = None


@functools.cache
def all_edges() -> tuple[Edge, ...]:
    """Returns all edges."""
    return (*_manifests(), *_lists(), *_payloads(), *_devices(), *_moved())


@functools.cache
def good_signatures() -> bytes:
    """As signatures.good, of all cases and edges."""
    devices = [
        (each.question.bundle, each.same_device or each.question.device) for each in all_edges()
    ]
    usable = [Subject("", "", *each) for each in devices if python_judge.is_usable(each[1])]
    return signatures.of_all_cases() + signatures.good(usable)


DATES = (
    "2000-02-29T00:00:00Z",
    "2024-02-29T23:59:59Z",
    "1900-02-29T00:00:00Z",
    "2023-02-29T00:00:00Z",
    "2031-04-31T00:00:00Z",
    "2031-00-01T00:00:00Z",
    "2031-01-00T00:00:00Z",
    "0000-01-01T00:00:00Z",
    "2031-13-01T00:00:00Z",
    "2031-01-01T00:00:60Z",
    "2031-01-01T00:00:00Zx",
    "2031-01-01T00:00:00z",
    "2031-01-01T000:00:00",
    "20310-01-01T00:00:0Z",
    "2031-01-01T00:00:00",
    "2031-12-31T23:59:59Z",
    ":031-01-01T00:00:00Z",
    "2025-02-29T00:00:00Z",
    "2026-02-29T00:00:00Z",
    "2028-02-29T00:00:00Z",
    "2028-02-30T00:00:00Z",
    "2031-01-01T24:00:00Z",
    "2031-01-01T00:60:00Z",
    *(f"2031-{month:02}-{day}T00:00:00Z" for month in range(1, 13) for day in range(28, 33)),
)
LANGUAGES = (
    "es-419",
    "sl-1994",
    "d-DE",
    "de-",
    "de--x",
    "d",
    "d1",
    "1d",
    "toolonglanguage",
    "de-toolongsubtag",
    "de-@",
    "de-[",
    "de-{",
    "de-/",
    "de-:",
    "abcdefgh",
    "de-abcdefgh",
    "abcdefghi",
    "de-abcdefghi",
)
# The first and last characters of each length in UTF-8, and those next to the surrogates.
CODES = (
    0x7F,
    0x80,
    0xFF,
    0x7FF,
    0x800,
    0x6C00,
    0xD7FF,
    0xE000,
    0xF000,
    0xFFFF,
    0x1000,
    0xCFFF,
    0xEFFF,
)
LONG_CODES = (0x10000, 0x1F41B, 0x103FF, 0x10FC00, 0x10FFFF, 0x40000, 0xC0000, 0xFFFFF)
ESCAPES = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
# All that counts in some place of a release manifest.
WORDS = [
    "schema",
    "product",
    "version",
    "release_counter",
    "minimum_release_counter",
    "hardware_ids",
    "notes",
    "severity",
    "support_until",
    "kind",
    "advisories",
    "duration",
    "unavailable_functions",
    "reversible",
    "texts",
    "id",
    "text",
    "action",
    "low",
    "medium",
    "high",
    "critical",
    "security",
    "feature",
    "both",
    "software_update.release.v1",
    "",
]
NOT_UTF8 = (
    b"\xc1\xbf",
    b"\xe0\x9f\xbf",
    b"\xed\xa0\x80",
    b"\xf0\x8f\xbf\xbf",
    b"\xf4\x90\x80\x80",
    b"\xf5\x80\x80\x80",
    b"\xc3\xc3",
    b"\xc3\xc0",
    b"\xc3\x7f",
    b"\xe6\x80\x7f",
    b"\xe6\x80\xc0",
    b"\x80",
)
CLAIM = "software_update.release."
BAD_RELEASE = release_json(0)
# Contents after which the next release manifest is read from its beginning.
BROKEN_RELEASES = (
    b"software_update.releas",
    release_json()[:-5],
    b'[[["x',
    b'{"schema": "software_update.release.v1", "a": 12',
    rb'{"a": {"b": "\ud83d',
    b'{"a": "\xe6\x80',
    b'{"a": tr',
    b'{"a": -',
    release_json(hardware_ids=[HARDWARE], minimum_release_counter=2),
    release_json(0),
)
# Members of a release manifest.
MEMBERS = (
    rb'"a": "\ud83d\ud83d"',
    rb'"a": "\ud83d\n"',
    rb'"a": "\ud83dx"',
    rb'"a": "\ud83d\udc1b\udc1b"',
    b'"a": "\xc3\\n"',
    b'"a": "\xc3"',
    b'"a": -1.5e+3',
    b'"a": 1E-2',
    b'"a": 1+2',
    b'"a": 1-2',
    b'"a": +1',
    b'"a": 1.e2',
    b'"a": 0e0',
    b'"hardware_ids": ["board-1", "board-2"]',
    b'"hardware_ids": ["board-1", "board-1"]',
    rb'"a": "\xn"',
    rb'"a": "\u00:0"',
    rb'"a": "\u00g0"',
    rb'"a": "\u00g00"',
    b'"a": [{"b": 1}, {"b": 2}]',
    b'"severity": "low medium"',
    b'"advisories": [%b, %b]' % ((b'{"id": "1", "text": "2", "severity": "low", "x": 5}',) * 2),
    b'"severity": "xow"',
    *(b'"severity": "%b"' % each for each in (b"low", b"medium", b"high", b"critical")),
    *(b'"kind": "%b"' % each for each in (b"security", b"feature", b"both")),
    b'"a": 1, "A": 2',
    b'"a": nuxl',
    b'"a": nuxll',
    b'"a": xull',
    b'"a": tue',
    b'"a": [true, false, null]',
    b'"reversible": true',
    b'"reversible": false',
    b'"kind": ""',
    b'"severity": ""',
    b'"schema": ""',
    b'"a": 1ex5',
    b'"a": xrue',
    b'"a": xalse',
    b'"a";1',
    b'"a":: 1',
    b'"a": 1:',
    b'"a": "\\\0"',
    rb'"a": "\u00af\u00AF\u0990"',
    b'"duration": 9, "minimum_release_counter": 3',
    b'"minimum_release_counter": 3, "duration": 9, "a": 4',
    rb'"hardware_ids": ["board-1\u0000"]',
    b'"kind": "security feature"',
    rb'"\ud83d\n": 1, "\ud83d\u000a": 2',
    rb'"\ud83dx": 1, "\ud83d\u0078": 2',
    rb'"\udc00": 1, "%b": 2' % "\U00010000".encode(),
    *(b'"a": "%b"' % each for each in NOT_UTF8),
)


def _escaped(text: str) -> str:
    units = text.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


def _members() -> Iterator[bytes]:
    """More members: a text, and two spellings of a key, which may appear only once."""
    for code in (*CODES, *LONG_CODES):
        yield f'"a": "{chr(code)}"'.encode()
        yield f'"{_escaped(chr(code))}": 1, "{chr(code)}": 2'.encode()
    for word in WORDS:
        yield f'"{word}": 5'.encode()
        yield f'"severity": "{word}"'.encode()
        yield f'"kind": "{word}"'.encode()
        yield f'"schema": "{word}"'.encode()
        yield f'"texts": {{"de": {{"{word}": 5}}}}'.encode()
        advisory = f'{{"id": "1", "text": "2", "severity": "low", "{word}": 5}}'
        yield f'"advisories": [{advisory}]'.encode()
    for escape, character in ESCAPES.items():
        yield f'"\\{escape}": 1, "{_escaped(character)}": 2'.encode()


def _with_manifest(content: bytes, **device: Any) -> Question:
    bundle = good({USER_MANIFEST: content}, 2)
    return Question(bundle, dataclasses.replace(DEVICE, hardware_id=HARDWARE, **device))


def _manifests() -> Iterator[Edge]:
    """Release manifests."""
    for date in DATES:
        yield Edge(f"date {date}", _with_manifest(release_json(support_until=date)))
    for tag in LANGUAGES:
        yield Edge(f"language {tag}", _with_manifest(release_json(texts={tag: {}})))
    for member in (*MEMBERS, *_members()):
        content = release_json()[:-1] + b", " + member + b"}"
        yield Edge(f"member {member!r}", _with_manifest(content))
    # Would not fit this hardware, if the name were user_manifest.
    other = release_json(hardware_ids=["board-9"])
    for name in ("user_manifes", "user_manifestx", "User_manifest", "xser_manifest", USER_MANIFEST):
        device = dataclasses.replace(DEVICE, hardware_id=HARDWARE)
        yield Edge(f"manifest named {name}", Question(good({name: other}, 2), device))
    many = release_json(a=1, b=2, c=3)
    for limits in (SMALL, BARE):
        edge = _with_manifest(many)
        beyond = "beyond release manifest"
        yield Edge(f"many keys {limits}", dataclasses.replace(edge, limits=limits), beyond)
    yield Edge(
        "as many keys as fit",
        dataclasses.replace(_with_manifest(release_json(a=1, b=2)), limits=SMALL),
    )
    for size in (2**20, 2**20 + 1):
        yield Edge(f"manifest of {size}", _with_manifest(release_json().ljust(size)))
    twice = good({USER_MANIFEST: release_json()}) + e.payload(USER_MANIFEST, release_json())
    yield Edge("manifest twice", Question(twice))
    for word in (*WORDS, CLAIM):
        schema = release_json().replace(b"software_update.release.v1", word.encode())
        yield Edge(f"schema {word!r}", _with_manifest(schema))
    named = release_json(product=HARDWARE, hardware_ids=["board-2"])
    yield Edge("a product of the hardware's name", _with_manifest(named))
    yield from _other_manifests()
    yield from _claims()


def _other_manifests() -> Iterator[Edge]:
    """Manifests that the device has, and those after a file that the reader has begun."""
    late = e.blob(4, e.blob(2, release_json()) + e.text(1, USER_MANIFEST))
    bundle = release(targets({USER_MANIFEST: release_json(), "app": b"x"}), {"app": b"x"}) + late
    yield Edge("the manifest before its name", Question(bundle))
    described = release_json(5, minimum_release_counter=2, hardware_ids=[HARDWARE])
    for name, content in (("opaque", b"1.2.3"), ("release", described)):
        for hardware in (HARDWARE, "board-2"):
            installed = product.device(content)
            device = dataclasses.replace(DEVICE, installed=installed, hardware_id=hardware)
            contents = {**product.CONTENTS, USER_MANIFEST: content}
            question = Question(release(targets(contents, 2)), device)
            yield Edge(f"{name} left out on {hardware}", question)
    for before in BROKEN_RELEASES:
        for content in (b"e.v1", release_json()):
            contents = {"app": before, USER_MANIFEST: content}
            late = e.blob(4, e.blob(2, before) + e.text(1, "app"))
            bundle = release(targets(contents), {}) + late + e.payload(USER_MANIFEST, content)
            yield Edge(f"{content!r} after {before!r}", Question(bundle))


def _claims() -> Iterator[Edge]:
    """Files that claim to be release manifests, or nearly do, and manifests of several digests."""
    for claim in (
        "oftware_update.release.v1",
        "ssoftware_update.release.",
        f"{CLAIM[:-2]}{CLAIM[1:]}",
    ):
        yield Edge(f"claim {claim}", _with_manifest(claim.encode()))
    for zeros in (b"s\0" + CLAIM[1:].encode(), b"so\0" + CLAIM[2:].encode(), b"s\0o\0\0ftware"):
        yield Edge(f"zeros in a claim: {zeros!r}", _with_manifest(zeros))
    for encoding in ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"):
        content = bytearray(f"x{CLAIM[1:]}".encode(encoding))
        # The last byte before the second character is not 0.
        content[content.index(b"o") - 1] = 1
        yield Edge(f"nearly a claim in {encoding}", _with_manifest(bytes(content)))
    other = e.target_of("app", 1, [(1, bytes(32)), (1, e.sha256(BAD_RELEASE))])
    wrong = e.target_of(USER_MANIFEST, len(BAD_RELEASE), [(1, bytes(32))])
    metadata = e.targets_of(e.common("targets"), [other, wrong])
    edge = Question(release(metadata, {USER_MANIFEST: BAD_RELEASE, "app": b"x"}))
    yield Edge("the second digest of another target", edge)
    for name, listed in (("listed", 1), ("listed twice", 2)):
        good_digest, bad = e.sha256(BAD_RELEASE), bytes(32)
        for digests in ([good_digest], [bad, good_digest], [bad, bad]):
            target = e.target_of(USER_MANIFEST, len(BAD_RELEASE), [(1, each) for each in digests])
            metadata = e.targets_of(e.common("targets"), [target] * listed)
            edge = Question(release(metadata, {USER_MANIFEST: BAD_RELEASE}))
            yield Edge(f"bad manifest {name} with {digests!r}", edge)


def _lists() -> Iterator[Edge]:
    """Metadata."""
    for spec in ("1.000000000.0", "1.0000000000.0", "1..0", "1.0.0.", "1.0.0:", "1.0./"):
        common = e.common("targets", spec=spec)
        bundle = release(e.targets_of(common, [e.target("app", b"x")]), {"app": b"x"})
        yield Edge(f"spec {spec}", Question(bundle))
    for entries in (["a/*", "a/*", "a/*"], ["a/../*", "b", "b"], ["a", "b", "c"], ["c", "b", "b"]):
        allowed = b"".join(e.blob(254, each.encode()) for each in entries)
        signed = e.signed(root(2) + allowed, R)
        contents = {"c": b"x"}
        bundle = good(contents, roots=e.root_entry(signed))
        yield Edge(f"allowed {entries}", Question(bundle))
        beyond = "beyond allowed targets"
        yield Edge(f"allowed {entries} in little room", Question(bundle, limits=SMALL), beyond)
    yield from _roots()
    usual = (e.target("app", b"x"), e.target("boot", b"x"), e.target("boot2", b"x"))
    listing = e.root_entry(e.signed(root(2) + e.blob(254, b"c"), R))
    bundle = release(targets({"c": b"x"}), {"c": b"x"})
    yield Edge("allowed, root late", Question(bundle + listing), "beyond order")
    free = e.root_entry(e.signed(root(2), R))
    device = Device(e.signed(root() + e.blob(254, b"d"), R), at=product.NOW)
    yield Edge("not allowed, root late", Question(bundle + free, device), "beyond order")
    long_key = e.blob(1, bytes(32)) + e.blob(2, e.blob(3, bytes(66)) + e.number(1, 3))
    late_scheme = e.blob(1, bytes(32)) + e.blob(2, e.blob(3, bytes(66)) + e.number(2, 3))
    for name, key in (("type", long_key), ("scheme", late_scheme)):
        listed = e.root_of(e.common("root", 2), [R.listed, key], e.roles_of(R), e.roles_of(T))
        bundle = good(roots=e.root_entry(e.signed(listed, R)))
        yield Edge(f"a long key before its {name}", Question(bundle), "beyond order")
    yield from _targets()
    bundle = release(e.targets_of(e.common("targets"), usual), {})
    yield Edge("a target more than fits", Question(bundle, limits=SMALL), "beyond targets")


def _targets() -> Iterator[Edge]:
    """Targets metadata, and the names that a root allows."""
    app = e.target("app", b"x")
    digest = e.blob(3, e.number(1, 1))
    files = [app, e.text(1, "boot") + e.number(2, 1) + digest]
    bundle = release(e.targets_of(e.common("targets"), files), {"app": b"x", "boot": b"x"})
    yield Edge("a hash without its digest", Question(bundle))
    twice = e.targets_of(e.common("targets"), [app, e.target("boot", b"y"), app])
    payloads = e.payload("app", b"x") + e.payload("boot", b"y") + e.payload("app", b"x")
    bundle = release(twice, {}) + payloads
    yield Edge("a target and its payload twice, with another between", Question(bundle))
    for seconds in (0, 1):
        bundle = good(expires=b"")
        yield Edge(
            f"expires without a time, at {seconds}", Question(bundle, Device(TRUSTED, at=seconds))
        )
    bundle = good({"x": b"x", "App": b"x", "app": b"x"})
    yield Edge("the second name again", Question(bundle))
    for name, entries in (
        ("z/12", ("app", "z/*")),
        ("bolt", ("app", "boot")),
        ("abc", ("x", "abc")),
    ):
        listing = b"".join(e.text(254, each) for each in entries)
        device = Device(e.signed(root() + listing, R), at=product.NOW)
        yield Edge(f"{name} if {entries} are allowed", Question(good({name: b"x"}), device))
    long = [f"{number:064}" for number in range(8)]
    listing = b"".join(e.text(254, each) for each in ("app", "boot", *long))
    yield Edge(
        "many long entries", Question(good(roots=e.root_entry(e.signed(root(2) + listing, R))))
    )
    for field in (e.varint(5) + bytes(4), e.varint(1) + bytes(8)):
        bundle = good(roots=e.root_entry(e.signed(root(2) + field, R)))
        yield Edge(f"a field of the number 0: {field!r}", Question(bundle))


def _roots() -> Iterator[Edge]:
    """Keys, roles and signatures of a new root."""
    common, roles = e.common("root", 2), (e.roles_of(R), e.roles_of(T))
    for name, fields, id_ in (
        ("type", e.number(2, 3) + e.blob(3, T2.keyval), e.key_id_of(T2.keyval, 0, 3)),
        ("scheme", e.number(1, 3) + e.blob(3, T2.keyval), e.key_id_of(T2.keyval, 3, 0)),
        ("value", e.number(1, 3) + e.number(2, 3), e.key_id_of(b"")),
        (
            "a type of one byte",
            e.number(1, 256) + e.number(2, 256) + e.blob(3, T2.keyval),
            e.key_id_of(T2.keyval, 256, 256),
        ),
        (
            "a small type",
            e.number(1, 255) + e.number(2, 255) + e.blob(3, T2.keyval),
            e.key_id_of(T2.keyval, 255, 255),
        ),
    ):
        listed = e.root_of(common, [R.listed, e.blob(1, id_) + e.blob(2, fields), T.listed], *roles)
        yield Edge(f"a key without {name}", Question(good(roots=e.root_entry(e.signed(listed, R)))))
    nameless = e.blob(2, e.number(1, 3) + e.number(2, 3) + e.blob(3, R.keyval))
    listed = e.root_of(common, [R.listed, nameless, T.listed], *roles)
    yield Edge("a key without its id", Question(good(roots=e.root_entry(e.signed(listed, R)))))
    one, other = (e.role([key.key_id, bytes(32) + end]) for key, end in ((R, b"1"), (T, b"2")))
    bundle = good(
        roots=e.root_entry(e.signed(e.root_of(common, [R.listed, T.listed], one, other), R))
    )
    yield Edge("long key ids with the same beginning", Question(bundle))
    one, other = (e.role([key.key_id, bytes(33)]) for key in (R, T))
    bundle = good(
        roots=e.root_entry(e.signed(e.root_of(common, [R.listed, T.listed], one, other), R))
    )
    yield Edge("a long key id in both roles", Question(bundle))
    unknown = e.number(200, 1)
    many = unknown * 200 + root(2) + unknown * 100
    yield Edge(
        "unknown fields around others", Question(good(roots=e.root_entry(e.signed(many, R))))
    )
    stamped = (
        root(2) + e.blob(5, e.role([bytes(32), T2.key_id], 3)) + e.blob(6, e.role([T3.key_id], 3))
    )
    bundle = good(roots=e.root_entry(e.signed(stamped, R)))
    yield Edge("keys of other roles in little room", Question(bundle, limits=SMALL))
    moved = e.root_entry(e.signed(root(2), R))
    signatures = (T.signature(targets()), STRANGER.signature(targets()), e.blob(1, bytes(32)))
    signed = e.targets_entry(e.signed_of(targets(), signatures)) + e.payloads(product.CONTENTS)
    yield Edge("a third signature without its value", Question(moved + signed, limits=SMALL))
    backward = e.blob(2, R.sign(root(2))) + e.blob(1, R.key_id)
    bundle = e.root_entry(e.signed_of(root(2), [backward])) + e.targets_entry(e.number(9, 1))
    yield Edge("a fault after a key id", Question(bundle + e.payload("app", b"x")))
    yield from _former_roots()


def _former_roots() -> Iterator[Edge]:
    """Roots under which the installed release may have been accepted, and chains."""
    common, roles = e.common("root", 2), (e.roles_of(R), e.roles_of(T))
    installed = e.manifest(targets(version=5))
    ordered = e.root_of(common, [T.listed, R.listed], *roles)
    bundle = good(roots=e.root_entry(e.signed(ordered, R)))
    yield Edge(
        "the targets key first", Question(bundle, Device(TRUSTED, installed, at=product.NOW))
    )
    yield Edge("the targets key first, on a new device", Question(bundle))
    three = [key.listed for key in (R, T, T2)]
    unused = e.signed(e.root_of(e.common("root", 1), three, *roles), R)
    device = Device(unused, installed, at=product.NOW)
    yield Edge("a key without a role before", Question(good(), device))
    unused = e.root_of(common, three, e.roles_of(R), e.roles_of(T2))
    bundle = good(roots=e.root_entry(e.signed(unused, R)), key=T2)
    yield Edge(
        "the targets key without a role",
        Question(bundle, Device(TRUSTED, installed, at=product.NOW)),
    )
    stated = e.manifest(targets(version=5), root=(1, root()))
    device = Device(TRUSTED, stated, TRUSTED, at=product.NOW)
    yield Edge("the root that is stated", Question(good(), device))
    first = e.root_of(e.common("root", 1), [T.listed, R.listed], *roles)
    bundle = good(roots=e.root_entry(e.signed(root(2, targets_keys=[T2]), R)), key=T2)
    device = Device(e.signed(first, R), installed, at=product.NOW)
    yield Edge("the targets key first, and removed", Question(bundle, device))
    second = e.signed(root(2), R)
    bundle = good(roots=e.chain(second, TRUSTED) + e.root_entry(second))
    yield Edge(
        "the root before the device's again", Question(bundle, Device(second, at=product.NOW))
    )
    short = e.root_of(common, [R.listed, T.listed], e.roles_of(R), e.role([b"k"]))
    twice = e.root_entry(e.signed(short)) + e.payload("x", b"y" * 40) * 2
    yield Edge("a payload twice after a short key id", Question(twice))
    more = e.signed(root(targets_keys=[T, T3], targets_threshold=2), R)
    chain = e.chain(e.signed(root(2, targets_keys=[T, T3], targets_threshold=2), R))
    less = e.root_entry(e.signed(root(3, targets_keys=[T2]), R))
    device = Device(more, installed, at=product.NOW)
    yield Edge(
        "fewer keys in the place of more", Question(good(roots=chain + less, key=T2), device)
    )
    for name, first_role, second_role in (
        ("root", e.blob(1, R.key_id), e.roles_of(T)),
        ("targets", e.roles_of(R), e.blob(1, T.key_id)),
    ):
        listed = e.root_of(e.common("root", 3), [R.listed, T.listed], first_role, second_role)
        bundle = good(roots=e.chain(second) + e.root_entry(e.signed(listed, R)))
        yield Edge(f"no threshold of {name} in the place of the first root", Question(bundle))
    third, fourth, fifth = (e.signed(root(version), R) for version in (3, 4, 5))
    gap = e.chain(e.signed(root(2), R), fourth) + e.root_entry(third) + e.chain(fifth)
    yield Edge("a chain after its fault and the root", Question(good(roots=gap)))
    another = e.manifest(targets(version=5), root=(1, b"another root"))
    bundle = good(roots=e.root_entry(e.signed(root(2, targets_keys=[T2]), R)), key=T2)
    device = Device(TRUSTED, another, at=product.NOW)
    yield Edge("another root of the same version is stated", Question(bundle, device))
    three_keys = root(targets_keys=[T3, T, T.mirrored], targets_threshold=3)
    device = Device(e.signed(three_keys, R), installed, at=product.NOW)
    yield Edge("one key twice after another", Question(bundle, device))
    two = e.signed(root(targets_keys=[T, T.mirrored], targets_threshold=2), R)
    bundle = good(roots=e.root_entry(e.signed(root(2, targets_keys=[T2]), R)), key=T2)
    yield Edge("one key twice before", Question(bundle, Device(two, installed, at=product.NOW)))


def _payloads() -> Iterator[Edge]:
    """Sinks, and compressed payloads."""
    yield Edge("unsafe, then the release", Question(e.payload("../x", b"x") + good()))
    twice = e.payload("z", b"1") + e.payload("y", b"2") * 2
    yield Edge("unlisted and twice", Question(good() + twice))
    plain, packed = good(), compression_cases.compressed(compression_cases.STORED)
    for name, bundle in (("plain", plain), ("packed", packed)):
        yield Edge(f"{name} skipped", Question(bundle, sink=library.SKIPS))
        for sink in (library.FAILS_TO_OPEN, library.FAILS_TO_WRITE, library.FAILS_TO_CLOSE):
            for piece in (7, WHOLE):
                question = Question(bundle, sink=sink, piece=piece)
                yield Edge(f"{name} sink {sink} {piece}", question, "storage failed")
        yield Edge(f"{name} cut", Question(bundle, promised=3), "MALFORMED")
    for app, boot in ((b"?", b"?"), (b"application", b"?"), (b"Application", b"bootloader")):
        loose = e.payload("app", app) + e.payload("boot", boot)
        yield Edge(f"{app!r} and {boot!r} first", Question(loose + release(targets(), {})))
    target = compression_cases.GOOD_TARGET
    for payload in (b"?", compression_cases.STORED):
        loose = e.payload("app", payload) + compression_cases.listed(target)
        verdict = "LENGTH_MISMATCH" if payload == b"?" else "beyond order"
        yield Edge(f"packed {payload!r} first", Question(loose), verdict)
    # The header of the block, and its content, as if the size of the content were in the header.
    odd = b"aa" + b"\x21\x02\x00" + bytes(68)
    for name, original, packed_app in (
        ("without its size", odd, frame(None, [raw(odd)], window=0)),
        ("a repeated byte", b"a" * 100, frame(100, [rle(b"a", 100)])),
        ("a window of 1.375 MiB", b"a" * 100, frame(100, [rle(b"a", 100)], window=10 << 3 | 3)),
        ("a window of 7.5 MiB", b"a" * 100, frame(100, [rle(b"a", 100)], window=12 << 3 | 7)),
    ):
        yield Edge(f"packed {name}", Question(compression_cases.compressed(packed_app, original)))
    target = e.compressed("app", compression_cases.STORED, b"application")
    boot = e.blob(4, e.blob(2, b"bootloader") + e.text(1, "boot"))
    payloads = e.payload("app", compression_cases.STORED) + boot
    bundle = compression_cases.listed(target, e.target("boot", b"bootloader"), payloads=payloads)
    yield Edge("a late name after a packed payload", Question(bundle))
    question = Question(bundle, sink=library.WRITES)
    yield Edge("a late name with a sink", question, "beyond order")
    compression = e.number(1, 1) + e.blob(3, e.sha256(b"?"))
    stored = zstd_frames.stored(b"?")
    target = e.compressed_of("app", stored, compression)
    bundle = compression_cases.listed(target, payloads=e.payload("app", stored))
    yield Edge("packed without its length", Question(bundle))
    length, sha256 = e.number(2, 11), e.blob(3, e.sha256(b"application"))
    whole = e.compressed_of("app", compression_cases.STORED, e.number(1, 1) + length + sha256)
    for name, compression in (("algorithm", length + sha256), ("SHA-256", e.number(1, 1) + length)):
        without = e.compressed_of("boot", compression_cases.STORED, compression)
        for files in ([without], [whole, without]):
            payloads = e.payload("boot", compression_cases.STORED)
            if len(files) > 1:
                payloads = e.payload("app", compression_cases.STORED) + payloads
            bundle = compression_cases.listed(*files, payloads=payloads)
            yield Edge(f"{len(files)} packed without {name}", Question(bundle))
    repeated = compression_cases.compressed(
        compression_cases.REPEATED_FRAME, compression_cases.REPEATED
    )
    question = Question(repeated, sink=library.FAILS_TO_WRITE)
    yield Edge("packed, and a sink that fails twice", question, "storage failed")
    device = dataclasses.replace(DEVICE, installed=e.manifest(targets({"boot": b"bootloader"})))
    yield Edge("app not installed", Question(release(targets(), {}), device))
    for unpacks, verdict in (
        (library.UNPACKS_NOTHING, "beyond compression"),
        (library.HAS_NO_ROOM, "beyond compression"),
        (library.FAILS_AT_END, "DECOMPRESSION_FAILED"),
        (library.UNPACKS_TOO_MUCH, "DECOMPRESSION_FAILED"),
    ):
        yield Edge(f"unpacks {unpacks}", Question(packed, unpacks=unpacks), verdict)
        question = Question(packed, unpacks=unpacks, sink=library.WRITES)
        yield Edge(f"unpacks {unpacks} to be written", question, verdict)
        changed = packed[:-1] + b"!"
        if unpacks == library.UNPACKS_NOTHING:
            yield Edge("changed, and not unpacked", Question(changed, unpacks=unpacks))


def _devices() -> Iterator[Edge]:
    """Devices whose own root is of no use, and root sinks."""
    own = "beyond the device's own root"
    for name, trusted in (
        ("empty", b""),
        ("garbage", b"garbage"),
        ("signed garbage", e.signed(b"\xff", R)),
        ("version 0", e.signed(root(0), R)),
        ("unknown field", TRUSTED + e.number(9, 1)),
    ):
        yield Edge(f"anchor {name}", Question(good(), Device(trusted)), own)
    two_of_one = Device(e.signed(root(root_threshold=2, targets_threshold=2), R))
    moved = good(roots=e.root_entry(e.signed(root(2), R)))
    yield Edge("anchor with too few keys", Question(moved, two_of_one), "THRESHOLD_INVALID")
    next_root = e.signed(root(2, targets_keys=[T2]), R)
    for name, roots, verdict in (
        ("next", e.chain(next_root), None),
        ("next twice", e.chain(next_root, next_root), None),
        ("unsigned", e.chain(e.signed(root(2))), own),
        ("unsigned, then next", e.chain(e.signed(root(2)), next_root), own),
        ("gap", e.chain(e.signed(root(3), R)), own),
        ("back", e.chain(next_root, TRUSTED), own),
        ("garbage", e.chain(b"garbage"), own),
        ("as field 5", e.root_entry(next_root), own),
        ("a payload", e.payload("app", b"x"), own),
        ("next, and an empty payload", e.chain(next_root) + e.blob(4, b""), own),
        ("cut", e.chain(next_root)[:-1], own),
    ):
        same = Device(next_root, at=product.NOW)
        yield Edge(f"moved {name}", Question(good(key=T2), moved=roots), verdict, same)
        yield Edge(f"moved {name}, old key", Question(good(key=T), moved=roots), verdict, same)
    no_room = Question(moved, roots=library.HAS_NO_ROOM_FOR_ROOTS)
    yield Edge("no room for roots", no_room, "beyond root bytes")


def _moved() -> Iterator[Edge]:
    """Accepted cases, on a device that moved to their root before."""
    for each in subjects.kept():
        if each.verdict == "ACCEPT":
            newer = newer_roots(each.bundle, each.device)
            if newer:
                question = Question(each.bundle, each.device, moved=e.chain(*newer))
                same = dataclasses.replace(each.device, trusted=newer[-1])
                yield Edge(f"moved {each.name}", question, None, same)


def newer_roots(bundle: bytes, device: Device) -> list[bytes]:
    """Returns the signed roots of a good bundle that are newer than the device's, in their order."""
    before = trust_root(device.trusted).common.version
    found = signed_roots(bundle)
    return [each for each in found if trust_root(each).common.version > before]


def signed_roots(bundle: bytes) -> list[bytes]:
    """Returns the signed roots of a bundle: the chain, then the root."""
    tree = subjects.take_apart(bundle, BUNDLE)
    found = [each for number in (CHAIN, ROOT) for each in subjects.nested(tree, number)]
    return [subjects.put_together(each) for each in found]

"""Tests of signing_request.py."""

import hashlib
import json

import pytest

from software_update.base.errors import InputError
from software_update.format import metadata
from software_update.format.release_manifest import ReleaseManifest
from software_update.format.verdicts import Refused, Verdict
from software_update.signing import signing_request
from software_update.testing import encode as e
from software_update.testing.examples import run_example
from software_update.testing.signers import (
    ROOT_KEY,
    ROOT_KEY_2,
    TARGETS_KEY,
    TARGETS_KEY_2,
    key_id,
    signer,
)

TARGETS = e.targets({"app": b"firmware"}, 7, 1924992000)
SIGNERS = metadata.parse_root(e.root(1, [ROOT_KEY], [TARGETS_KEY, TARGETS_KEY_2], 1, 2))


def ids(*numbers: int) -> list[str]:
    return [key_id(each).hex() for each in numbers]


def test_example_in_the_docstring() -> None:
    root = metadata.parse_root(e.root())
    found = run_example(
        signing_request, data=e.targets({"app": b"x"}), root=root, key=signer(TARGETS_KEY).public
    )
    assert found["request"].key_ids == {key_id(TARGETS_KEY)}


def test_targets() -> None:
    request = signing_request.parse_request(TARGETS)
    release = ReleaseManifest("Camera", "2.1", 12)
    authorities = signing_request.authorities_of_targets(SIGNERS)
    assert json.loads(signing_request.build_json(request, authorities, release)) == {
        "schema": "software_update.signing_request.v1",
        "role": "targets",
        "version": 7,
        "expires": "2031-01-01T00:00:00Z",
        "expires_nanoseconds": 0,
        "spec_version": "1.0.0",
        "sha256": hashlib.sha256(TARGETS).hexdigest(),
        "length": len(TARGETS),
        "canonical": True,
        "unknown_fields": [],
        "authorities": [
            {
                "authority": "the root",
                "threshold": 2,
                "key_ids": ids(TARGETS_KEY, TARGETS_KEY_2),
                "dev_keys": False,
            }
        ],
        "summary": {
            "product": "Camera",
            "release": "2.1",
            "release_counter": 12,
            "targets": [
                {
                    "name": "app",
                    "length": 8,
                    "sha256": hashlib.sha256(b"firmware").hexdigest(),
                    "other_hashes": [],
                }
            ],
        },
    }


def test_root() -> None:
    data = e.root(2, [ROOT_KEY_2], [TARGETS_KEY])
    request = signing_request.parse_request(data)
    assert isinstance(request.content, metadata.Root)
    authorities = signing_request.authorities_of_root(request.content, SIGNERS)
    assert json.loads(signing_request.build_json(request, authorities, None)) == {
        "schema": "software_update.signing_request.v1",
        "role": "root",
        "version": 2,
        "expires": None,
        "expires_nanoseconds": None,
        "spec_version": "1.0.0",
        "sha256": hashlib.sha256(data).hexdigest(),
        "length": len(data),
        # Its keys are not sorted by id.
        "canonical": False,
        "unknown_fields": [],
        "authorities": [
            {
                "authority": "this root",
                "threshold": 1,
                "key_ids": ids(ROOT_KEY_2),
                "dev_keys": False,
            },
            {
                "authority": "the previous root",
                "threshold": 1,
                "key_ids": ids(ROOT_KEY),
                "dev_keys": False,
            },
        ],
        "summary": {
            "root": {"threshold": 1, "key_ids": ids(ROOT_KEY_2)},
            "targets": {"threshold": 1, "key_ids": ids(TARGETS_KEY)},
            "timestamp": None,
            "snapshot": None,
            "other_keys": [],
            "consistent_snapshot": False,
            "states_dev_keys": False,
            "dev_keys": False,
        },
    }


def test_allowed_targets() -> None:
    """The summary has a field for the list only if there is one, and the field fits the bytes."""
    plain = signing_request.parse_request(e.root())
    limited = signing_request.parse_request(e.root() + e.text(254, "app") + e.text(254, "boot/*"))
    documents = {
        request.sha256: signing_request.build_document(request, [], None)
        for request in (plain, limited)
    }
    summaries = [document["summary"] for document in documents.values()]
    assert "allowed_targets" not in summaries[0]
    assert summaries[1] == {**summaries[0], "allowed_targets": ["app", "boot/*"]}
    for request, entries in (
        (plain, ["app"]),
        (plain, []),
        (limited, ["app"]),
        (limited, ["boot/*", "app"]),
    ):
        document = documents[request.sha256]
        content = json.dumps(document).encode()
        assert signing_request.with_json("r.json", content, request).document == document
        summary = {**document["summary"], "allowed_targets": entries}
        other = json.dumps({**document, "summary": summary}).encode()
        with pytest.raises(InputError, match=r"r.json: another summary than the bytes"):
            signing_request.with_json("r.json", other, request)


def test_dev_keys() -> None:
    """A root says it itself; what is signed under one, the JSON next to it."""
    dev = metadata.parse_root(e.root() + e.number(255, 1))
    root = signing_request.parse_request(dev.serialized)
    targets = signing_request.parse_request(TARGETS)
    assert root.is_dev
    for request, authorities in [
        (root, signing_request.authorities_of_root(dev, None)),
        (targets, signing_request.authorities_of_targets(dev)),
    ]:
        content = signing_request.build_json(request, authorities, None)
        assert json.loads(content)["authorities"][0]["dev_keys"] is True
        assert signing_request.with_json("r.json", content, request).is_dev
        said = content.replace(b'"dev_keys": true', b'"dev_keys": "no"')
        with pytest.raises(InputError, match=r"r.json: "):
            signing_request.with_json("r.json", said, request)
    assert not targets.is_dev
    # A root's JSON is held to its bytes.
    content = signing_request.build_json(root, signing_request.authorities_of_root(dev, None), None)
    said = content.replace(b'"dev_keys": true', b'"dev_keys": false')
    with pytest.raises(InputError, match=r"another summary than the bytes"):
        signing_request.with_json("r.json", said, root)


def test_rejects_other_bytes() -> None:
    for data, role in [
        (b"", None),
        (b"\xff" * 9, None),
        (TARGETS, "root"),
        (e.root(), "targets"),
        (e.signed(e.root()), None),
        (e.signed(TARGETS), None),
        (e.targets_of(e.common("root"), []), None),
    ]:
        with pytest.raises(Refused):
            signing_request.parse_request(data, role)


def test_rejects_a_root_whose_role_cannot_sign() -> None:
    for root in (e.root(1, [ROOT_KEY], [TARGETS_KEY], 1, 2), e.root(1, [ROOT_KEY], [])):
        with pytest.raises(Refused) as refused:
            signing_request.authorities_of_targets(metadata.parse_root(root))
        assert refused.value.verdict is Verdict.THRESHOLD_INVALID


def test_lists() -> None:
    request = signing_request.parse_request(TARGETS)
    assert signing_request.lists(request, "app", b"firmware")
    assert not signing_request.lists(request, "app", b"firmwarf")
    assert not signing_request.lists(request, "boot", b"firmware")
    assert not signing_request.lists(signing_request.parse_request(e.root()), "app", b"firmware")


@pytest.mark.parametrize("data", [TARGETS, e.root(1, [ROOT_KEY], [TARGETS_KEY])])
def test_the_json_fits_only_its_own_bytes(data: bytes) -> None:
    request = signing_request.parse_request(data)
    authorities = signing_request.authorities_of_targets(SIGNERS)
    content = signing_request.build_json(request, authorities, None)
    found = signing_request.with_json("r.json", content, request)
    assert found.key_ids == {key_id(TARGETS_KEY), key_id(TARGETS_KEY_2)}
    document = json.loads(content)
    changes = {"role": "x", "version": 8, "expires": "x", "sha256": "00", "length": 1}
    for name, value in changes.items():
        other = json.dumps({**document, name: value}).encode()
        with pytest.raises(InputError, match=f"r.json: another {name} than the bytes"):
            signing_request.with_json("r.json", other, request)
    for name in json.loads(content)["summary"].keys() - {"product", "release", "release_counter"}:
        summary = {key: value for key, value in document["summary"].items() if key != name}
        other = json.dumps({**document, "summary": summary}).encode()
        with pytest.raises(InputError, match=f"r.json: not a signing request .* no field '{name}'"):
            signing_request.with_json("r.json", other, request)
    document["summary"]["targets"] = []
    with pytest.raises(InputError, match=r"r.json: another summary than the bytes"):
        signing_request.with_json("r.json", json.dumps(document).encode(), request)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{}",
        b"\xff",
        b"[" * 32,
        b'{"schema": "software_update.signing_request.v2"}',
        b'{"schema": "software_update.signing_request.v1"}',
    ],
)
def test_rejects_other_json(content: bytes) -> None:
    request = signing_request.parse_request(TARGETS)
    with pytest.raises(InputError, match=r"r\.json: not a signing request"):
        signing_request.with_json("r.json", content, request)


def test_duplicate_key_in_the_json() -> None:
    request = signing_request.parse_request(TARGETS)
    content = b'{"schema": "software_update.signing_request.v1", "authorities": [{"a": 1, "a": 2}]}'
    with pytest.raises(InputError, match=r"^r\.json: has the key 'a' twice in one object; "):
        signing_request.with_json("r.json", content, request)


def test_true_is_not_one() -> None:
    request = signing_request.parse_request(e.targets({"app": b"firmware"}, 1))
    document = json.loads(signing_request.build_json(request, [], None))
    content = json.dumps({**document, "version": True}).encode()
    with pytest.raises(InputError, match="another version"):
        signing_request.with_json("r.json", content, request)


def test_odd_signers_in_the_json() -> None:
    request = signing_request.parse_request(TARGETS)
    document = json.loads(signing_request.build_json(request, [], None))
    odds: list[object] = [None, 1, [1], [{}], [{"key_ids": 1}]]
    odds += [[{"key_ids": ["x"]}], [{"key_ids": [1]}], "", {}]
    good = {"authority": "this root", "threshold": 1, "key_ids": ids(ROOT_KEY)}
    changes: list[tuple[str, object]] = [
        ("authority", None),
        ("threshold", True),
        ("threshold", "1"),
    ]
    changes += [("key_ids", {}), ("key_ids", ["00"]), ("key_ids", [ids(ROOT_KEY)[0].upper()])]
    odds += [[{**good, name: value}] for name, value in changes]
    for odd in odds:
        content = json.dumps({**document, "authorities": odd}).encode()
        with pytest.raises(InputError, match="not a signing request"):
            signing_request.with_json("r.json", content, request)


def test_names_of_keys_are_in_the_json() -> None:
    """Only those of keys that the root lists or that may sign. Without names, the field is absent."""
    root = metadata.parse_root(e.root(2))
    previous = metadata.parse_root(e.root(1, [ROOT_KEY_2]))
    request = signing_request.Request(root)
    authorities = signing_request.authorities_of_root(root, previous)
    names = {
        key_id(ROOT_KEY): "quality",
        key_id(ROOT_KEY_2): "earlier quality",
        key_id(TARGETS_KEY): "release manager",
        key_id(TARGETS_KEY_2): "another product",
    }
    content = signing_request.build_json(request, authorities, None, names)
    del names[key_id(TARGETS_KEY_2)]
    assert signing_request.with_json("r.json", content, request).holders == names
    plain = signing_request.build_json(request, authorities, None)
    assert signing_request.with_json("r.json", plain, request).holders == {}
    found = json.loads(content)
    del found["holders"]
    assert found == json.loads(plain)
    targets = signing_request.parse_request(TARGETS)
    by = signing_request.authorities_of_targets(root)
    document = signing_request.build_document(targets, by, None, names)
    assert document["holders"] == [{"key_id": key_id(TARGETS_KEY).hex(), "name": "release manager"}]


@pytest.mark.parametrize("holders", [None, {}, [1], [{"key_id": "0" * 64, "name": "a\x1b"}]])
def test_odd_names_in_the_json(holders: object) -> None:
    request = signing_request.parse_request(TARGETS)
    document = signing_request.build_document(request, [], None)
    content = json.dumps({**document, "holders": holders}).encode()
    with pytest.raises(InputError, match="not a signing request"):
        signing_request.with_json("r.json", content, request)

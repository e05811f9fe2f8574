"""Tests of request_index.py."""

import json
from typing import Any

import pytest

from software_update.base.errors import InputError
from software_update.keys.public_key import PublicKey
from software_update.keys.schemes import ALL_SCHEMES, DEFAULT_SCHEMES, ED25519
from software_update.signing import request_index
from software_update.signing.request_index import EarlierKey, Index, IndexEntry, file_name
from software_update.testing.signers import TARGETS_KEY, TARGETS_KEY_2, signer

PUBLIC = signer(TARGETS_KEY).public
ENTRY = IndexEntry("//camera:bundle", "targets", "camera", 7, bytes(32), "camera/signatures")
ROOT = IndexEntry("//:root", "root", None, 1, bytes(32), "signatures/root")
EARLIER = EarlierKey(3, signer(TARGETS_KEY_2).public)
INDEX = Index((ROOT, ENTRY), {PUBLIC.key_id: PUBLIC}, {EARLIER.key.key_id: EARLIER})


def document(**changes: Any) -> dict[str, Any]:
    """Returns an index as JSON, whose first request has other fields."""
    found: dict[str, Any] = json.loads(request_index.build(Index((ENTRY,), INDEX.keys)))
    found["requests"][0] |= changes
    return found


def error(changed: Any) -> str:
    with pytest.raises(InputError) as caught:
        request_index.parse("index.json", json.dumps(changed).encode())
    return str(caught.value)


NOT_AN_INDEX = (
    "index.json: not an index of signing requests (software_update.signing_requests.v1); name the one "
    "that the build made"
)


def test_index_is_read_as_it_was_built() -> None:
    assert request_index.parse("index.json", request_index.build(INDEX)) == INDEX


def test_order_of_entries_does_not_matter() -> None:
    other = INDEX._replace(entries=(ENTRY, ROOT))
    assert request_index.build(other) == request_index.build(INDEX)


@pytest.mark.parametrize("version", [0, 2**32, "3", True, None])
def test_version_of_an_earlier_root_is_a_version(version: object) -> None:
    found = json.loads(request_index.build(INDEX))
    found["earlier_keys"][0]["root_version"] = version
    assert error(found) == NOT_AN_INDEX


def test_package_of_a_label() -> None:
    assert [each.package for each in (ENTRY, ROOT)] == ["camera", ""]


@pytest.mark.parametrize(
    ("label", "start"),
    [
        ("//:bundle", "bundle-"),
        ("//product/camera:bundle", "product-camera-bundle-"),
        ("//a.b:c=d", "a-b-c-d-"),
        ("//" + "a" * 500 + ":b", "a" * 126 + "-b-"),
    ],
)
def test_file_name(label: str, start: str) -> None:
    name = file_name(label)
    assert name.startswith(start)
    assert len(name) == len(start) + len("01234567.signing_request")


def test_file_names_are_unique_also_where_case_is_ignored() -> None:
    labels = ("//a/b:c", "//a:b/c", "//a-b:c", "//a.b:c", "//A/b:c", "//a/B:c")
    assert len({file_name(label).lower() for label in labels}) == len(labels)


@pytest.mark.parametrize(
    "changes",
    [
        {"role": "snapshot"},
        {"role": None},
        {"product": 1},
        {"version": 0},
        {"version": True},
        {"version": 2**32},
        {"sha256": "00"},
        {"sha256": "G" * 64},
        {"label": None},
        {"request": "../camera.signing_request"},
        {"request": file_name("//lock:bundle")},
        {"signatures_folder": None},
    ],
)
def test_field_with_another_value_is_refused(changes: dict[str, Any]) -> None:
    assert error(document(**changes)) == NOT_AN_INDEX


@pytest.mark.parametrize("field", ["schema", "requests", "keys"])
def test_missing_field_is_refused(field: str) -> None:
    found = document()
    del found[field]
    assert error(found) == NOT_AN_INDEX
    assert error({**document(), field: None}) == NOT_AN_INDEX


@pytest.mark.parametrize("requests", [[], {}])
def test_index_without_requests_is_refused(requests: object) -> None:
    assert error({**document(), "requests": requests}) == NOT_AN_INDEX


@pytest.mark.parametrize(
    "folder",
    [
        "/etc",
        "../camera",
        "camera/../../x",
        "camera/..",
        "camera",
        "camera/",
        "camera//x",
        "camera/./x",
        "lock/signatures",
        "camera/a\\b",
        "camera/c:",
        "camera/\0",
        "",
    ],
)
def test_folder_outside_the_package_is_refused(folder: str) -> None:
    assert error(document(signatures_folder=folder)).startswith("index.json: //camera:bundle: ")
    assert error(document(signatures_folder=folder)).endswith(
        " is not a folder below its package; write one"
    )


@pytest.mark.parametrize(
    "label",
    [
        "camera:bundle",
        "//camera",
        "//../x:y",
        "///etc:x",
        "//a//b:c",
        "@@other//a:b",
        "//a:",
        "//a\n:b",
    ],
)
def test_label_outside_the_source_tree_is_refused(label: str) -> None:
    text = error(document(label=label, request=file_name(label), signatures_folder="camera/x"))
    assert text.startswith("index.json: ")
    assert text.endswith(": not a label of the source tree; write //PACKAGE:NAME")


def test_label_that_appears_twice_is_refused() -> None:
    found = document()
    found["requests"] *= 2
    assert error(found) == "index.json: lists a label twice; name the index that the build made"


def test_key_with_another_id_or_value_is_refused() -> None:
    for changes in (
        {"key_id": "00" * 32},
        {"keyval": "00" * 65},
        {"keyval": "x"},
        {"scheme": "rsa"},
    ):
        found = document()
        found["keys"][0] |= changes
        assert error(found) == NOT_AN_INDEX


def test_key_of_an_experimental_scheme() -> None:
    key = PublicKey(
        ED25519, bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
    )
    content = request_index.build(Index((ENTRY,), {key.key_id: key}))
    assert request_index.parse("x", content, ALL_SCHEMES).keys == {key.key_id: key}
    with pytest.raises(InputError, match="not an index"):
        request_index.parse("x", content, DEFAULT_SCHEMES)

"""Tests of strict JSON."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from software_update.base.errors import InputError
from software_update.base.strict_json import (
    MAX_JSON_DEPTH,
    RejectedJson,
    parse,
    parse_file,
    parse_object,
    to_parts,
    to_text,
)

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**18), 10**18) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(VALUES, st.booleans())
def test_reads_what_json_writes(value: object, ascii_: bool) -> None:
    text = json.dumps(value, ensure_ascii=ascii_)
    assert parse(text.encode()) == value


def nested(depth: int) -> list[bytes]:
    """JSON of that depth."""
    half = depth // 2
    return [
        b"[" * depth + b"]" * depth,
        b'{"a":' * depth + b"1" + b"}" * depth,
        b'[{"a":' * half + b"[" * (depth % 2) + b"1" + b"]" * (depth % 2) + b"}]" * half,
        b'["\\"[{", "\\\\",' * depth + b'"\\u005b"' + b"]" * depth,
    ]


def test_depth() -> None:
    for content in nested(MAX_JSON_DEPTH):
        assert parse(content) == json.loads(content)
    for depth in (MAX_JSON_DEPTH + 1, 100_000):
        for content in nested(depth):
            with pytest.raises(RejectedJson, match="nested more than 32 deep; nest them less"):
                parse(content)


def test_brackets_that_are_not_nested_have_no_depth() -> None:
    for content in (b"[" + b"[]," * 1000 + b"{}]", b'"' + b"[{" * 1000 + b'\\"[["'):
        assert parse(content) == json.loads(content)


def test_duplicate_keys() -> None:
    for content in (b'{"a": 1, "a": 1}', b'[{"b": {"a": 1, "\\u0061": 2}}]'):
        with pytest.raises(RejectedJson, match="has the key 'a' twice in one object; remove one"):
            parse(content)
    with pytest.raises(RejectedJson) as caught:
        parse(json.dumps({"\x1b" * 200: 1}).encode()[:-1] + b', "' + b"\\u001b" * 200 + b'": 2}')
    assert len(str(caught.value)) < 150
    assert str(caught.value).isprintable()


def test_other_errors() -> None:
    for content in (b"", b"{", b"{} {}", b"NaN", b"-Infinity", b'"\xff"', b"nul"):
        with pytest.raises(ValueError, match=r".") as caught:
            parse_file("file", content)
        assert not isinstance(caught.value, RejectedJson)
    with pytest.raises(ValueError, match="not a JSON object"):
        parse_object(b"[]")


def test_errors_name_the_file() -> None:
    for content, text in (
        (b'{"a": 1, "a": 1}', "my file: has the key 'a' twice"),
        (b"[" * 33, "my file: has arrays and objects"),
        (
            b"\xff\xfe[\0]\0",
            "my file: is UTF-16 text; save it as UTF-8 without a byte order mark, ",
        ),
    ):
        with pytest.raises(InputError, match=f"^{text}"):
            parse_file("my file", content)


def test_long_numbers() -> None:
    assert parse(b"[1" + b"0" * 18 + b", 1" + b"0" * 20 + b"]") == [10**18, None]


def test_text_of_json() -> None:
    value = {"b": [1, None], "a": "ä\n"}
    text = to_text(value)
    assert "".join(to_parts(value)) == text
    assert text == '{\n "b": [\n  1,\n  null\n ],\n "a": "\\u00e4\\n"\n}\n'
    assert parse(text.encode()) == value

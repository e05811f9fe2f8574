"""Tests of pkcs11_uri.py."""

import urllib.parse

import pytest
from hypothesis import given
from hypothesis import strategies as st

from software_update.base.errors import UsageError
from software_update.signing.pkcs11_uri import TokenKey, parse

WHOLE = "pkcs11:token=T;id=%02?module-path=/m.so&pin-source="


@pytest.mark.parametrize(
    ("uri", "key"),
    [
        ("hsm:", TokenKey(2, None)),
        ("hsm:?label=T", TokenKey(2, "T")),
        ("hsm:17", TokenKey(17, None)),
        ("hsm:1?label=YubiKey+PIV+%2315", TokenKey(1, "YubiKey PIV #15")),
        ("hsm:1?label=a=b?c/d;e f", TokenKey(1, "a=b?c/d;e f")),
        ("hsm:1?label=%2B", TokenKey(1, "+")),
        ("pkcs11:id=%02", TokenKey(2, None)),
        ("pkcs11:id=A", TokenKey(0x41, None)),
        ("pkcs11:id=%01%00", TokenKey(256, None)),
        ("pkcs11:type=private;id=%fF%2b;token=My%20T", TokenKey(0xFF2B, "My T")),
        ("pkcs11:token=a+b&c;id=%01", TokenKey(1, "a+b&c")),
        ("pkcs11:token=%C3%A9%3B%3F%23;id=%01", TokenKey(1, "é;?#")),
        (f"{WHOLE}file:/p%20q", TokenKey(2, "T", "/m.so", "/p q")),
        (f"{WHOLE}file:///p", TokenKey(2, "T", "/m.so", "/p")),
        (f"{WHOLE}/p", TokenKey(2, "T", "/m.so", "/p")),
        (f"{WHOLE}p/q", TokenKey(2, "T", "/m.so", "p/q")),
        ("pkcs11:id=" + "%FF" * 64, TokenKey(256**64 - 1, None)),
    ],
)
def test_accepted_uris(uri: str, key: TokenKey) -> None:
    assert parse(uri) == key


@given(
    key_id=st.binary(min_size=1, max_size=64).filter(lambda each: each[0] != 0),
    label=st.none() | st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1),
)
def test_securesystemslib_reads_the_same_key(key_id: bytes, label: str | None) -> None:
    token = "" if label is None else f"token={urllib.parse.quote(label, safe='')};"
    uri = f"pkcs11:{token}id={urllib.parse.quote_from_bytes(key_id, safe='')}"
    # As HSMSigner.from_priv_key_uri and biginteger do it.
    parts = urllib.parse.urlparse(parse(uri).hsm_uri)
    number = int(parts.path)
    assert parts.scheme == "hsm"
    assert number.to_bytes((number.bit_length() + 7) // 8, "big") == key_id
    assert dict(urllib.parse.parse_qsl(parts.query)).get("label") == label
    assert parse(parse(uri).hsm_uri) == parse(uri)


@pytest.mark.parametrize(
    ("uri", "text"),
    [
        ("hsm:x", "hsm: write hsm:ID?label=TOKEN"),
        ("hsm:-1", "write hsm:ID"),
        ("hsm:1_0", "write hsm:ID"),
        ("hsm: 1", "write hsm:ID"),
        ("hsm:1?", "write hsm:ID"),
        ("hsm:1?label=", "write hsm:ID"),
        ("hsm:1?lable=T", "write hsm:ID"),
        ("hsm:1?label=T&label=U", "write hsm:ID"),
        ("hsm:1?label=T#9", "write hsm:ID"),
        ("hsm:1?label=a\tb", "write hsm:ID"),
        ("hsm:" + "9" * 5000, "write hsm:ID"),
        ("hsm:0", "no key has the id 0; give the key another one"),
        ("hsm:1?label=%FF", "hsm: label: its %XX are not UTF-8"),
        ("hsm:1?label=%00", "hsm: label: contains a zero byte"),
        ("pkcs11:", "has no id, which names the key; add id=%XX"),
        ("pkcs11:token=T", "has no id, which names the key; add id=%XX"),
        ("pkcs11:id=", "has no id, which names the key; add id=%XX"),
        ("pkcs11:id=%01;token=", "token: is empty; give it a value or remove it"),
        ("pkcs11:id=%01?module-path=", "module-path: is empty; give it a value or remove it"),
        ("pkcs11:id=%00%01", "id: begins with a zero byte"),
        ("pkcs11:id=" + "%FF" * 65, "or has more than 64"),
        ("pkcs11:id=%2", "id: has a character that must be written as %XX"),
        ("pkcs11:id=%0G", "id: has a character that must be"),
        ("pkcs11:id=%01;id=%01", "id: appears more than once"),
        ("pkcs11:id=%01;", "an attribute without a value"),
        ("pkcs11:id=%01;token", "an attribute without a value"),
        ("pkcs11:id=%01?", "an attribute without a value"),
        ("pkcs11:token=a/b;id=%01", "token: has a character that must be"),
        ("pkcs11:token=a b;id=%01", "token: has a character that must be"),
        ("pkcs11:token=é;id=%01", "token: has a character that must be"),
        ("pkcs11:token=a#b;id=%01", "token: has a character that must be"),
        ("pkcs11:token=%FF;id=%01", "token: its %XX are not UTF-8"),
        ("pkcs11:token=%00;id=%01", "token: contains a zero byte"),
        ("pkcs11:id=%01;type=public", "type: a private key signs; write type=private"),
        (
            "pkcs11:model=SoftHSM%20v2;serial=1;token=My%20T;id=%02;object=o;type=private",
            "model, serial, object: not allowed, because securesystemslib knows a token by its label and "
            "a key by its id; write pkcs11:token=My%20T;id=%02",
        ),
        ("pkcs11:id=%01;object=", "object: not allowed, .*; write pkcs11:token=LABEL;id=%01"),
        ("pkcs11:object=o", "object: not allowed, .*; write pkcs11:token=LABEL;id=%XX"),
        ("pkcs11:slot-id=1;id=%01", "slot-id: not allowed, "),
        ("pkcs11:id=%01;x-mine=1", "x-mine: not allowed there; write pkcs11:token=LABEL;id=%XX"),
        ("pkcs11:id=%01;Token=T", "Token: not allowed there"),
        ("pkcs11:id=%01;module-path=/m", "module-path: not allowed there"),
        ("pkcs11:id=%01?token=T", "token: not allowed there"),
        ("pkcs11:id=%01?object=o", "object: not allowed there"),
        ("pkcs11:id=%01?module-name=m", "module-name: not allowed; write module-path=FILE"),
        (
            "pkcs11:id=%01?pin-source=%7C/bin/x",
            "does not name a file; write pin-source=file:/PATH",
        ),
        ("pkcs11:id=%01?pin-source=file:", "pin-source: does not name a file"),
        ("pkcs11:id=%01?pin-source=file://host/p", "pin-source: does not name a file"),
        ("pkcs11:id=%01?pin-source=https:/p", "pin-source: does not name a file"),
    ],
)
def test_rejected_uris(uri: str, text: str) -> None:
    with pytest.raises(UsageError, match=text.replace("?", r"\?")) as caught:
        parse(uri)
    assert str(caught.value).startswith(f"{uri.partition(':')[0]}: ")


@pytest.mark.parametrize(
    "uri",
    [
        "pkcs11:id=%02?pin-value=735281",
        "pkcs11:id=%02;pin-value=735281",
        "pkcs11:id=%02;serial=1?pin-value=735281",
        "pkcs11:id=%02?pin-value=735281&pin-value=735281",
        "pkcs11:id=%02?pin-value=735281%",
        "pkcs11:id=%02?Pin-Value=735281",
        "pkcs11:id=%02?pin=735281",
        "pkcs11:id=%02?735281",
        "pkcs11:id=%02?module-path=735281 ",
        "hsm:2?pin=735281",
        "hsm:2?label=T&pin-value=735281",
    ],
)
def test_no_error_repeats_a_pin(uri: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(uri)
    assert "735281" not in str(caught.value)


def test_pin_in_the_uri_is_rejected_with_an_alternative() -> None:
    with pytest.raises(UsageError, match="remove it, and type the PIN or keep it in a file"):
        parse("pkcs11:id=%02?pin-value=735281")

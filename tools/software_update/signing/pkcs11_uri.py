"""URIs of keys on PKCS#11 tokens: pkcs11: (RFC 7512), translated to securesystemslib's hsm:. Pure."""

import dataclasses
import re
import urllib.parse
from collections.abc import Mapping

from software_update.base.errors import UsageError

# The default of securesystemslib: the key in slot 9c of a PIV card.
_DEFAULT_ID = 2
# More than tokens have, and few enough digits for Python.
_MAX_ID_BYTES = 64

_HSM = re.compile(r"hsm:(?P<id>[0-9]{0,150})(?:\?label=(?P<label>[^&#\x00-\x1f\x7f]+))?")
# RFC 7512, section 2.3: the characters of a value in the path and in the query, besides %XX.
_PATH = re.compile(r"(?:[A-Za-z0-9._~:\[\]@!$'()*+,=&-]|%[0-9A-Fa-f]{2})*")
_QUERY = re.compile(r"(?:[A-Za-z0-9._~:\[\]@!$'()*+,=/?|-]|%[0-9A-Fa-f]{2})*")
_IN_PATH = ("token", "id", "type")
_IN_QUERY = ("module-path", "pin-source")
# hsm: identifies a token only by its label, and a key only by its id.
_NOT_TRANSLATED = (
    *("manufacturer", "model", "object", "serial"),
    *("library-description", "library-manufacturer", "library-version"),
    *("slot-description", "slot-id", "slot-manufacturer"),
)
_INSTEAD = {
    "pin-value": "every process can read arguments; remove it, and type the PIN or keep it in a file",
    "module-name": "write module-path=FILE",
}
_ANOTHER_ID = "give the key another one: pkcs11-tool --set-id"


@dataclasses.dataclass(frozen=True)
class TokenKey:
    """A key on a token: its CKA_ID, a big-endian integer, and the token's label; None for the only token."""

    key_id: int
    token: str | None
    module_path: str | None = None
    pin_source: str | None = None

    @property
    def hsm_uri(self) -> str:
        """The URI of the key for securesystemslib."""
        label = "" if self.token is None else "?" + urllib.parse.urlencode({"label": self.token})
        return f"hsm:{self.key_id}{label}"


def parse(uri: str) -> TokenKey:
    """Returns the key that an hsm: or pkcs11: URI identifies.

    Raises UsageError if the URI is invalid, or has attributes that hsm: cannot express. No error repeats a
    value, because it could be a PIN.
    """
    return _parse_pkcs11(uri) if uri.startswith("pkcs11:") else _parse_hsm(uri)


def _parse_hsm(uri: str) -> TokenKey:
    match = _HSM.fullmatch(uri)
    if not match:
        raise UsageError(
            "hsm: write hsm:ID?label=TOKEN, with the id as a decimal number, + for each space "
            "of the label and %XX for its other special characters"
        )
    key_id = int(match["id"] or _DEFAULT_ID)
    if key_id == 0:
        raise UsageError(f"hsm: no key has the id 0; {_ANOTHER_ID}")
    label = match["label"]
    return TokenKey(key_id, None if label is None else _text("hsm: label", label.replace("+", " ")))


def _parse_pkcs11(uri: str) -> TokenKey:
    path, question_mark, query = uri.removeprefix("pkcs11:").partition("?")
    found = _attributes(path.split(";") if path else [], _PATH, (*_IN_PATH, *_NOT_TRANSLATED))
    if question_mark:
        found |= _attributes(query.split("&"), _QUERY, _IN_QUERY)
    _check_translated(found)
    if found.get("type", "private") != "private":
        raise UsageError("pkcs11: type: a private key signs; write type=private")
    return TokenKey(
        key_id=_key_id(found),
        token=_optional_text(found, "token"),
        module_path=_optional_text(found, "module-path"),
        pin_source=_pin_source(_optional_text(found, "pin-source")),
    )


def _attributes(
    parts: list[str], values: re.Pattern[str], known: tuple[str, ...]
) -> dict[str, str]:
    """Returns the attributes of the path or of the query, with values as they are written."""
    found: dict[str, str] = {}
    for part in parts:
        name, equals, value = part.partition("=")
        if not equals:
            raise UsageError("pkcs11: an attribute without a value; write NAME=VALUE")
        what = f"pkcs11: {name}"
        if name in _INSTEAD:
            raise UsageError(f"{what}: not allowed; {_INSTEAD[name]}")
        if name not in known:
            raise UsageError(
                f"{what}: not allowed there; write pkcs11:token=LABEL;id=%XX, and where needed "
                f"{' and '.join(_IN_QUERY)} after a ?"
            )
        if name in found:
            raise UsageError(f"{what}: appears more than once; remove one")
        if not values.fullmatch(value):
            raise UsageError(f"{what}: has a character that must be written as %XX (RFC 7512)")
        found[name] = value
    return found


def _check_translated(found: Mapping[str, str]) -> None:
    """Raises UsageError if an attribute would be lost: it may be the one that distinguishes two keys."""
    lost = [name for name in found if name in _NOT_TRANSLATED]
    if lost:
        raise UsageError(
            f"pkcs11: {', '.join(lost)}: not allowed, because securesystemslib knows a token by its "
            "label and a key by its id; "
            f"write pkcs11:token={found.get('token', 'LABEL')};id={found.get('id', '%XX')}"
        )


def _key_id(found: Mapping[str, str]) -> int:
    if not found.get("id"):
        raise UsageError("pkcs11: has no id, which names the key; add id=%XX")
    key_id = urllib.parse.unquote_to_bytes(found["id"])
    if key_id[0] == 0 or len(key_id) > _MAX_ID_BYTES:
        raise UsageError(
            f"pkcs11: id: begins with a zero byte or has more than {_MAX_ID_BYTES}, "
            f"which securesystemslib cannot express; {_ANOTHER_ID}"
        )
    return int.from_bytes(key_id, "big")


def _pin_source(value: str | None) -> str | None:
    """Returns the path of the file with the PIN, from a file: URI or a bare path."""
    if value is None:
        return None
    path = value.removeprefix("file:")
    if path.startswith("///"):
        path = path[2:]
    if not path or path.startswith(("//", "|")) or re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", path):
        raise UsageError("pkcs11: pin-source: does not name a file; write pin-source=file:/PATH")
    return path


def _optional_text(found: Mapping[str, str], name: str) -> str | None:
    """Returns the value of an attribute without its percent-encoding; None if it is missing."""
    if name not in found:
        return None
    if not found[name]:
        raise UsageError(f"pkcs11: {name}: is empty; give it a value or remove it")
    return _text(f"pkcs11: {name}", found[name])


def _text(what: str, value: str) -> str:
    """Returns `value` without its percent-encoding."""
    try:
        text = urllib.parse.unquote(value, errors="strict")
    except UnicodeDecodeError:
        raise UsageError(f"{what}: its %XX are not UTF-8") from None
    if "\0" in text:
        raise UsageError(f"{what}: contains a zero byte; remove it")
    return text

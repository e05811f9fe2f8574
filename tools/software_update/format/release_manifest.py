"""The release manifest: what a vendor says of a release, as the payload of the target user_manifest.

Targets metadata lists its hash, so signing the release signs this too. Unlike the targets version, the
release counter outlives a rotation of the targets keys.
"""

from typing import Any, NamedTuple

from software_update.base import strict_json
from software_update.base.dates import parse_date
from software_update.base.errors import SoftwareUpdateError, shown
from software_update.format.verdicts import Refused, Verdict

SCHEMA = "software_update.release.v1"
SEVERITIES = ("low", "medium", "high", "critical")
MAX_COUNTER = 2**32 - 1

_FAMILY = "software_update.release."
# In UTF-8, UTF-16 and UTF-32: either byte order has this many zero bytes between two characters.
_CLAIMS = tuple((b"\0" * zeros).join(map(str.encode, _FAMILY)) for zeros in (0, 1, 3))


class ReleaseManifest(NamedTuple):
    """The description of a release. A field is None or empty if the manifest lacks it.

    `counter` never falls from one release to the next. `minimum_counter` is the counter that has to be
    installed before. `support_until` is a date such as 2031-01-01T00:00:00Z.
    """

    product: str
    version: str
    counter: int
    hardware_ids: tuple[str, ...] = ()
    minimum_counter: int | None = None
    notes: str | None = None
    severity: str | None = None
    support_until: str | None = None


def build_release(release: ReleaseManifest) -> bytes:
    """The manifest as JSON; the same bytes for the same release."""
    fields = {
        "schema": SCHEMA,
        "product": release.product,
        "version": release.version,
        "release_counter": release.counter,
        "minimum_release_counter": release.minimum_counter,
        "hardware_ids": list(release.hardware_ids) or None,
        "severity": release.severity,
        "support_until": release.support_until,
        "notes": release.notes,
    }
    said = {name: value for name, value in fields.items() if value is not None}
    content = strict_json.to_text(said).encode()
    parse_release(content)
    return content


def parse_release(content: bytes) -> ReleaseManifest | None:
    """The manifest in a user_manifest; None if that is another kind of file.

    Raises Refused with MALFORMED for a file that claims to be a release manifest and is not valid. Its schema
    makes that claim. If the file cannot be read as JSON, the schemas' common beginning anywhere in it does,
    in UTF-8, UTF-16 or UTF-32.
    """
    twice: list[str] = []

    def make_object(pairs: list[tuple[str, Any]]) -> _Object:
        key = strict_json.duplicate_key(pairs)
        if key is not None:
            twice.append(key)
        return _Object(pairs)

    try:
        document = strict_json.parse(content, make_object)
    except ValueError as error:
        if not any(each in content for each in _CLAIMS):
            return None
        known = isinstance(error, strict_json.RejectedJson)
        raise _malformed(str(error) if known else "is not JSON") from None
    schemas = document.values("schema") if isinstance(document, _Object) else []
    if not any(isinstance(each, str) and each.startswith(_FAMILY) for each in schemas):
        return None
    if twice:
        raise _malformed(f"has the key '{shown(twice[0])}' twice in one object")
    fields = dict(document)
    if fields["schema"] != SCHEMA:
        raise _malformed(f"has the schema '{shown(fields['schema'])}'; this version reads {SCHEMA}")
    return ReleaseManifest(
        product=_text(fields, "product"),
        version=_text(fields, "version"),
        counter=_counter(fields, "release_counter"),
        hardware_ids=_hardware_ids(fields),
        minimum_counter=_optional(_counter, fields, "minimum_release_counter"),
        notes=_optional(_text, fields, "notes"),
        severity=_optional(_severity, fields, "severity"),
        support_until=_optional(_date, fields, "support_until"),
    )


class _Object(list[tuple[str, Any]]):
    """A JSON object as it is written: a key may appear twice."""

    def values(self, name: str) -> list[Any]:
        return [value for key, value in self if key == name]


def _optional(read: Any, fields: dict[str, Any], name: str) -> Any:
    return read(fields, name) if name in fields else None


def _text(fields: dict[str, Any], name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str) or not value:
        raise _malformed(f"needs a text {name}")
    return value


def _counter(fields: dict[str, Any], name: str) -> int:
    value = fields.get(name)
    if type(value) is not int or not 1 <= value <= MAX_COUNTER:
        raise _malformed(f"needs an integer {name} from 1 to {MAX_COUNTER}")
    return value


def _hardware_ids(fields: dict[str, Any]) -> tuple[str, ...]:
    ids = fields.get("hardware_ids", [])
    if not isinstance(ids, list) or not all(isinstance(each, str) and each for each in ids):
        raise _malformed("needs a list of texts hardware_ids")
    if "hardware_ids" in fields and not ids:
        raise _malformed("fits no hardware: hardware_ids is empty")
    return tuple(ids)


def _severity(fields: dict[str, Any], name: str) -> str:
    value = _text(fields, name)
    if value not in SEVERITIES:
        raise _malformed(f"needs a {name} out of {', '.join(SEVERITIES)}")
    return value


def _date(fields: dict[str, Any], name: str) -> str:
    value = _text(fields, name)
    try:
        parse_date(value, name)
    except SoftwareUpdateError as error:
        raise _malformed(str(error)) from None
    return value


def _malformed(detail: str) -> Refused:
    return Refused(Verdict.MALFORMED, detail, subject="release manifest")

"""The release manifest: what a vendor says of a release, as the payload of the target user_manifest.

Targets metadata lists its hash, so signing the release signs this too. Unlike the targets version, the
release counter outlives a rotation of the targets keys.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, TypeVar

from software_update.base import strict_json
from software_update.base.dates import parse_date
from software_update.base.errors import SoftwareUpdateError, shown
from software_update.format.claims import (
    NO_CLAIMS,
    RELEASE_SCHEMA,
    Claims,
    claims_fields,
    read_claims,
)
from software_update.format.names import clash
from software_update.format.verdicts import Refused, Verdict

SCHEMA = RELEASE_SCHEMA
SEVERITIES = ("low", "medium", "high", "critical")
KINDS = ("security", "feature", "both")
MAX_COUNTER = 2**32 - 1
# Of a language tag. Every reader should have room for so many (RFC 5646 4.4.1).
MAX_LANGUAGE_CHARACTERS = 35

_FAMILY = "software_update.release."
# In UTF-8, UTF-16 and UTF-32: either byte order has this many zero bytes between two characters.
_CLAIMS = tuple((b"\0" * zeros).join(map(str.encode, _FAMILY)) for zeros in (0, 1, 3))
# A language tag (BCP 47, RFC 5646 2.1), without its registry: a language and subtags.
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*", re.ASCII)

_T = TypeVar("_T")


class Advisory(NamedTuple):
    """A security advisory: its identifier, such as a CVE number, its severity, and its text.

    `severity` is low, medium, high or critical. `action` is what people should do apart from installing
    the release; None if there is nothing to do.
    """

    id: str
    severity: str
    text: str
    action: str | None = None


class ReleaseTexts(NamedTuple):
    """The texts of a release in one language, a tag of BCP 47 such as `de` or `pt-BR`.

    A field is None or empty if it is not translated.
    """

    language: str
    notes: str | None = None
    unavailable_functions: tuple[str, ...] = ()


class ReleaseManifest(NamedTuple):
    """The description of a release. A field is None or empty if the manifest lacks it.

    `counter` never falls from one release to the next. `minimum_counter` is the counter that has to be
    installed before. `severity` is low, medium, high or critical. `support_until` is a date such as
    2031-01-01T00:00:00Z. `kind` is security, feature or both. `duration` is the time that the installation
    is expected to take, in seconds. `unavailable_functions` are the functions of the product that do not
    work during the update. `reversible` says whether the update can be undone after it is committed.
    `texts` are translations.
    """

    product: str
    version: str
    counter: int
    hardware_ids: tuple[str, ...] = ()
    minimum_counter: int | None = None
    notes: str | None = None
    severity: str | None = None
    support_until: str | None = None
    kind: str | None = None
    advisories: tuple[Advisory, ...] = ()
    duration: int | None = None
    unavailable_functions: tuple[str, ...] = ()
    reversible: bool | None = None
    texts: tuple[ReleaseTexts, ...] = ()

    def texts_in(self, language: str) -> ReleaseTexts:
        """Returns the texts for people who read `language`; those that are not translated as they are.

        A tag of `texts` with fewer subtags also matches, as in RFC 4647 3.4: `de` for `de-AT`. The language
        of the result is that tag, or empty if none matches.
        """
        translated = {each.language.lower(): each for each in self.texts}
        subtags = language.lower().split("-")
        tags = ["-".join(subtags[:count]) for count in range(len(subtags), 0, -1)]
        found = next((translated[tag] for tag in tags if tag in translated), ReleaseTexts(""))
        return ReleaseTexts(
            found.language,
            found.notes or self.notes,
            found.unavailable_functions or self.unavailable_functions,
        )


def build_release(release: ReleaseManifest, claims: Claims = NO_CLAIMS) -> bytes:
    """The manifest as JSON; the same bytes for the same release and claims, whatever their order.

    Raises Refused for a release, and NotDisclosed for claims, that a reader would reject.
    """
    _check_once(each.language for each in release.texts)
    texts = sorted(release.texts, key=lambda each: each.language)
    fields = {
        "schema": SCHEMA,
        "product": release.product,
        "version": release.version,
        "release_counter": release.counter,
        "minimum_release_counter": release.minimum_counter,
        "hardware_ids": list(release.hardware_ids) or None,
        "kind": release.kind,
        "severity": release.severity,
        "advisories": [_without_none(each._asdict()) for each in release.advisories] or None,
        "duration": release.duration,
        "unavailable_functions": release.unavailable_functions or None,
        "reversible": release.reversible,
        "support_until": release.support_until,
        "notes": release.notes,
        "texts": {each.language: _text_fields(each) for each in texts} or None,
        **claims_fields(claims),
    }
    content = strict_json.to_text(_without_none(fields)).encode()
    parse_release(content)
    read_claims(content)
    return content


def _text_fields(texts: ReleaseTexts) -> dict[str, Any]:
    functions = texts.unavailable_functions or None
    return _without_none({"notes": texts.notes, "unavailable_functions": functions})


def _without_none(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


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
    fields = _plain(document)
    if fields["schema"] != SCHEMA:
        raise _malformed(f"has the schema '{shown(fields['schema'])}'; this version reads {SCHEMA}")
    return ReleaseManifest(
        product=_text(fields, "product"),
        version=_text(fields, "version"),
        counter=_counter(fields, "release_counter"),
        hardware_ids=_optional(_hardware_ids, fields, "hardware_ids") or (),
        minimum_counter=_optional(_counter, fields, "minimum_release_counter"),
        notes=_optional(_text, fields, "notes"),
        severity=_optional(_severity, fields, "severity"),
        support_until=_optional(_date, fields, "support_until"),
        kind=_optional(_kind, fields, "kind"),
        advisories=_optional(_advisories, fields, "advisories") or (),
        duration=_optional(_counter, fields, "duration"),
        unavailable_functions=_optional(_list_of_texts, fields, "unavailable_functions") or (),
        reversible=_optional(_boolean, fields, "reversible"),
        texts=_optional(_texts, fields, "texts") or (),
    )


def parse_advisory(value: Any) -> Advisory:
    """The advisory in a JSON value. Raises Refused with MALFORMED if it is not one."""
    fields = _members(value)
    return Advisory(
        id=_text(fields, "id"),
        severity=_severity(fields, "severity"),
        text=_text(fields, "text"),
        action=_optional(_text, fields, "action"),
    )


def parse_texts(language: str, value: Any) -> ReleaseTexts:
    """The texts in a language that a JSON value contains. Raises Refused with MALFORMED if it has none."""
    fields = _members(value)
    return ReleaseTexts(
        language,
        notes=_optional(_text, fields, "notes"),
        unavailable_functions=_optional(_list_of_texts, fields, "unavailable_functions") or (),
    )


def is_language(tag: str) -> bool:
    """Returns whether a text has the form of a language tag (BCP 47) of at most 35 characters."""
    return len(tag) <= MAX_LANGUAGE_CHARACTERS and _LANGUAGE.fullmatch(tag) is not None


class _Object(list[tuple[str, Any]]):
    """A JSON object as it is written: a key may appear twice."""

    def values(self, name: str) -> list[Any]:
        return [value for key, value in self if key == name]


def _plain(value: Any) -> Any:
    """Returns a JSON value with a dict for each _Object. No value is deep enough to exhaust the stack."""
    if isinstance(value, _Object):
        return {key: _plain(each) for key, each in value}
    return [_plain(each) for each in value] if isinstance(value, list) else value


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


def _hardware_ids(fields: dict[str, Any], name: str) -> tuple[str, ...]:
    ids = _list_of_texts(fields, name)
    if not ids:
        raise _malformed(f"fits no hardware: {name} is empty")
    return ids


def _severity(fields: dict[str, Any], name: str) -> str:
    return _choice(fields, name, SEVERITIES)


def _kind(fields: dict[str, Any], name: str) -> str:
    return _choice(fields, name, KINDS)


def _choice(fields: dict[str, Any], name: str, choices: tuple[str, ...]) -> str:
    value = _text(fields, name)
    if value not in choices:
        raise _malformed(f"needs a {name} out of {', '.join(choices)}")
    return value


def _boolean(fields: dict[str, Any], name: str) -> bool:
    value = fields[name]
    if not isinstance(value, bool):
        raise _malformed(f"needs true or false as {name}")
    return value


def _list_of_texts(fields: dict[str, Any], name: str) -> tuple[str, ...]:
    values = fields[name]
    if not isinstance(values, list) or not all(isinstance(each, str) and each for each in values):
        raise _malformed(f"needs a list of texts {name}")
    return tuple(values)


def _advisories(fields: dict[str, Any], name: str) -> tuple[Advisory, ...]:
    values = fields[name]
    if not isinstance(values, list):
        raise _malformed(f"needs a list of objects {name}")
    return tuple(
        _inside(f"{name}[{index}]", parse_advisory, each) for index, each in enumerate(values)
    )


def _texts(fields: dict[str, Any], name: str) -> tuple[ReleaseTexts, ...]:
    values = _inside(name, _members, fields[name])
    for tag in values:
        if not is_language(tag):
            raise _malformed(
                f"has the language '{shown(tag)}' in {name}; needs a BCP 47 tag such as de or pt-BR"
            )
    _check_once(values)
    return tuple(_inside(f"{name}.{tag}", parse_texts, tag, value) for tag, value in values.items())


def _check_once(tags: Iterable[str]) -> None:
    twice = clash(tags)
    if twice:
        raise _malformed(f"has a language twice in texts: {shown(twice[0])} and {shown(twice[1])}")


def _members(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _malformed("needs an object")
    return value


def _inside(place: str, read: Callable[..., _T], *values: Any) -> _T:
    """Returns what `read` makes of the values; an error that it raises gets their place in the manifest."""
    try:
        return read(*values)
    except Refused as refused:
        raise _malformed(f"{refused.detail} in {place}") from None


def _date(fields: dict[str, Any], name: str) -> str:
    value = _text(fields, name)
    try:
        parse_date(value, name)
    except SoftwareUpdateError as error:
        raise _malformed(str(error)) from None
    return value


def _malformed(detail: str) -> Refused:
    return Refused(Verdict.MALFORMED, detail, subject="release manifest")

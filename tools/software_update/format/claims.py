"""The vendor's claims in a release manifest: the powers of each target, and the attachments of the release.

The verifier does not judge them, so the vocabulary can grow without a device that rejects releases. Readers
that judge them, such as builds and the client, raise NotDisclosed with MALFORMED_CLAIMS. They keep words that
they do not know.
"""

import re
from collections.abc import Callable, Collection, Iterable
from typing import Any, NamedTuple

from software_update.base import strict_json
from software_update.base.errors import shown
from software_update.format.names import clash, name_problem
from software_update.format.refusals import NotDisclosed, Refusal

# The schema of release manifests.
RELEASE_SCHEMA = "software_update.release.v1"

# The parts of a device, from the one whose faults are the hardest to repair.
AREAS = ("boot_loader", "system", "application", "configuration", "model")
# The powers: things that the code of a target can reach.
REACH = ("network", "radio", "storage", "keys", "actuators", "personal_data", "updates")
# The mechanisms that keep the code of a target from other powers.
CONFINED_BY = ("mpu", "tee", "process", "container", "virtual_machine", "none")

# The members of a claim in JSON.
MEMBERS = ("component", "area", "reach", "confined_by", "reversible")

MAX_COMPONENT_CHARACTERS = 64
# Of one claim.
MAX_REACH = 32
MAX_ATTACHMENT_BYTES = 2**53 - 1

# Words are short and need no escape, so every reader can show one that it does not know.
_WORD = re.compile(r"[a-z][a-z0-9_]{0,31}", re.ASCII)
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)


class TargetClaim(NamedTuple):
    """The claim about a target. A member is None or empty if the claim lacks it.

    `component` is the part of the product that the target belongs to, for people. `area` is the part of the
    device, a word of AREAS. `reach` are words of REACH, sorted. `confined_by` is a word of CONFINED_BY.
    `reversible` says whether the update of this target can be undone.
    """

    target: str
    component: str
    area: str
    reach: tuple[str, ...] = ()
    confined_by: str | None = None
    reversible: bool | None = None


class Attachment(NamedTuple):
    """An attachment that was known before the release was signed: its length in bytes, its SHA-256 in hex."""

    name: str
    length: int
    sha256: str


class Claims(NamedTuple):
    """The claims of a release, sorted by target, and its attachments, sorted by name."""

    targets: tuple[TargetClaim, ...] = ()
    attachments: tuple[Attachment, ...] = ()

    def reach(self) -> tuple[str, ...]:
        """Returns the powers that the targets claim together, sorted."""
        return tuple(sorted({word for each in self.targets for word in each.reach}))


NO_CLAIMS = Claims()


class Power(NamedTuple):
    """A power of a component: a word of REACH, or one that this version does not know."""

    component: str
    word: str


def powers_gained(before: Claims, after: Claims) -> tuple[Power, ...]:
    """Returns the powers that `after` claims for a component and `before` does not, sorted."""
    had, has = (
        {Power(each.component, word) for each in claims.targets for word in each.reach}
        for claims in (before, after)
    )
    return tuple(sorted(has - had))


def read_claims(manifest: bytes) -> Claims:
    """Returns the claims in a user_manifest; none if it is not a release manifest or has none.

    Raises NotDisclosed with MALFORMED_CLAIMS if they have another form. A release manifest that is not valid
    otherwise is the verifier's concern.
    """
    try:
        fields = strict_json.parse_object(manifest)
    except ValueError:
        return Claims()
    if fields.get("schema") != RELEASE_SCHEMA:
        return Claims()
    targets, attachments = fields.get("targets", {}), fields.get("attachments", [])
    return Claims(parse_targets(targets), _parse_attachments(attachments))


def parse_targets(value: Any) -> tuple[TargetClaim, ...]:
    """Returns the claims in the JSON value `targets`, sorted by target. Raises NotDisclosed if malformed."""
    if not isinstance(value, dict):
        raise _malformed("targets: needs an object")
    _check_names("target", value)
    return tuple(_parse_claim(target, value[target]) for target in sorted(value))


def claims_fields(claims: Claims) -> dict[str, Any]:
    """Returns the members of a release manifest that state the claims; a member is None if it is empty."""
    targets = sorted(claims.targets, key=lambda each: each.target)
    attachments = sorted(claims.attachments, key=lambda each: each.name)
    _check_names("target", [each.target for each in targets])
    return {
        "targets": {each.target: _claim_fields(each) for each in targets} or None,
        "attachments": [each._asdict() for each in attachments] or None,
    }


def check_vocabulary(claims: Claims) -> None:
    """Raises NotDisclosed with MALFORMED_CLAIMS for a word that this version does not know."""
    for each in claims.targets:
        _check_word(each.target, "area", [each.area], AREAS)
        _check_word(each.target, "reach", each.reach, REACH)
        _check_word(each.target, "confined_by", [each.confined_by or "none"], CONFINED_BY)


def check_claimed_targets(claims: Claims, names: Collection[str]) -> None:
    """Raises NotDisclosed with MALFORMED_CLAIMS if a claim is about a target that is not among `names`."""
    for each in claims.targets:
        if each.target not in names:
            raise _malformed(
                f"targets.{shown(each.target)}: the release does not list this target; remove the claim, or "
                "correct its name"
            )


def _check_word(target: str, member: str, words: Iterable[str], known: tuple[str, ...]) -> None:
    for word in words:
        if word not in known:
            raise _malformed(
                f"targets.{target}: '{shown(word)}' is not a word for {member}; use one of "
                f"{', '.join(known)}"
            )


def _claim_fields(claim: TargetClaim) -> dict[str, Any]:
    fields = {
        "component": claim.component,
        "area": claim.area,
        "reach": sorted(claim.reach) or None,
        "confined_by": claim.confined_by,
        "reversible": claim.reversible,
    }
    return {name: value for name, value in fields.items() if value is not None}


def _parse_claim(target: str, value: Any) -> TargetClaim:
    place = f"targets.{target}"
    if not isinstance(value, dict):
        raise _malformed(f"{place}: needs an object")
    return TargetClaim(
        target,
        component=_member(place, value, "component", _is_component, "a text of 1 to 64 characters"),
        area=_member(place, value, "area", _is_word, _A_WORD),
        reach=tuple(sorted(_optional(place, value, "reach", _is_reach, _WORDS) or ())),
        confined_by=_optional(place, value, "confined_by", _is_word, _A_WORD),
        reversible=_optional(place, value, "reversible", _is_boolean, "true or false"),
    )


def _parse_attachments(value: Any) -> tuple[Attachment, ...]:
    if not isinstance(value, list):
        raise _malformed("attachments: needs a list")
    attachments = [_parse_attachment(f"attachments[{i}]", each) for i, each in enumerate(value)]
    _check_names("attachment", [each.name for each in attachments])
    return tuple(sorted(attachments))


def _parse_attachment(place: str, value: Any) -> Attachment:
    if not isinstance(value, dict):
        raise _malformed(f"{place}: needs an object")
    return Attachment(
        name=_member(place, value, "name", _is_text, "a text"),
        length=_member(place, value, "length", _is_length, f"0 to {MAX_ATTACHMENT_BYTES}"),
        sha256=_member(place, value, "sha256", _is_sha256, "64 hexadecimal digits in lower case"),
    )


_A_WORD = "a word of at most 32 of a-z 0-9 _"
_WORDS = f"a list of at most {MAX_REACH} such words, each once"


def _optional(
    place: str, fields: dict[str, Any], name: str, is_valid: Callable[[Any], bool], needs: str
) -> Any:
    return _member(place, fields, name, is_valid, needs) if name in fields else None


def _member(
    place: str, fields: dict[str, Any], name: str, is_valid: Callable[[Any], bool], needs: str
) -> Any:
    value = fields.get(name)
    if not is_valid(value):
        raise _malformed(f"{place}.{name}: needs {needs}")
    return value


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_component(value: Any) -> bool:
    return isinstance(value, str) and 1 <= len(value) <= MAX_COMPONENT_CHARACTERS


def _is_word(value: Any) -> bool:
    return isinstance(value, str) and _WORD.fullmatch(value) is not None


def _is_reach(value: Any) -> bool:
    if not isinstance(value, list) or len(value) > MAX_REACH:
        return False
    return all(_is_word(each) for each in value) and len(set(value)) == len(value)


def _is_boolean(value: Any) -> bool:
    return isinstance(value, bool)


def _is_length(value: Any) -> bool:
    return type(value) is int and 0 <= value <= MAX_ATTACHMENT_BYTES


def _is_sha256(value: Any) -> bool:
    return isinstance(value, str) and _SHA256.fullmatch(value) is not None


def _check_names(kind: str, names: Collection[str]) -> None:
    for name in names:
        problem = name_problem(name)
        if problem:
            raise _malformed(f"{kind}s: the {kind} name '{shown(name)}' {problem}")
    twice = clash(names)
    if twice:
        raise _malformed(f"{kind}s: has the name {shown(twice[0])} twice, as {shown(twice[1])}")


def _malformed(detail: str) -> NotDisclosed:
    return NotDisclosed(Refusal.MALFORMED_CLAIMS, detail, subject="release manifest")

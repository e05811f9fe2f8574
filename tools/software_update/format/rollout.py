"""Rollout rules: when which share of the devices may install a release by themselves.

    {"schema": "software_update.rollout.v1", "rollouts": [
        {"release": "6d0c...", "bands": [{"percent": 5, "not_before": "2026-12-01T00:00:00Z"}, ...]}]}

The role `rollout` signs them, with a key that may be online: it can hold a release back or stop it, and
adds none. A device's place in the order is its own secret, so no server knows which devices are next.
"""

import hashlib
import hmac
import itertools
from typing import Any, NamedTuple

from software_update.base.dates import format_date, parse_date
from software_update.base.errors import InputError, UsageError

SCHEMA = "software_update.rollout.v1"
MAX_BANDS = 16
MAX_ROLLOUTS = 64
SECRET_BYTES = 32
_MAX_REASON = 200
_DIGEST_DIGITS = 64
_CONTEXT = b"software_update.rollout.v1"
_PLACES = 2**32


class Band(NamedTuple):
    """From `not_before` on, in seconds since 1970, `percent` of the devices may install. 1 to 100."""

    percent: int
    not_before: int


class Rollout(NamedTuple):
    """The rules for one release, by its release digest in hexadecimal.

    Percents and times rise from band to band. `reason` explains a halt to people.
    """

    release: str
    bands: tuple[Band, ...]
    halted: bool = False
    reason: str = ""


def place(secret: bytes, release: str) -> int:
    """Returns the place of a device in the rollout of a release, from 0 to 2^32 - 1.

    `secret` has 32 bytes that only this device knows. Each release has another order.
    """
    message = _CONTEXT + bytes.fromhex(release)
    return int.from_bytes(hmac.new(secret, message, hashlib.sha256).digest()[:4], "big")


def begins(rollout: Rollout, place: int) -> int | None:
    """Returns the time from which a device in this place may install, in seconds since 1970.

    None: no band reaches this place yet. It does not regard `halted`.
    """
    for band in rollout.bands:
        if place * 100 < band.percent * _PLACES:
            return band.not_before
    return None


def build_rollouts(rollouts: tuple[Rollout, ...]) -> dict[str, Any]:
    """Returns the rules as JSON. Raises InputError if they are not valid."""
    document = {"schema": SCHEMA, "rollouts": [_build(each) for each in rollouts]}
    parse_rollouts(document, "the rollout")
    return document


def _build(rollout: Rollout) -> dict[str, Any]:
    bands = [
        {"percent": each.percent, "not_before": format_date(each.not_before)}
        for each in rollout.bands
    ]
    fields: dict[str, Any] = {"release": rollout.release, "bands": bands}
    if rollout.halted:
        fields["halted"] = True
    if rollout.reason:
        fields["reason"] = rollout.reason
    return fields


def parse_rollouts(document: object, where: str) -> tuple[Rollout, ...]:
    """Returns the rules in a JSON value. `where` names it in errors. Ignores unknown members.

    Raises InputError if it has another schema, or is not valid.
    """
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise InputError(f"{where}: does not have the schema {SCHEMA}")
    listed = document.get("rollouts")
    if not isinstance(listed, list) or len(listed) > MAX_ROLLOUTS:
        raise InputError(f"{where}: rollouts must be a list of at most {MAX_ROLLOUTS}")
    rollouts = tuple(_parse(each, f"{where}: rollouts[{n}]") for n, each in enumerate(listed))
    if len({each.release for each in rollouts}) < len(rollouts):
        raise InputError(f"{where}: lists a release twice")
    return rollouts


def _parse(fields: object, where: str) -> Rollout:
    if not isinstance(fields, dict):
        raise InputError(f"{where}: must be an object")
    release, halted = fields.get("release"), fields.get("halted", False)
    reason, bands = fields.get("reason", ""), fields.get("bands")
    if not isinstance(release, str) or not _is_digest(release):
        raise InputError(f"{where}.release: must be a SHA-256 in 64 hexadecimal digits")
    if not isinstance(halted, bool):
        raise InputError(f"{where}.halted: must be true or false")
    if not isinstance(reason, str) or len(reason) > _MAX_REASON:
        raise InputError(f"{where}.reason: must be a text of at most {_MAX_REASON} characters")
    if not isinstance(bands, list) or len(bands) > MAX_BANDS:
        raise InputError(f"{where}.bands: must be a list of at most {MAX_BANDS}")
    parsed = tuple(_parse_band(each, f"{where}.bands[{n}]") for n, each in enumerate(bands))
    for before, after in itertools.pairwise(parsed):
        if after.percent <= before.percent or after.not_before < before.not_before:
            raise InputError(f"{where}.bands: percents and times must rise from band to band")
    return Rollout(release, parsed, halted, reason)


def _parse_band(fields: object, where: str) -> Band:
    percent = fields.get("percent") if isinstance(fields, dict) else None
    if type(percent) is not int or not 1 <= percent <= 100:
        raise InputError(f"{where}.percent: must be an integer from 1 to 100")
    try:
        not_before = parse_date(str(fields["not_before"]), "not_before")  # type: ignore[index]
    except (KeyError, UsageError):
        raise InputError(
            f"{where}.not_before: must be a date, such as 2031-01-01T00:00:00Z"
        ) from None
    return Band(percent, not_before)


def _is_digest(text: str) -> bool:
    return len(text) == _DIGEST_DIGITS and all(each in "0123456789abcdef" for each in text)

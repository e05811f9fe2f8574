"""Files for a release manifest: advisories, texts in a language, claims about targets, and attachments."""

import os
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from software_update.base import files
from software_update.base.errors import InputError, shown
from software_update.base.hashing import digest_files
from software_update.base.strict_json import parse_file
from software_update.format.claims import (
    MEMBERS,
    Attachment,
    Claims,
    TargetClaim,
    check_vocabulary,
    parse_targets,
)
from software_update.format.limits import MAX_USER_MANIFEST_BYTES
from software_update.format.names import clash, name_problem
from software_update.format.refusals import NotDisclosed
from software_update.format.release_manifest import (
    Advisory,
    ReleaseTexts,
    parse_advisory,
    parse_texts,
)
from software_update.format.verdicts import Refused

_ADVISORIES = '[{"id": "CVE-2031-1", "severity": "high", "text": "..."}]'
_TEXTS = '{"notes": "...", "unavailable_functions": ["..."]}'

_CLAIMS = '{"TARGET": {"component": "...", "area": "application"}}'

_T = TypeVar("_T")


def read_advisories(path: str) -> list[Advisory]:
    """The advisories in a file, a list of objects. Raises InputError for another file or an unknown field."""
    values = _read(path, _ADVISORIES)
    if not isinstance(values, list):
        raise InputError(f"{path}: not of the form {_ADVISORIES}")
    return [
        _parsed(path, f"advisories[{index}]", value, Advisory._fields, parse_advisory)
        for index, value in enumerate(values)
    ]


def read_texts(language: str, path: str) -> ReleaseTexts:
    """The texts of a language in a file, an object. Raises InputError as `read_advisories` does."""
    names = ReleaseTexts._fields[1:]
    value = _read(path, _TEXTS)
    return _parsed(
        path, f"texts.{language}", value, names, lambda each: parse_texts(language, each)
    )


def read_claim_files(paths: Sequence[str]) -> list[TargetClaim]:
    """The claims in files, each an object with a member for each target.

    Raises InputError for another file, for a word or member that this version does not know, and for a
    target in two files.
    """
    found: dict[str, str] = {}
    claims: list[TargetClaim] = []
    for path in paths:
        for each in _claims_in(path):
            if each.target in found:
                raise InputError(
                    f"{path}: claims about {each.target}, as {found[each.target]} does; remove one"
                )
            found[each.target] = path
            claims.append(each)
    return claims


def _claims_in(path: str) -> tuple[TargetClaim, ...]:
    value = _read(path, _CLAIMS)
    if not isinstance(value, dict):
        raise InputError(f"{path}: not of the form {_CLAIMS}")
    try:
        claims = parse_targets(value)
        check_vocabulary(Claims(claims))
    except NotDisclosed as refused:
        raise InputError(f"{path}: {refused.detail}") from None
    for target, members in value.items():
        _check_names(path, f"targets.{target}", members, MEMBERS)
    return claims


def read_attachments(paths: Sequence[str]) -> list[Attachment]:
    """The attachments in files, by the names of the files; folders are not part of a name.

    Raises InputError for a name that an attachment cannot have, and for two files of one name.
    """
    names = [os.path.basename(path) for path in paths]
    for name, path in zip(names, paths, strict=True):
        problem = name_problem(name)
        if problem:
            raise InputError(
                f"{path}: the attachment name '{shown(name)}' {problem}; rename the file"
            )
    twice = clash(names)
    if twice:
        raise InputError(
            f"attachments: two files have the name {shown(twice[1])}; rename one of them"
        )
    digests = digest_files(paths)
    return [
        Attachment(name, length, sha256.hex())
        for name, (length, sha256) in zip(names, digests, strict=True)
    ]


def _read(path: str, form: str) -> Any:
    content = files.read_input(path, MAX_USER_MANIFEST_BYTES)
    try:
        return parse_file(path, content)
    except ValueError:
        raise InputError(f"{path}: not of the form {form}") from None


def _parsed(
    path: str, place: str, value: Any, names: tuple[str, ...], parse: Callable[[Any], _T]
) -> _T:
    """Returns what `parse` makes of a value, which is at `place` in the manifest and has only these names.

    Devices ignore other names; here, one is probably misspelt.
    """
    try:
        parsed = parse(value)
    except Refused as refused:
        raise InputError(f"{path}: {refused.detail} in {place}; correct it") from None
    _check_names(path, place, value, names)
    return parsed


def _check_names(path: str, place: str, value: dict[str, Any], names: tuple[str, ...]) -> None:
    for name in value:
        if name not in names:
            raise InputError(
                f"{path}: has the unknown field '{shown(name)}' in {place}; write only "
                f"{', '.join(names)}"
            )

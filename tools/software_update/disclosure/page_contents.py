"""Reads the SBOM, the provenance and the proof next to a release, for its page. Pure.

The files come from anyone: a file with another form gives None, and every text is shown as text.
"""

import base64
import binascii
from collections.abc import Iterator
from typing import Any

from software_update.attachments.provenance import SOURCE
from software_update.attachments.statement import (
    PROVENANCE,
    STATEMENT_MEDIA_TYPE,
    parse_statement,
)
from software_update.base import strict_json
from software_update.disclosure.page import (
    Contents,
    PageComponent,
    PageMaterial,
    PageProof,
    PageProvenance,
    PageSbom,
)
from software_update.format.refusals import NotDisclosed
from software_update.transparency.proof import parse_proof

# Larger files are not read.
MAX_BYTES = 16 * 1024 * 1024
# A page shows the first of them, and says how many there are.
MOST_SHOWN = 500
_CYCLONEDX = "CycloneDX"
# Words of SPDX for a value that is not stated.
_NOT_STATED = ("NOASSERTION", "NONE")


def contents_of(content: bytes) -> Contents | None:
    """Returns the SBOM or provenance in a file; None if it is another file, or has another form."""
    try:
        document = strict_json.parse_object(content)
        if document.get("bomFormat") == _CYCLONEDX:
            return _sbom(f"{_CYCLONEDX} {_text(document['specVersion'])}", _of_cyclonedx(document))
        if "spdxVersion" in document:
            return _sbom(_text(document["spdxVersion"]).replace("-", " "), _of_spdx(document))
        if document.get("payloadType") == STATEMENT_MEDIA_TYPE:
            return _provenance(base64.b64decode(document["payload"], validate=True), True)
        return _provenance(content, False)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, binascii.Error):
        return None
    except NotDisclosed:
        return None


def proof_in(content: bytes) -> PageProof | None:
    """Returns the contents of the proof from a log; None if it is not one."""
    try:
        proof = parse_proof(content)
    except NotDisclosed:
        return None
    return PageProof(
        proof.checkpoint.origin,
        proof.record_index,
        proof.checkpoint.size,
        tuple(each.name for each in proof.note.signatures),
    )


def _sbom(form: str, found: Iterator[PageComponent]) -> PageSbom:
    components = list(found)
    return PageSbom(form, len(components), tuple(components[:MOST_SHOWN]))


def _of_cyclonedx(document: dict[str, Any]) -> Iterator[PageComponent]:
    """Yields the components, also those inside others."""
    for each in document.get("components", []):
        licences = [_licence(licence) for licence in each.get("licenses", [])]
        yield _component(each["name"], each.get("version", ""), ", ".join(licences))
        yield from _of_cyclonedx(each)


def _licence(licence: dict[str, Any]) -> str:
    if "expression" in licence:
        return _text(licence["expression"])
    named = licence["license"]
    return _text(named["id"] if "id" in named else named["name"])


def _of_spdx(document: dict[str, Any]) -> Iterator[PageComponent]:
    for each in document["packages"]:
        stated = [
            each[name]
            for name in ("licenseConcluded", "licenseDeclared")
            if each.get(name, "NONE") not in _NOT_STATED
        ]
        yield _component(each["name"], each.get("versionInfo", ""), (stated or [""])[0])


def _component(*texts: object) -> PageComponent:
    return PageComponent(*map(_text, texts))


def _provenance(content: bytes, is_signed: bool) -> PageProvenance | None:
    statement = parse_statement(content, "")
    if statement.predicate_type != PROVENANCE:
        return None
    definition = statement.predicate["buildDefinition"]
    materials = [
        PageMaterial(_text(each["name"]), _text(each["digest"]["sha256"]))
        for each in definition["resolvedDependencies"]
    ]
    source = [each.sha256 for each in materials if each.name == SOURCE]
    return PageProvenance(
        statement.release_digest.hex(),
        _text(statement.predicate["runDetails"]["builder"]["id"]),
        tuple(map(_text, definition["externalParameters"]["command"])),
        (source or [""])[0],
        len(materials),
        tuple(materials[:MOST_SHOWN]),
        is_signed,
    )


def _text(value: object) -> str:
    """Returns a value that must be a text."""
    if not isinstance(value, str):
        raise TypeError
    return value

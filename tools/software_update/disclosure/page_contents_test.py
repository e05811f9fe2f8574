"""Tests of the contents of SBOMs and provenance on a page."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from software_update.attachments.provenance import Material, provenance
from software_update.attachments.statement import (
    STATEMENT_MEDIA_TYPE,
    TEST_RESULT,
    Statement,
    build_statement,
)
from software_update.disclosure.page import (
    PageComponent,
    PageMaterial,
    PageProof,
    PageProvenance,
    PageSbom,
)
from software_update.disclosure.page_contents import MOST_SHOWN, contents_of, proof_in
from software_update.testing.memory_log import ORIGIN, MemoryLog, MemoryWitness

DIGEST = bytes(range(32))
PROVENANCE = provenance(
    DIGEST, ["bazel", "build", "//a:b"], [Material("source", b"s" * 32), Material("@@x", b"x" * 32)]
)


def content(document: object) -> bytes:
    return json.dumps(document).encode()


def test_licences_and_components_inside_others() -> None:
    inner = {"name": "b", "licenses": [{"license": {"id": "MIT"}}, {"license": {"name": "Own"}}]}
    outer = {"name": "a", "licenses": [{"expression": "MIT OR X"}], "components": [inner]}
    sbom = {"bomFormat": "CycloneDX", "specVersion": "1.5", "components": [outer]}
    expected = (PageComponent("a", "", "MIT OR X"), PageComponent("b", "", "MIT, Own"))
    assert contents_of(content(sbom)) == PageSbom("CycloneDX 1.5", 2, expected)
    del sbom["components"]
    assert contents_of(content(sbom)) == PageSbom("CycloneDX 1.5", 0, ())


def test_spdx() -> None:
    packages = [
        {"name": "a", "versionInfo": "1", "licenseConcluded": "MIT", "licenseDeclared": "X"},
        {"name": "b", "licenseConcluded": "NOASSERTION", "licenseDeclared": "BSD-3-Clause"},
        {"name": "c", "licenseConcluded": "NONE"},
    ]
    assert contents_of(content({"spdxVersion": "SPDX-2.3", "packages": packages})) == PageSbom(
        "SPDX 2.3",
        3,
        (
            PageComponent("a", "1", "MIT"),
            PageComponent("b", "", "BSD-3-Clause"),
            PageComponent("c", "", ""),
        ),
    )


def test_long_lists_are_counted_and_cut() -> None:
    components = [{"name": str(number)} for number in range(MOST_SHOWN + 1)]
    sbom = contents_of(
        content({"bomFormat": "CycloneDX", "specVersion": "1.6", "components": components})
    )
    assert isinstance(sbom, PageSbom)
    assert (sbom.total, len(sbom.components)) == (MOST_SHOWN + 1, MOST_SHOWN)


@pytest.mark.parametrize("is_signed", [False, True])
def test_provenance(*, is_signed: bool) -> None:
    envelope = {
        "payload": base64.b64encode(PROVENANCE).decode(),
        "payloadType": STATEMENT_MEDIA_TYPE,
        "signatures": [],
    }
    assert contents_of(content(envelope) if is_signed else PROVENANCE) == PageProvenance(
        DIGEST.hex(),
        "https://bazel.build",
        ("bazel", "build", "//a:b"),
        (b"s" * 32).hex(),
        2,
        (PageMaterial("source", (b"s" * 32).hex()), PageMaterial("@@x", (b"x" * 32).hex())),
        is_signed,
    )


def test_proof() -> None:
    log, witness = MemoryLog([b"a", b"b", b"c"]), MemoryWitness()
    names = (ORIGIN, "witness.example")
    assert proof_in(log.proof(1, witness)) == PageProof(ORIGIN, 1, 3, names)
    for other in (b"", b"\xff", log.proof(1, witness)[:100], PROVENANCE):
        assert proof_in(other) is None


CYCLONEDX: dict[str, Any] = {"bomFormat": "CycloneDX", "specVersion": "1.6"}


@pytest.mark.parametrize(
    "other",
    [
        b"",
        b"\xff",
        b"[]",
        b'{"bomFormat": "CycloneDX"}',
        content({**CYCLONEDX, "components": [{"version": "1"}]}),
        content({**CYCLONEDX, "components": [{"name": 1}]}),
        content({**CYCLONEDX, "components": ["a"]}),
        content({**CYCLONEDX, "components": {"a": 1}}),
        content({**CYCLONEDX, "components": [{"name": "a", "licenses": [{"license": {}}]}]}),
        content({**CYCLONEDX, "components": [{"name": "a", "version": ["1"]}]}),
        content({"spdxVersion": "SPDX-2.3"}),
        content({"payloadType": STATEMENT_MEDIA_TYPE, "payload": "?"}),
        content({"payloadType": STATEMENT_MEDIA_TYPE, "payload": 7}),
        content({"payloadType": "text/plain", "payload": ""}),
        build_statement(Statement(DIGEST, TEST_RESULT, {})),
        PROVENANCE.replace(b'"externalParameters"', b'"parameters"'),
        PROVENANCE.replace(b'"bazel"', b"1"),
        PROVENANCE.replace(b'"source"', b"null"),
        b'{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": ' + b"[" * 100_000,
    ],
)
def test_other_files_have_no_contents(other: bytes) -> None:
    assert contents_of(other) is None


_VALUES = st.recursive(
    st.none() | st.integers() | st.text(max_size=3),
    lambda each: (
        st.lists(each, max_size=2)
        | st.dictionaries(
            st.sampled_from(["name", "version", "licenses", "license", "components", "packages"]),
            each,
        )
    ),
    max_leaves=8,
)


@given(_VALUES, st.sampled_from(["components", "packages", "predicate", "payload"]))
def test_no_file_is_an_error(value: object, member: str) -> None:
    for start in (
        CYCLONEDX,
        {"spdxVersion": "SPDX-2.3"},
        {"payloadType": STATEMENT_MEDIA_TYPE},
        json.loads(PROVENANCE),
    ):
        contents_of(content({**start, member: value}))

"""The SBOM of a release: CycloneDX 1.6, written and validated by cyclonedx-python-lib.

    components = parse_components("components.json", content)
    sbom = build_sbom(Product("lamp", "2.0"), components)
    check_sbom("sbom.cdx.json", sbom, components)

The same product and components give the same bytes: there is no time in them, and the serial number comes
from a digest. The library is imported when an SBOM is written or checked.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from software_update.base import strict_json
from software_update.base.errors import InputError, SoftwareUpdateError, shown_list

_NAMES_OF_TYPES = ("application", "firmware", "framework", "library", "operating-system", "file")


class Component(NamedTuple):
    """A part of a product, as the build knows it. A field is empty if the build does not know it.

    `type` is one of CycloneDX, `licence` an SPDX expression, and `purl` a package URL. `sha256` is in hex; a
    component with a file for each platform has several, with spaces between them.
    """

    name: str
    version: str = ""
    type: str = "library"
    licence: str = ""
    purl: str = ""
    sha256: str = ""

    @property
    def reference(self) -> str:
        """The identifier of the component in its SBOM."""
        return f"{self.name}@{self.version}" if self.version else self.name


class Product(NamedTuple):
    """The product that an SBOM describes."""

    name: str
    version: str


class IncompleteSbom(SoftwareUpdateError):
    """An SBOM that lacks a component which the build knows, or that CycloneDX does not allow."""

    exit_code = 1


def parse_components(path: str, content: bytes) -> list[Component]:
    """Returns the components in a JSON list of objects, sorted and each once. `path` names it in errors.

    Raises InputError if it is not such a list.
    """
    try:
        found = strict_json.parse_file(path, content)
        components = {Component(**each) for each in found}
        if not all(isinstance(value, str) for each in components for value in each):
            raise TypeError
    except (ValueError, TypeError):
        raise InputError(f"{path}: not a list of components; let the build write it") from None
    return sorted(components)


def merged(components: Iterable[Component]) -> list[Component]:
    """Returns the components of several lists, sorted and each once.

    A component of which only the name is known is the same one as another of this name.
    """
    found = set(components)
    described = {each.name for each in found if each != Component(each.name, type=each.type)}
    return sorted(
        each
        for each in found
        if each.name not in described or each != Component(each.name, type=each.type)
    )


def build_sbom(product: Product, components: Sequence[Component]) -> bytes:
    """Returns the SBOM as JSON. Raises InputError if a field of a component is not valid."""
    _check_library()
    from cyclonedx.model.bom import Bom, BomMetaData
    from cyclonedx.model.component import Component as CycloneDxComponent
    from cyclonedx.model.component import ComponentType
    from cyclonedx.output.json import JsonV1Dot6

    root = CycloneDxComponent(
        name=product.name,
        version=product.version,
        type=ComponentType.FIRMWARE,
        bom_ref=f"product:{product.name}@{product.version}",
    )
    metadata: Any = BomMetaData(component=root)
    # The library sets the time.
    metadata.timestamp = None
    parts = [_part(each) for each in components]
    bom = Bom(
        components=parts,
        serial_number=_serial_number(product, components),
        metadata=metadata,
    )
    bom.register_dependency(root, parts)
    text: str = JsonV1Dot6(bom).output_as_string(indent=1)
    return f"{text}\n".encode()


def check_sbom(path: str, content: bytes, components: Iterable[Component]) -> None:
    """Raises IncompleteSbom if an SBOM is not valid CycloneDX 1.6, or lacks one of the components.

    A component of the SBOM is the same one if it has the same name and, if both have one, the same version.
    `path` names the SBOM in errors.
    """
    _check_library()
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    try:
        text = content.decode()
        document = strict_json.parse_object(content)
        problem = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    except ValueError:
        raise IncompleteSbom(f"{path}: not a JSON object in UTF-8") from None
    if document.get("specVersion") != "1.6" or problem is not None:
        raise IncompleteSbom(f"{path}: not CycloneDX 1.6{_first_line(problem)}")
    listed = set(_listed(document.get("components", [])))
    names = {name for name, _ in listed}
    missing = [
        each.reference
        for each in components
        if (each.name, each.version) not in listed
        and (each.name, "") not in listed
        and (each.version or each.name not in names)
    ]
    if missing:
        raise IncompleteSbom(
            f"{path}: lacks components from which the release is built: {shown_list(missing, 8)}; add them"
        )


def _listed(components: Iterable[dict[str, Any]]) -> Iterable[tuple[str, str]]:
    """Yields name and version of components, also of those inside others."""
    for each in components:
        yield each["name"], each.get("version", "")
        yield from _listed(each.get("components", []))


def _part(component: Component) -> Any:
    from cyclonedx.contrib.license.factories import LicenseFactory
    from cyclonedx.model import HashAlgorithm, HashType
    from cyclonedx.model.component import Component as CycloneDxComponent
    from cyclonedx.model.component import ComponentType
    from packageurl import PackageURL

    if component.type not in _NAMES_OF_TYPES:
        raise InputError(
            f"component {component.name}: '{component.type}' is not a type; use one of "
            f"{', '.join(_NAMES_OF_TYPES)}"
        )
    try:
        purl = PackageURL.from_string(component.purl) if component.purl else None
    except ValueError as error:
        raise InputError(f"component {component.name}: not a package URL ({error})") from None
    licence = component.licence
    return CycloneDxComponent(
        name=component.name,
        version=component.version or None,
        type=ComponentType(component.type),
        bom_ref=component.reference,
        purl=purl,
        licenses=[LicenseFactory().make_from_string(licence)] if licence else [],
        hashes=[
            HashType(alg=HashAlgorithm.SHA_256, content=each) for each in component.sha256.split()
        ],
    )


def _serial_number(product: Product, components: Sequence[Component]) -> uuid.UUID:
    """Returns the identifier of the SBOM, a UUID that comes from its content (RFC 9562, version 8)."""
    content = strict_json.to_text([product, *components]).encode()
    digest = bytearray(hashlib.sha256(content).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x80
    digest[8] = digest[8] & 0x3F | 0x80
    return uuid.UUID(bytes=bytes(digest))


def _first_line(problem: object) -> str:
    lines = str(problem or "").splitlines()
    return f" ({lines[0]})" if lines else ""


def _check_library() -> None:
    try:
        import cyclonedx.validation.json  # noqa: F401
    except ImportError:
        raise InputError(
            "an SBOM: needs cyclonedx-python-lib; install the command with it: pip install '.[sbom]'"
        ) from None

"""The provider of a `software_update_component`."""

SoftwareUpdateComponentInfo = provider(
    doc = """A component of a product, for its SBOM.

Rules of other projects may provide it as well. A field is an empty string if it is not known.""",
    fields = {
        "licence": "A string: the licence, an SPDX expression.",
        "name": "A string: the component's name.",
        "purl": "A string: the package URL, such as `pkg:generic/picolibc@1.8.6`.",
        "sha256": "A string: the SHA-256 of the component's source archive, in hexadecimal.",
        "type": "A string: the type in CycloneDX, such as `library` or `application`.",
        "version": "A string: the component's version.",
    },
)

"""The rule behind the macro `software_update_component`.

Its global variable has the name of the macro, because `bazel query --output=label_kind` shows it.
"""

load("//rules/providers:software_update_component_info.bzl", "SoftwareUpdateComponentInfo")

visibility("//rules/...")

def _software_update_component_impl(ctx):
    return [
        DefaultInfo(),
        SoftwareUpdateComponentInfo(
            licence = ctx.attr.licence,
            name = ctx.attr.component,
            purl = ctx.attr.purl,
            sha256 = ctx.attr.sha256,
            type = ctx.attr.type,
            version = ctx.attr.version,
        ),
    ]

software_update_component = rule(
    implementation = _software_update_component_impl,
    doc = "Describes a component of a product.",
    attrs = {
        "component": attr.string(doc = "The component's name.", mandatory = True),
        "licence": attr.string(doc = "The licence, an SPDX expression."),
        "purl": attr.string(doc = "The package URL."),
        "sha256": attr.string(doc = "The SHA-256 of the source archive."),
        "type": attr.string(doc = "The type in CycloneDX.", default = "library"),
        "version": attr.string(doc = "The version."),
    },
    provides = [SoftwareUpdateComponentInfo],
)

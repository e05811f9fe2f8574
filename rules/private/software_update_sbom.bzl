"""The rule behind the macro `software_update_sbom`.

Its global variable has the name of the macro, because `bazel query --output=label_kind` shows it.
"""

load("//rules/private/actions:sbom.bzl", "write_sbom")
load("//rules/private/actions:tool.bzl", "SBOM_TOOL")
load("//rules/private/checks:errors.bzl", "refuse")
load("//rules/providers:software_update_component_info.bzl", "SoftwareUpdateComponentInfo")
load(":components.bzl", "ComponentsInfo", "component_of_label", "components_aspect", "described_component")

visibility("//rules/...")

def _software_update_sbom_impl(ctx):
    if ctx.file.own == None and not (ctx.attr.product and ctx.attr.release_version):
        refuse(ctx.label, "product", ctx.attr.product, "write product and release_version, or own, the product's own SBOM")
    found = {described_component(each[SoftwareUpdateComponentInfo]): None for each in ctx.attr.components}
    for artifact in ctx.attr.artifacts:
        known = artifact[ComponentsInfo].components.to_list() if ComponentsInfo in artifact else component_of_label(artifact.label)
        found |= {each: None for each in known}
    components = ctx.actions.declare_file(ctx.label.name + ".components.json")
    ctx.actions.write(components, "[\n%s\n]\n" % ",\n".join(sorted(found)))
    write_sbom(
        ctx,
        components = components,
        product = ctx.attr.product,
        release_version = ctx.attr.release_version,
        own = ctx.file.own,
        output = ctx.outputs.out,
    )
    return [
        DefaultInfo(files = depset([ctx.outputs.out]), runfiles = ctx.runfiles(files = [ctx.outputs.out])),
        OutputGroupInfo(components = depset([components])),
    ]

software_update_sbom = rule(
    implementation = _software_update_sbom_impl,
    doc = "Writes the SBOM of a release.",
    attrs = SBOM_TOOL | {
        "artifacts": attr.label_list(
            doc = "The artifacts of the release.",
            allow_files = True,
            aspects = [components_aspect],
            mandatory = True,
        ),
        "components": attr.label_list(
            doc = "Components that the build graph does not contain.",
            providers = [SoftwareUpdateComponentInfo],
        ),
        "out": attr.output(doc = "The SBOM.", mandatory = True),
        "own": attr.label(doc = "The product's own SBOM.", allow_single_file = True),
        "product": attr.string(doc = "The product's name."),
        "release_version": attr.string(doc = "The version of the release."),
    },
)

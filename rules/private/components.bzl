"""The aspect that finds the components of which artifacts are built."""

load("//rules/providers:software_update_component_info.bzl", "SoftwareUpdateComponentInfo")

visibility("//rules/...")

ComponentsInfo = provider(
    doc = "The components of a target and of everything that it is built from.",
    fields = {"components": "A depset of strings: JSON objects, one for each component."},
)

_CC_TOOLCHAIN = "@bazel_tools//tools/cpp:toolchain_type"

# Attributes with source files, whose packages belong to the product even if a rule of another package names them.
_FILES = ["data", "file", "hdrs", "src", "srcs", "textual_hdrs"]

# Repositories of Bazel and of its rules for C and C++, from which nothing is in an artifact.
_OF_BAZEL = ["bazel_tools", "local_config_platform", "platforms", "rules_cc"]

# Values with which a toolchain says that it does not know its C library.
_NO_C_LIBRARY = ["", "local", "none", "unknown"]

def _component(name, version = "", type = "library", licence = "", purl = "", sha256 = ""):
    return json.encode({
        "licence": licence,
        "name": name,
        "purl": purl,
        "sha256": sha256,
        "type": type,
        "version": version,
    })

def described_component(info):
    """Returns a component as the action of an SBOM reads it.

    Args:
      info: A SoftwareUpdateComponentInfo.

    Returns:
      A JSON object as text.
    """
    return _component(info.name, info.version, info.type, info.licence, info.purl, info.sha256)

def component_of_label(label):
    """Returns the component that a target belongs to if nothing describes it.

    Args:
      label: The Label of the target.

    Returns:
      A list with a JSON object as text; empty for targets of Bazel itself.
    """
    if not label.repo_name:
        return [_component("//" + label.package)]

    # A module is NAME+, or NAME~VERSION; a repository of an extension has its own name at the end.
    parts = [part for part in label.repo_name.replace("~", "+").split("+") if part]
    if not parts or parts[-1] in _OF_BAZEL:
        return []
    if len(parts) == 2 and parts[1][0].isdigit():
        return [_component(parts[0], parts[1], purl = "pkg:bazel/%s@%s" % (parts[0], parts[1]))]
    return [_component(parts[-1], purl = "pkg:bazel/" + parts[-1] if len(parts) == 1 else "")]

def _described(ctx):
    """Returns the components in the metadata of a target."""
    attributes = ctx.rule.attr
    metadata = getattr(attributes, "package_metadata", None) or getattr(attributes, "applicable_licenses", None) or []
    return [
        described_component(each[SoftwareUpdateComponentInfo])
        for each in metadata
        if SoftwareUpdateComponentInfo in each
    ]

def _of_files(ctx):
    owners = {
        file.owner: None
        for name in _FILES
        for file in getattr(ctx.rule.files, name, [])
        if file.is_source
    }
    return [component for owner in owners for component in component_of_label(owner)]

def _of_toolchain(ctx):
    """Returns the compiler and the C library of a target that is compiled from C or C++."""
    toolchain = ctx.toolchains[_CC_TOOLCHAIN]
    if not toolchain or not ctx.rule.kind.startswith("cc_") or not getattr(ctx.rule.files, "srcs", []):
        return []
    cc = getattr(toolchain, "cc", toolchain)
    found = [_component(cc.compiler, type = "application")]
    return found + ([] if cc.libc in _NO_C_LIBRARY else [_component(cc.libc)])

def _targets(value):
    if type(value) == "Target":
        return [value]
    if type(value) == "list":
        return [each for each in value if type(each) == "Target"]
    if type(value) == "dict":
        return [each for each in value.keys() + value.values() if type(each) == "Target"]
    return []

def _components_impl(_target, ctx):
    # Programs that only run in the build are in no artifact.
    if "-exec" in ctx.bin_dir.path:
        return [ComponentsInfo(components = depset())]
    described = _described(ctx)
    own = described or component_of_label(ctx.label) + _of_files(ctx)
    below = [
        each[ComponentsInfo].components
        for name in dir(ctx.rule.attr)
        # Attributes of a rule's author name its tools.
        if not name.startswith("_")
        for each in _targets(getattr(ctx.rule.attr, name))
        if ComponentsInfo in each
    ]
    return [ComponentsInfo(components = depset(own + _of_toolchain(ctx), transitive = below))]

components_aspect = aspect(
    implementation = _components_impl,
    doc = "Collects the components of which a target is built.",
    attr_aspects = ["*"],
    toolchains = [config_common.toolchain_type(_CC_TOOLCHAIN, mandatory = False)],
)

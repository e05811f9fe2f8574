"""The attribute `signatures` and the flag that selects how metadata is signed."""

load("@bazel_skylib//rules:common_settings.bzl", "BuildSettingInfo")
load("//rules/providers:software_update_root_info.bzl", "SoftwareUpdateRootInfo")

visibility("//rules/...")

_FLAG = Label("//rules/settings:signing")

# As a person writes it on the command line, who knows a module by the name in its `bazel_dep`.
SIGNING_FLAG = ("@rules_software_update" if _FLAG.repo_name else "") + "//%s:%s" % (_FLAG.package, _FLAG.name)

SIGNING = {
    "_signing": attr.label(
        default = _FLAG,
        doc = "The mode: dev, release or unsigned.",
        providers = [BuildSettingInfo],
    ),
    "signatures": attr.label_list(
        doc = "Signatures of the signing request, as `software-update sign` writes them. Read in release mode alone.",
        allow_files = True,
    ),
}

def signing_mode(ctx):
    """The mode of this build.

    Args:
      ctx: The context of a rule with the attributes of `SIGNING`.

    Returns:
      "dev", "release" or "unsigned".
    """
    return ctx.attr._signing[BuildSettingInfo].value

def dev_signing_keys(roots, own = []):
    """The private keys in the tree that are in reach of roots.

    Args:
      roots: A list of targets that roots come from, or None.
      own: A list of File: more of these keys.

    Returns:
      A depset of File.
    """
    infos = [root[SoftwareUpdateRootInfo] for root in roots if root and SoftwareUpdateRootInfo in root]
    return depset(own, transitive = [info.dev_signing_keys for info in infos])

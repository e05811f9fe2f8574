"""The attribute `signatures` and the flag that selects how metadata is signed."""

load("@bazel_skylib//rules:common_settings.bzl", "BuildSettingInfo")
load("//rules/providers:software_update_root_info.bzl", "SoftwareUpdateRootInfo")

visibility("//rules/...")

_FLAG = Label("//rules/settings:signing")

# The label as a person writes it on the command line, with the name of the module from its `bazel_dep`.
SIGNING_FLAG = ("@rules_software_update" if _FLAG.repo_name else "") + "//%s:%s" % (_FLAG.package, _FLAG.name)

SIGNING = {
    "_signing": attr.label(
        default = _FLAG,
        doc = "The mode: `dev`, `release` or `unsigned`.",
        providers = [BuildSettingInfo],
    ),
    "signatures": attr.label_list(
        doc = "Signatures of the signing request, as `software-update sign` writes them. Only the release mode reads them.",
        allow_files = True,
    ),
}

def signing_mode(ctx):
    """Returns the mode of this build.

    Args:
      ctx: The context of a rule with the attributes of `SIGNING`.

    Returns:
      "dev", "release" or "unsigned".
    """
    return ctx.attr._signing[BuildSettingInfo].value

def dev_signing_keys(roots, own = []):
    """Returns the private keys in the tree that sign given roots or the roots before them.

    Args:
      roots: A list whose items are targets that provide roots, or None.
      own: A list of File: more keys to include.

    Returns:
      A depset of File.
    """
    infos = [root[SoftwareUpdateRootInfo] for root in roots if root and SoftwareUpdateRootInfo in root]
    return depset(own, transitive = [info.dev_signing_keys for info in infos])

"""The rule `software_update_personalized_bundle`."""

load("//rules/private:common_attributes.bzl", "common_attributes")
load("//rules/private:errors.bzl", "display")
load("//rules/private:installed.bzl", "manifest_of", "root_of")
load("//rules/private:tool.bzl", "TOOL", "run_tool", "tool_args")
load("//rules/private:verify.bzl", "verify")
load("//rules/providers:software_update_bundle_info.bzl", "SoftwareUpdateBundleInfo")

def _personalize(ctx, bundle, installed):
    args = tool_args(ctx, ["bundle", "personalize"])
    args.add(bundle)
    args.add(installed, format = "--installed=%s")
    args.add("-o", ctx.outputs.out)
    run_tool(
        ctx,
        args = args,
        inputs = [bundle, installed],
        outputs = [ctx.outputs.out],
        mnemonic = "SoftwareUpdatePersonalize",
        progress_message = "Leaving out of %s what devices have" % display(ctx.label),
    )

def _software_update_personalized_bundle_impl(ctx):
    info = ctx.attr.bundle[SoftwareUpdateBundleInfo]
    installed = manifest_of(ctx.label, ctx.attr.installed, ctx.file.installed)
    _personalize(ctx, info.bundle, installed)
    report = verify(
        ctx,
        bundle = ctx.outputs.out,
        trusted_root = ctx.file.trusted_root or root_of(ctx.attr.installed) or info.trusted_root,
        installed = installed,
    )
    return [
        DefaultInfo(
            files = depset([ctx.outputs.out]),
            runfiles = ctx.runfiles(files = [ctx.outputs.out]),
        ),
        OutputGroupInfo(
            verdict = depset([report]),
            _validation = depset([report]),
        ),
    ]

_software_update_personalized_bundle = rule(
    implementation = _software_update_personalized_bundle_impl,
    doc = "Leaves out of a bundle what devices have, and verifies what is left.",
    attrs = TOOL | {
        "bundle": attr.label(
            doc = "The whole bundle.",
            mandatory = True,
            providers = [SoftwareUpdateBundleInfo],
        ),
        "installed": attr.label(
            doc = "What the devices run: a bundle or a manifest.",
            allow_single_file = True,
            mandatory = True,
        ),
        "out": attr.output(
            doc = "The personalized bundle.",
            mandatory = True,
        ),
        "trusted_root": attr.label(
            doc = "What the verification starts from; by default the root in `installed`, or what that of the whole bundle starts from.",
            allow_single_file = True,
        ),
    },
)

def software_update_personalized_bundle(*, name, bundle, installed, trusted_root = None, out = None, **kwargs):
    """Makes a bundle smaller for devices that run a known release.

    The payloads that such a device has are left out; it takes them from what it runs. The metadata and its
    signatures stay as they are, so nothing has to be signed again. A device that runs something else
    refuses it with `MISSING_PAYLOAD`.

    Building it also verifies it, as a device would that runs `installed`. Its output group `verdict` has
    `NAME.verdict.json`, the report of the verification.

    Args:
      name: The bundle's name.
      bundle: The whole bundle, a `software_update_bundle`.
      installed: What the devices run: a `software_update_bundle` that they have installed, a manifest that
        `software-update bundle verify --write-manifest` wrote, or the file of a bundle.
      trusted_root: The root metadata that the verification starts from. It must not be older than the root under
        which `installed` was accepted. The default is the root in `installed` if that is a bundle, and otherwise
        the root that the verification of `bundle` starts from.
      out: The file's name. The default is `NAME.bundle`.
      **kwargs: The attributes that Bazel gives every rule, such as `tags` and `visibility`. Write `tags`
        without `select()`.
    """
    common = common_attributes("software_update_personalized_bundle", name, kwargs)
    _software_update_personalized_bundle(
        name = name,
        bundle = bundle,
        installed = installed,
        out = out or name + ".bundle",
        trusted_root = trusted_root,
        **common.public
    )

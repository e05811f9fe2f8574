"""The rule `software_update_promotion`."""

load("//rules/private:common_attributes.bzl", "common_attributes", "or_default")
load("//rules/private:date.bzl", "check_date")
load("//rules/private:errors.bzl", "display")
load("//rules/private:tool.bzl", "TOOL", "run_tool", "tool_args")
load("//rules/providers:software_update_bundle_info.bzl", "SoftwareUpdateBundleInfo")

_SIGNING = str(Label("//rules/settings:signing"))

def _in_mode(mode):
    return transition(
        implementation = lambda _settings, _attr: {_SIGNING: mode},
        inputs = [],
        outputs = [_SIGNING],
    )

def _promote(ctx, *, tested, release, trusted_root, report):
    args = tool_args(ctx, ["bundle", "promote"])
    args.add(tested)
    args.add(release)
    args.add(trusted_root, format = "--trusted-root=%s")
    args.add(ctx.attr.verify_at or "none", format = "--at=%s")
    args.add(report, format = "--report=%s")
    args.add("-o", ctx.outputs.out)
    run_tool(
        ctx,
        args = args,
        inputs = [tested, release, trusted_root],
        outputs = [ctx.outputs.out, report],
        mnemonic = "SoftwareUpdatePromote",
        progress_message = "Proving that %s carries what was tested" % display(ctx.label),
    )

def _software_update_promotion_impl(ctx):
    check_date(ctx.label, "verify_at", ctx.attr.verify_at)

    # What has a transition is a list.
    info = ctx.attr.bundle[0][SoftwareUpdateBundleInfo]
    [tested] = ctx.files.tested or ctx.files.tested_or_bundle
    trusted_root = ctx.file.trusted_root or info.trusted_root
    report = ctx.actions.declare_file(ctx.label.name + ".promotion.json")

    # No validation, which can be left out: without the proof there is no release.
    _promote(ctx, tested = tested, release = info.bundle, trusted_root = trusted_root, report = report)
    released = ctx.outputs.out
    return [
        DefaultInfo(
            files = depset([released]),
            runfiles = ctx.runfiles(files = [released]),
        ),
        OutputGroupInfo(
            manifest = depset([info.manifest]),
            report = depset([report]),
            root_metadata = depset([info.root]),
            targets_metadata = depset([info.targets_metadata]),
        ),
        SoftwareUpdateBundleInfo(
            bundle = released,
            digests = info.digests,
            manifest = info.manifest,
            release_root = info.release_root,
            root = info.root,
            root_chain = info.root_chain,
            targets_metadata = info.targets_metadata,
            trusted_root = trusted_root,
            unsigned_targets_metadata = info.unsigned_targets_metadata,
            user_manifest = info.user_manifest,
            version = info.version,
        ),
    ]

_software_update_promotion = rule(
    implementation = _software_update_promotion_impl,
    doc = "Hands out a release, if it carries what was tested.",
    attrs = TOOL | {
        "bundle": attr.label(
            doc = "The bundle to release, in release mode.",
            cfg = _in_mode("release"),
            mandatory = True,
            providers = [SoftwareUpdateBundleInfo],
        ),
        "out": attr.output(
            doc = "The release.",
            mandatory = True,
        ),
        "tested": attr.label(
            doc = "The bundle that was tested: a file, or a bundle that is built in dev mode.",
            allow_single_file = True,
            cfg = _in_mode("dev"),
        ),
        "tested_or_bundle": attr.label(
            doc = "The same, or the bundle to use if that is None.",
            allow_single_file = True,
            cfg = _in_mode("dev"),
            mandatory = True,
        ),
        "trusted_root": attr.label(
            doc = "What devices trust; by default what the bundle's own verification starts from.",
            allow_single_file = True,
        ),
        "verify_at": attr.string(doc = "The time of the verification; empty means that no expiry is checked."),
    },
    provides = [SoftwareUpdateBundleInfo],
)

def software_update_promotion(
        *,
        name,
        bundle,
        tested = None,
        trusted_root = None,
        verify_at = None,
        out = None,
        **kwargs):
    """Hands out a release, and only if it carries exactly what was tested.

    Its output is `bundle`, built with `--@rules_software_update//rules/settings:signing=release` whatever the value of
    that flag is. Building it fails if devices reject the release, if a dev key has a part in it, or if its targets
    metadata or payloads differ from those of `tested` in any byte. The action that checks this writes the output, so
    `--norun_validations` skips none of these checks.

    The target is `manual`: `bazel build //...` does not build it, because it fails by design between two releases,
    when the tree has changed and the signatures have not. Build it by its name. Make tests that use it `manual` too.

    Keep the file that was tested, and name it. Without `tested`, the build makes the dev bundle again, which
    proves that the two modes give the same of what is in the tree now, and not that anybody tested that. Where
    a payload is compiled, that compiles it once more.

    Its output group `report` has `NAME.promotion.json`, the proof as JSON, and `manifest` has the manifest that a
    device keeps of the release. It gives `SoftwareUpdateBundleInfo`.

    Args:
      name: The release's name.
      bundle: The `software_update_bundle` to release.
      tested: The bundle that was tested: a file, or a `software_update_bundle`, which is built in dev mode. The
        default is `bundle` in dev mode. What it carries counts, and not who signed it.
      trusted_root: The root metadata that devices trust. The default is what the verification of `bundle`
        starts from.
      verify_at: The time at which the verification takes place, such as `2031-01-01T00:00:00Z`. By default no
        expiry is checked, because a build has no clock.
      out: The file's name. The default is `NAME.bundle`.
      **kwargs: The attributes that Bazel gives every rule, such as `tags` and `visibility`. Write `tags`
        without `select()`; the rule adds `manual`.
    """
    common = common_attributes("software_update_promotion", name, kwargs, tags = ["manual"])
    _software_update_promotion(
        name = name,
        bundle = bundle,
        out = out or name + ".bundle",
        tested = tested,
        tested_or_bundle = or_default(tested, bundle),
        trusted_root = trusted_root,
        verify_at = verify_at,
        **common.public
    )

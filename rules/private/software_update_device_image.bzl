"""The rule behind the macro `software_update_device_image`.

Its global variable has the name of the macro, because `bazel query --output=label_kind` shows it.
"""

load("//rules/private/actions:device_image.bzl", "device_image")
load("//rules/private/actions:tool.bzl", "IMAGE_TOOL")
load("//rules/private/attributes:signing.bzl", "SIGNING", "SIGNING_FLAG", "dev_signing_keys", "signing_mode")
load("//rules/private/checks:errors.bzl", "display", "refuse")
load("//rules/providers:software_update_bundle_info.bzl", "SoftwareUpdateBundleInfo")

visibility("//rules/...")

def _single_file(ctx, attribute, key, target):
    files = target[DefaultInfo].files.to_list()
    if len(files) != 1 or files[0].is_directory:
        refuse(ctx.label, "%s[%s]" % (attribute, repr(key)), display(target.label), "the label gives %d files; write a label that gives 1 file, which is not a directory" % len(files))
    return files[0]

def _trusted_root(ctx):
    """Returns the root that devices trust: the attribute, or that of the bundle."""
    if ctx.file.trusted_root:
        return ctx.file.trusted_root
    if SoftwareUpdateBundleInfo not in ctx.attr.bundle:
        refuse(ctx.label, "trusted_root", None, "write the root that devices trust: %s is a file, and names none" % display(ctx.attr.bundle.label))
    return ctx.attr.bundle[SoftwareUpdateBundleInfo].trusted_root

def _software_update_device_image_impl(ctx):
    mode = signing_mode(ctx)
    trusted_root = _trusted_root(ctx)
    bundle = ctx.file.bundle
    if SoftwareUpdateBundleInfo in ctx.attr.bundle:
        bundle = ctx.attr.bundle[SoftwareUpdateBundleInfo].bundle

        # A device rejects an unsigned bundle. The label of the file still needs an action.
        if mode == "unsigned":
            ctx.actions.run_shell(
                outputs = [ctx.outputs.out],
                arguments = ["%s: devices reject an unsigned bundle; build with --%s=dev" % (display(ctx.label), SIGNING_FLAG)],
                command = "echo \"$1\" >&2; exit 1",
                mnemonic = "SoftwareUpdateNoImage",
                progress_message = "Refusing to make the image %s" % display(ctx.label),
            )
            return [DefaultInfo(files = depset())]
    report = ctx.actions.declare_file(ctx.label.name + ".device_image.json")
    device_image(
        ctx,
        bundle = bundle,
        trusted_root = trusted_root,
        other_roots = {name: _single_file(ctx, "other_roots", name, root) for name, root in ctx.attr.other_roots.items()},
        layout = ctx.file.layout,
        configuration = ctx.file.configuration,
        domain = ctx.attr.domain,
        slot = ctx.attr.slot,
        files = {place: _single_file(ctx, "files", place, file) for place, file in ctx.attr.files.items()},
        places = ctx.attr.places,
        release = mode == "release",
        dev_keys = dev_signing_keys([ctx.attr.trusted_root] + ctx.attr.other_roots.values()),
        output = ctx.outputs.out,
        report = report,
    )
    return [
        DefaultInfo(
            files = depset([ctx.outputs.out]),
            runfiles = ctx.runfiles(files = [ctx.outputs.out]),
        ),
        OutputGroupInfo(report = depset([report])),
    ]

software_update_device_image = rule(
    implementation = _software_update_device_image_impl,
    doc = "Makes the disk image of a device for the factory.",
    attrs = IMAGE_TOOL | {"_signing": SIGNING["_signing"]} | {
        "bundle": attr.label(
            doc = "The bundle that devices ship with.",
            allow_single_file = True,
            mandatory = True,
        ),
        "configuration": attr.label(
            doc = "The configuration of the client on the device.",
            allow_single_file = True,
            mandatory = True,
        ),
        "domain": attr.string(doc = "The trust domain of the bundle; empty for the only one."),
        "files": attr.string_keyed_label_dict(
            doc = "More files, by their places in the image.",
            allow_files = True,
        ),
        "layout": attr.label(
            doc = "The partitions.",
            allow_single_file = True,
            mandatory = True,
        ),
        "other_roots": attr.string_keyed_label_dict(
            doc = "The roots of other trust domains, by the name of the domain.",
            allow_files = True,
        ),
        "out": attr.output(
            doc = "The image.",
            mandatory = True,
        ),
        "places": attr.string_dict(doc = "The places of targets, if not those of the installers in the configuration."),
        "slot": attr.string(doc = "The slot that gets the release; empty for the first one."),
        "trusted_root": attr.label(
            doc = "The root that the device trusts; by default the trusted root of the bundle.",
            allow_single_file = True,
        ),
    },
)

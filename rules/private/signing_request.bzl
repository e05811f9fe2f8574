"""The public target `NAME.signing_request`: what is to be signed, and a summary that a person can check."""

load("//rules/providers:software_update_root_info.bzl", "SoftwareUpdateRootInfo")
load(":errors.bzl", "display")
load(":targets_metadata.bzl", "UnsignedTargetsMetadataInfo")
load(":tool.bzl", "TOOL", "run_tool", "tool_args")

visibility("//rules/...")

_SUFFIX = ".signing_request"

def unsigned_root_of(target, file):
    """A root without its own signatures, so that what only asks who signs does not wait for those.

    Args:
      target: A `software_update_root`, a target that gives one file, or None.
      file: That file, or None.

    Returns:
      The File; None where `target` is.
    """
    if target and SoftwareUpdateRootInfo in target:
        return target[SoftwareUpdateRootInfo].unsigned_root
    return file

def declare_signing_request(ctx, label):
    """The files of a signing request.

    Args:
      ctx: The rule's context.
      label: The Label of the bundle or root.

    Returns:
      A struct of Files: `bytes`, which are to be signed, and `summary`.
    """
    return struct(
        bytes = ctx.actions.declare_file(label.name + _SUFFIX),
        summary = ctx.actions.declare_file(label.name + _SUFFIX + ".json"),
    )

def summarize(ctx, label, *, args, inputs, outputs):
    """Declares the action that says who may sign, and what.

    Args:
      ctx: The context of a rule with the attributes of `TOOL`.
      label: The Label of the bundle or root.
      args: The command line of `step request`.
      inputs: A list of File.
      outputs: A list of File.
    """
    run_tool(
        ctx,
        args = args,
        inputs = inputs,
        outputs = outputs,
        mnemonic = "SoftwareUpdateRequest",
        progress_message = "Saying what %s asks to be signed" % display(label),
    )

def _giving(ctx, files):
    return [DefaultInfo(
        files = files,
        runfiles = ctx.runfiles(transitive_files = files),
    )]

def _signing_request_impl(ctx):
    label = ctx.label.same_package_label(ctx.label.name.removesuffix(_SUFFIX))
    info = ctx.attr.metadata[UnsignedTargetsMetadataInfo]
    root = unsigned_root_of(ctx.attr.root, ctx.file.root) or unsigned_root_of(ctx.attr.root_or_dev_root, ctx.file.root_or_dev_root)
    request = declare_signing_request(ctx, label)
    args = tool_args(ctx, ["step", "request"])
    args.add(info.metadata, format = "--metadata=%s")
    args.add("--role=targets")
    args.add(root, format = "--root=%s")
    inputs = [info.metadata, root]
    if info.user_manifest:
        args.add(info.user_manifest, format = "--user-manifest=%s")
        inputs.append(info.user_manifest)
    args.add(request.bytes, format = "--bytes=%s")
    args.add("-o", request.summary)
    summarize(ctx, label, args = args, inputs = inputs, outputs = [request.summary, request.bytes])
    return _giving(ctx, depset([request.bytes, request.summary]))

signing_request = rule(
    implementation = _signing_request_impl,
    doc = """Targets metadata that waits for signatures, as a target of its own.

It needs neither a signature nor a bundle, and knows no signing mode: what is signed is the same in each.""",
    attrs = TOOL | {
        "metadata": attr.label(
            doc = "The target that makes the metadata.",
            mandatory = True,
            providers = [UnsignedTargetsMetadataInfo],
        ),
        "root": attr.label(
            doc = "The root that lists who may sign.",
            allow_single_file = True,
        ),
        "root_or_dev_root": attr.label(
            doc = "The same root, or the one to use if that is None.",
            default = Label("//tools/dev_keys:dev_root"),
            allow_single_file = True,
        ),
    },
)

def _root_signing_request_impl(ctx):
    return _giving(ctx, ctx.attr.root[OutputGroupInfo].signing_request)

root_signing_request = rule(
    implementation = _root_signing_request_impl,
    doc = "Root metadata that waits for signatures, as a target of its own.",
    attrs = {
        "root": attr.label(
            doc = "The root.",
            mandatory = True,
            providers = [SoftwareUpdateRootInfo],
        ),
    },
)

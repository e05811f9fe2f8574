"""The actions that compress artifacts."""

load("//rules/private/checks:errors.bzl", "display")
load(":payloads.bzl", "COMPRESSED", "add_payloads")
load(":tool.bzl", "run_tool", "tool_args")

visibility("//rules/...")

def compress(ctx, label, *, payloads, level):
    """Declares the actions that compress payloads: one for each file and each directory.

    Args:
      ctx: The context of a rule with the attributes of `TOOL`.
      label: The Label of the bundle.
      payloads: A list of structs of `name` and `file`, as `collect_payloads` returns them.
      level: An int: the level of zstd.

    Returns:
      A struct of `payloads`, the same payloads with compressed files, and `digests`, a list of File: their digest
      records.
    """
    compressed, digests = [], []
    for index, payload in enumerate(payloads):
        # No target name contains a ~, so these paths differ from all others.
        if payload.file.is_directory:
            stored = ctx.actions.declare_directory("%s.compressed/~directory_%d" % (label.name, index))
            record = ctx.actions.declare_file("%s.digests/~compressed_%d.json" % (label.name, index))
            compressed.append(struct(name = COMPRESSED, file = stored))
        else:
            stored = ctx.actions.declare_file("%s.compressed/%s/~payload.zst" % (label.name, payload.name))
            record = ctx.actions.declare_file("%s.digests/%s/~compressed.json" % (label.name, payload.name))
            compressed.append(struct(name = payload.name, file = stored))
        _compress_payload(ctx, label, payload, level, stored, record)
        digests.append(record)
    return struct(payloads = compressed, digests = digests)

def _compress_payload(ctx, label, payload, level, stored, record):
    args = tool_args(ctx, ["step", "compress"])
    add_payloads(args, [payload])
    args.add(level, format = "--compression-level=%s")
    if stored.is_directory:
        args.add_all([stored], format_each = "--folder=%s", expand_directories = False)
    else:
        args.add(stored, format = "--payload=%s")
    args.add(record, format = "--output=%s")
    run_tool(
        ctx,
        args = args,
        inputs = [payload.file],
        outputs = [stored, record],
        mnemonic = "SoftwareUpdateCompress",
        progress_message = "Compressing %s of %s" % (payload.name or "files", display(label)),
    )

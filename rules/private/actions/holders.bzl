"""The action that writes the names of the holders of keys."""

load("//rules/private/checks:errors.bzl", "display")
load(":tool.bzl", "run_tool", "tool_args")

visibility("//rules/...")

def write_holders(ctx, *, keys, names, earlier, holders):
    """Declares the action that writes the names of the holders of a root's keys.

    It is not the action that makes the root, so a root does not change, and is not made again, with a name.

    Args:
      ctx: The context of a rule with the attributes of `TOOL`.
      keys: A list of File: the public keys of the root.
      names: A dict from some of the keys to the names of their holders. Other keys have the names of their files.
      earlier: File or None: the names of the keys of the roots before.
      holders: File: the JSON to write.
    """
    args = tool_args(ctx, ["root", "holders"])
    args.add_all(keys, format_each = "--key=%s")
    for key, name in names.items():
        args.add(key, format = "--holder=%s=" + name.replace("%", "%%"))
    inputs = list(keys)
    if earlier:
        args.add(earlier, format = "--earlier=%s")
        inputs.append(earlier)
    args.add("-o", holders)
    run_tool(
        ctx,
        args = args,
        inputs = inputs,
        outputs = [holders],
        mnemonic = "SoftwareUpdateHolders",
        progress_message = "Writing the names of the holders of the keys of %s" % display(ctx.label),
    )

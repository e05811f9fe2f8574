"""A rule that gives a directory, whose files are known only once it has run."""

def _directory_impl(ctx):
    directory = ctx.actions.declare_directory(ctx.label.name)
    ctx.actions.run_shell(
        outputs = [directory],
        arguments = [directory.path],
        command = "mkdir -p \"$1/de\" && echo hello > \"$1/text\" && echo hallo > \"$1/de/text\"",
        mnemonic = "Directory",
    )
    return [DefaultInfo(files = depset([directory]))]

directory = rule(
    implementation = _directory_impl,
    doc = "A directory with the files text and de/text.",
)

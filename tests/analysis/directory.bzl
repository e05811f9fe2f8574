"""A rule that gives a directory, for tests."""

def _directory_impl(ctx):
    directory = ctx.actions.declare_directory(ctx.label.name)
    ctx.actions.run_shell(
        outputs = [directory],
        arguments = [directory.path],
        command = "mkdir -p \"$1/sub\" && echo one > \"$1/one.bin\" && echo two > \"$1/sub/two.bin\"",
    )
    return [DefaultInfo(files = depset([directory]))]

directory = rule(
    implementation = _directory_impl,
    doc = "A directory with the files one.bin and sub/two.bin.",
)

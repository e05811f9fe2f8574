"""The rule `tool_digest`: the digest of a tool, as the name of a file."""

load(":python_environment.bzl", "PYTHON_ENVIRONMENT")

visibility("//tools/...")

def _file(file):
    return "%s=%s" % (file.short_path, file.path)

def _tool_digest_impl(ctx):
    folder = ctx.actions.declare_directory(ctx.label.name)
    tool = ctx.attr.tool[DefaultInfo]
    files = depset([tool.files_to_run.executable], transitive = [tool.default_runfiles.files])
    args = ctx.actions.args()
    args.set_param_file_format("multiline")
    args.use_param_file("@%s", use_always = True)
    args.add_all(files, map_each = _file, format_each = "--file=%s")
    args.add(folder.path, format = "--out=%s")
    ctx.actions.run(
        executable = ctx.attr._program[DefaultInfo].files_to_run,
        arguments = [args],
        inputs = files,
        outputs = [folder],
        mnemonic = "ToolDigest",
        progress_message = "Hashing the files of %{label}",
        env = PYTHON_ENVIRONMENT,
    )
    return [DefaultInfo(files = depset([folder]))]

tool_digest = rule(
    implementation = _tool_digest_impl,
    doc = "A folder with one empty file, whose name is the SHA-256 of all files of a tool: the executable and its runfiles. " +
          "Args expands a folder when an action runs, so the digest can be an argument.",
    attrs = {
        "tool": attr.label(
            doc = "The tool.",
            executable = True,
            # This target is what others depend on in the exec configuration.
            cfg = "target",
            mandatory = True,
        ),
        "_program": attr.label(
            default = Label("//tools/python:tool_digest"),
            doc = "The program that makes the folder.",
            executable = True,
            cfg = "exec",
        ),
    },
)

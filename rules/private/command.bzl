"""Targets that run one command of `software-update`: by `bazel run`, or as a test."""

load(":tool.bzl", "TOOL")

visibility("//rules/...")

def _command_impl(ctx):
    launcher = ctx.actions.declare_file(ctx.label.name)
    tool = ctx.attr._tool[DefaultInfo]
    ctx.actions.symlink(
        output = launcher,
        target_file = tool.files_to_run.executable,
        is_executable = True,
    )
    runfiles = ctx.runfiles(files = ctx.files.data)
    runfiles = runfiles.merge_all([data[DefaultInfo].default_runfiles for data in ctx.attr.data])
    return [DefaultInfo(
        executable = launcher,
        runfiles = runfiles.merge(tool.default_runfiles),
    )]

_ATTRS = TOOL | {
    # The name is Bazel's: it is where $(rootpath) looks.
    "data": attr.label_list(
        doc = "What the arguments name.",
        allow_files = True,
    ),
}

# Not a py_binary: that would be built for the target platform, on which no Python may run.
command = rule(
    implementation = _command_impl,
    doc = "Runs the command line, built for the machine that builds, on the files of `data`.",
    attrs = _ATTRS,
    executable = True,
)

command_test = rule(
    implementation = _command_impl,
    doc = "Passes where the command line, built for the machine that builds, ends with 0.",
    attrs = _ATTRS,
    test = True,
)

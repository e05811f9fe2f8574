"""The public target `NAME.inspect`: `bazel run` prints what is in a bundle."""

load(":tool.bzl", "TOOL")

visibility("//rules/...")

def _inspect_impl(ctx):
    launcher = ctx.actions.declare_file(ctx.label.name)
    tool = ctx.attr._tool[DefaultInfo]
    ctx.actions.symlink(
        output = launcher,
        target_file = tool.files_to_run.executable,
        is_executable = True,
    )
    return [DefaultInfo(
        executable = launcher,
        runfiles = ctx.runfiles(files = ctx.files.data).merge(tool.default_runfiles),
    )]

# Not a py_binary: that would be built for the target platform, on which no Python may run.
_inspect = rule(
    implementation = _inspect_impl,
    doc = "Runs the command line, built for the machine that builds, on the files of `data`.",
    attrs = TOOL | {
        # The name is Bazel's: it is where $(rootpath) looks.
        "data": attr.label_list(
            doc = "What the arguments name.",
            allow_files = True,
        ),
    },
    executable = True,
)

def inspect(name, bundle, tags = [], **kwargs):
    """Makes a target that prints what is in a bundle.

    Args:
      name: The target's name.
      bundle: The bundle's label.
      tags: The target's tags.
      **kwargs: Attributes of every rule.
    """
    _inspect(
        name = name,
        data = [bundle],
        args = ["bundle", "inspect", "$(rootpath %s)" % bundle],
        # For `bazel run`; `bazel build //...` need not lay out a Python program for every bundle.
        tags = tags + ["manual"],
        **kwargs
    )

"""The rule `python_archive`: Python libraries in few files."""

load("@rules_python//python:py_info.bzl", "PyInfo")
load(":python_environment.bzl", "PYTHON_ENVIRONMENT")

visibility([
    "//examples/gateway",
    "//tools/...",
])

def _module(file):
    return "%s=%s" % (file.short_path, file.path)

def _python_archive_impl(ctx):
    folder = ctx.actions.declare_directory(ctx.label.name)
    imports = depset(transitive = [dep[PyInfo].imports for dep in ctx.attr.deps])
    files = depset(transitive = [dep[DefaultInfo].default_runfiles.files for dep in ctx.attr.deps] +
                                [dep[PyInfo].transitive_sources for dep in ctx.attr.deps])

    # A list, for a build has one archive or two; nothing else is put into a sandbox.
    modules = [file for file in files.to_list() if file.extension in ("py", "so")]
    args = ctx.actions.args()
    args.set_param_file_format("multiline")
    args.use_param_file("@%s", use_always = True)
    args.add(ctx.workspace_name, format = "--main-repository=%s")
    args.add_all(imports, format_each = "--import=%s")
    args.add_all(modules, map_each = _module, format_each = "--module=%s")
    args.add(folder.path, format = "--out=%s")
    ctx.actions.run(
        executable = ctx.attr._tool[DefaultInfo].files_to_run,
        arguments = [args],
        inputs = modules,
        outputs = [folder],
        mnemonic = "PythonArchive",
        progress_message = "Archiving the Python modules of %{label}",
        env = PYTHON_ENVIRONMENT,
    )
    return [DefaultInfo(
        files = depset([folder]),
        runfiles = ctx.runfiles(files = [folder]),
    )]

python_archive = rule(
    implementation = _python_archive_impl,
    doc = "A folder with `python.zip`, which has the sources of Python libraries and what the interpreter compiles them " +
          "to, and next to it the extension modules, which cannot be loaded out of an archive. Of a tool's files, each is an input " +
          "of each of its actions, and costs Bazel time there, also where a worker runs them: 10 files for 800.",
    attrs = {
        "deps": attr.label_list(
            doc = "The libraries. Of what they need, all Python comes along, and no data.",
            mandatory = True,
            providers = [PyInfo],
        ),
        "_tool": attr.label(
            default = Label("//tools/python:python_archive"),
            doc = "What makes the folder.",
            executable = True,
            cfg = "exec",
        ),
    },
)

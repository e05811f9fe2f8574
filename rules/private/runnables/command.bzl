"""Targets that run one command of `software-update`, with `bazel run` or as a test."""

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

def _command_test_impl(ctx):
    # With --build_python_zip, the launcher starts in its own folder, which does not contain the files of the arguments.
    environment = ctx.attr.env | {"SOFTWARE_UPDATE_IN_TEST_FOLDER": "1"}
    return _command_impl(ctx) + [RunEnvironmentInfo(
        environment = environment,
        inherited_environment = ctx.attr.env_inherit,
    )]

_ATTRS = {
    "_tool": attr.label(
        default = Label("//tools/software_update:software-update"),
        doc = "The tool with all commands.",
        executable = True,
        cfg = "exec",
    ),
    # Bazel's name: $(rootpath) looks for files in this attribute.
    "data": attr.label_list(
        doc = "The files that the arguments name.",
        allow_files = True,
    ),
}

# Not a py_binary, because Bazel would build it for the target platform, which may not run Python.
command = rule(
    implementation = _command_impl,
    doc = "Runs the tool, built for the machine that builds, on the files of `data`.",
    attrs = _ATTRS,
    executable = True,
)

_TEST_ATTRS = _ATTRS | {
    "env": attr.string_dict(doc = "Environment variables of the test."),
    "env_inherit": attr.string_list(doc = "Names of variables that the test takes from the shell."),
}

# Each test rule has the name of its macro, because `bazel query --output=label_kind` shows it.

software_update_bundle_test = rule(
    implementation = _command_test_impl,
    doc = "Passes if the device's verdict on a bundle is the expected one.",
    attrs = _TEST_ATTRS,
    test = True,
)

software_update_fleet_test = rule(
    implementation = _command_test_impl,
    doc = "Passes if the devices' verdicts on a bundle are those of a table.",
    attrs = _TEST_ATTRS,
    test = True,
)

software_update_device_test = rule(
    implementation = _command_test_impl,
    doc = "Passes if a simulated device does what a script says.",
    attrs = _TEST_ATTRS,
    test = True,
)

software_update_expiry_test = rule(
    implementation = _command_test_impl,
    doc = "Passes if no metadata in the files expires soon.",
    attrs = _TEST_ATTRS,
    test = True,
)

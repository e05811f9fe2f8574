"""The tool `software-update`, as the actions run it."""

load("@bazel_skylib//rules:common_settings.bzl", "BuildSettingInfo")
load("//tools/python:python_environment.bzl", "PYTHON_ENVIRONMENT")

visibility("//rules/...")

def _attributes(tool, digest):
    return {
        "_tool": attr.label(
            default = tool,
            doc = "The tool that the actions run.",
            executable = True,
            cfg = "exec",
        ),
        "_tool_digest": attr.label(
            default = digest,
            doc = "The folder with one file, whose name is the digest of the tool.",
            allow_single_file = True,
            cfg = "exec",
        ),
        "_workers": attr.label(
            default = Label("//rules/private:workers"),
            doc = "Whether actions may run in persistent workers.",
            providers = [BuildSettingInfo],
        ),
    }

TOOL = _attributes(
    Label("//tools/software_update:actions"),
    Label("//tools/software_update:actions.digest"),
)

# Only the action that writes an SBOM needs the library for it.
SBOM_TOOL = _attributes(
    Label("//tools/software_update:sbom_action"),
    Label("//tools/software_update:sbom_action.digest"),
)

# Only the action that makes an image for the factory needs the client.
IMAGE_TOOL = _attributes(
    Label("//tools/software_update:image_action"),
    Label("//tools/software_update:image_action.digest"),
) | {
    "_programs": attr.label(
        default = Label("@software_update_image_programs//:programs.txt"),
        doc = "The paths and versions of the programs of this machine that make file systems.",
        allow_single_file = True,
    ),
}

_REQUIREMENTS = {
    "block-network": "1",
    "supports-path-mapping": "1",
}

# One process serves many local actions, because starting a process costs as much time as hashing 50 MiB.
_REQUIREMENTS_WITH_WORKERS = _REQUIREMENTS | {
    "requires-worker-protocol": "json",
    "supports-multiplex-workers": "1",
    "supports-workers": "1",
    "worker-key-mnemonic": "SoftwareUpdate",
}

def _basename(file):
    return file.basename

def _start_args(ctx):
    """Returns the arguments with which Bazel starts the tool, as a worker or not.

    The digest of the tool is one of them. Bazel keeps the process of a multiplex worker after the tool has changed,
    but starts a new worker for new arguments.
    """
    args = ctx.actions.args()
    args.add_all([ctx.file._tool_digest], map_each = _basename, format_each = "--tool-digest=%s")
    return args

def tool_args(ctx, command, *, in_file = True):
    """Returns the start of an action's command line.

    Args:
      ctx: The rule's context.
      command: The words that name the command of `software-update`, such as `["step", "digest"]`.
      in_file: Whether the arguments are in a file, which Bazel writes next to the first output.

    Returns:
      An Args object for `run_tool`. Add File objects to it and not their paths, so that Bazel can map paths.
    """
    args = ctx.actions.args()

    # The arguments are in a file, one on each line: this has no limit, and one worker can serve all commands.
    if in_file:
        args.set_param_file_format("multiline")
        args.use_param_file("@%s", use_always = True)
    args.add_all(command)
    return args

def add_value(args, option, value):
    """Adds an option whose value is in the command line or in a file.

    Args:
      args: The command line, from `tool_args`.
      option: The option, such as `--version`; it has a form with `-file`.
      value: None, in which case the function adds nothing, or a struct of `text` and `file` from `value_of`.

    Returns:
      A list of File: the files that the action reads for the value.
    """
    if not value:
        return []
    if value.file:
        args.add(value.file, format = option + "-file=%s")
        return [value.file]
    args.add(value.text, format = option + "=%s")
    return []

# Programs of this machine, which no other one need have.
_REQUIREMENTS_ON_THIS_MACHINE = _REQUIREMENTS | {"no-remote-exec": "1"}

def run_tool(
        ctx,
        *,
        args,
        inputs,
        outputs,
        mnemonic,
        progress_message,
        in_file = True,
        on_this_machine = False):
    """Declares an action that runs one command of `software-update`.

    Args:
      ctx: The rule's context; the rule has the attributes of `TOOL`.
      args: The command line, from `tool_args`.
      inputs: A list of File: all files that the command reads.
      outputs: A list of File: all files that the command writes.
      mnemonic: The name of the action in `--strategy`, aquery and the profile.
      progress_message: The text that Bazel prints while the action runs.
      in_file: The same as for `tool_args`. A worker needs arguments in a file.
      on_this_machine: A bool: whether the command runs programs of this machine.
    """
    requirements = _REQUIREMENTS
    if on_this_machine:
        requirements = _REQUIREMENTS_ON_THIS_MACHINE
    elif in_file and ctx.attr._workers[BuildSettingInfo].value:
        requirements = _REQUIREMENTS_WITH_WORKERS
    ctx.actions.run(
        executable = ctx.attr._tool[DefaultInfo].files_to_run,
        arguments = [_start_args(ctx), args],
        inputs = inputs + [ctx.file._tool_digest],
        outputs = outputs,
        mnemonic = mnemonic,
        progress_message = progress_message,
        env = PYTHON_ENVIRONMENT,
        execution_requirements = requirements,
    )

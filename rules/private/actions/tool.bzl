"""How the rules run the command `software-update`: the same way for every action."""

load("@bazel_skylib//rules:common_settings.bzl", "BuildSettingInfo")
load("//tools/python:python_environment.bzl", "PYTHON_ENVIRONMENT")

visibility("//rules/...")

TOOL = {
    "_tool": attr.label(
        default = Label("//tools/software_update:software-update"),
        doc = "The command line that every action runs.",
        executable = True,
        cfg = "exec",
    ),
    "_tool_digest": attr.label(
        default = Label("//tools/software_update:software-update.digest"),
        doc = "The folder whose one file has the digest of the tool as its name.",
        allow_single_file = True,
        cfg = "exec",
    ),
    "_workers": attr.label(
        default = Label("//rules/private:workers"),
        doc = "Whether actions may run in persistent workers.",
        providers = [BuildSettingInfo],
    ),
}

_REQUIREMENTS = {
    "block-network": "1",
    "supports-path-mapping": "1",
}

# One process serves many actions where Bazel runs them here: a process start costs as much as hashing 50 MiB.
_REQUIREMENTS_WITH_WORKERS = _REQUIREMENTS | {
    "requires-worker-protocol": "json",
    "supports-multiplex-workers": "1",
    "supports-workers": "1",
    "worker-key-mnemonic": "SoftwareUpdate",
}

def _basename(file):
    return file.basename

def _start_args(ctx):
    """The arguments that Bazel starts the tool with, also if it is a worker.

    Bazel keeps the process behind a multiplex worker after the tool has changed, but a worker with other
    arguments is another one. So the digest of the tool is an argument.
    """
    args = ctx.actions.args()
    args.add_all([ctx.file._tool_digest], map_each = _basename, format_each = "--tool-digest=%s")
    return args

def tool_args(ctx, command):
    """Begins the command line of an action.

    Args:
      ctx: The rule's context.
      command: The words that name the command of `software-update`, such as `["step", "digest"]`.

    Returns:
      An Args object for `run_tool`. What is added to it are File objects, never their paths, so that Bazel may
      map the paths.
    """
    args = ctx.actions.args()

    # In a file, one argument to a line: no number of targets is too many, and one worker serves all commands.
    args.set_param_file_format("multiline")
    args.use_param_file("@%s", use_always = True)
    args.add_all(command)
    return args

def run_tool(ctx, *, args, inputs, outputs, mnemonic, progress_message):
    """Declares an action that runs one command of `software-update`.

    Args:
      ctx: The rule's context; the rule has the attributes of `TOOL`.
      args: The command line, of `tool_args`.
      inputs: A list of File: all that the command reads.
      outputs: A list of File: all that the command writes.
      mnemonic: What `--strategy`, aquery and the profile call the action.
      progress_message: What Bazel prints while the action runs.
    """
    workers = ctx.attr._workers[BuildSettingInfo].value
    ctx.actions.run(
        executable = ctx.attr._tool[DefaultInfo].files_to_run,
        arguments = [_start_args(ctx), args],
        inputs = inputs + [ctx.file._tool_digest],
        outputs = outputs,
        mnemonic = mnemonic,
        progress_message = progress_message,
        env = PYTHON_ENVIRONMENT,
        execution_requirements = _REQUIREMENTS_WITH_WORKERS if workers else _REQUIREMENTS,
    )

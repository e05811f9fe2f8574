"""How the rules run the command `software-update`: the same way for every action."""

load("@bazel_skylib//rules:common_settings.bzl", "BuildSettingInfo")

visibility("//rules/...")

TOOL = {
    "_tool": attr.label(
        default = Label("//tools/software_update:software-update"),
        doc = "The command line that every action runs.",
        executable = True,
        cfg = "exec",
    ),
    "_workers": attr.label(
        default = Label("//rules/private:workers"),
        doc = "Whether actions may run in persistent workers.",
        providers = [BuildSettingInfo],
    ),
}

# Nothing of the host's environment: what the launcher of a py_binary needs to find its interpreter,
# and what keeps Python from depending on the machine or writing beside the sources. With a language, a quarter of
# a small action would be looking for translations of argparse.
_ENV = {
    "LANGUAGE": "C",
    "LC_ALL": "C.UTF-8",
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONHASHSEED": "0",
    "PYTHONNOUSERSITE": "1",
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
        arguments = [args],
        inputs = inputs,
        outputs = outputs,
        mnemonic = mnemonic,
        progress_message = progress_message,
        env = _ENV,
        execution_requirements = _REQUIREMENTS_WITH_WORKERS if workers else _REQUIREMENTS,
    )

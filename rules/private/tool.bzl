"""How the rules run the command `software-update`: the same way for every action."""

visibility("//rules/...")

TOOL = {
    "_tool": attr.label(
        default = Label("//tools/software_update:software-update"),
        doc = "The command line that every action runs.",
        executable = True,
        cfg = "exec",
    ),
}

# Nothing of the host's environment: what the launcher of a py_binary needs to find its interpreter,
# and what keeps Python from depending on the machine or writing beside the sources.
_ENV = {
    "LC_ALL": "C.UTF-8",
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONHASHSEED": "0",
    "PYTHONNOUSERSITE": "1",
}

_EXECUTION_REQUIREMENTS = {
    "block-network": "1",
    "supports-path-mapping": "1",
}

def run_tool(ctx, *, command, args, inputs, outputs, mnemonic, progress_message):
    """Declares an action that runs one command of `software-update`.

    Args:
      ctx: The rule's context; the rule has the attributes of `TOOL`.
      command: The words that name the command, such as `["step", "digest"]`.
      args: An Args object with the rest of the command line. It is made of File objects, never of their
        paths, so that Bazel may map the paths.
      inputs: A list of File: all that the command reads.
      outputs: A list of File: all that the command writes.
      mnemonic: What `--strategy`, aquery and the profile call the action.
      progress_message: What Bazel prints while the action runs.
    """
    if command[0] == "step":
        # In a file, one argument to a line, so that no number of targets is too many. Only steps read one.
        args.set_param_file_format("multiline")
        args.use_param_file("@%s", use_always = True)
    ctx.actions.run(
        executable = ctx.attr._tool[DefaultInfo].files_to_run,
        arguments = command + [args],
        inputs = inputs,
        outputs = outputs,
        mnemonic = mnemonic,
        progress_message = progress_message,
        env = _ENV,
        execution_requirements = _EXECUTION_REQUIREMENTS,
    )

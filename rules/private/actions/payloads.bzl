"""Payloads on a command line."""

load("//rules/private/checks:target_name.bzl", "target_name_error")

visibility("//rules/...")

# The name of a payload that is a directory of `step compress --folder`: the files below `targets/` in it have the names
# of targets. No target name contains a ~.
COMPRESSED = "~compressed"
_TARGETS = "targets/"

def add_payloads(args, payloads):
    """Adds `--target=NAME=FILE` to a command line for every payload.

    Args:
      args: The Args object.
      payloads: A list of structs of `name` and `file`, as `collect_payloads` returns them.
    """
    for payload in payloads:
        if payload.file.is_directory:
            args.add_all(
                [payload.file],
                map_each = _name_in_compressed if payload.name == COMPRESSED else _name_in_directory,
                format_each = "--target=%s" if payload.name == COMPRESSED else "--target=%s%%s" % payload.name,
                expand_directories = True,
            )
        else:
            args.add(payload.file, format = "--target=%s=%%s" % payload.name)

def _name_in_directory(file):
    if file.is_directory:
        # aquery does not expand directories.
        return "...=%s" % file.path

    # Check here, because a line feed or an = in the name would change the command line.
    problem = target_name_error(file.tree_relative_path)
    if problem:
        fail("%s: the name of this file in the folder is not a valid target name: %s" % (file.short_path, problem))
    return "%s=%s" % (file.tree_relative_path, file.path)

def _name_in_compressed(file):
    if file.is_directory:
        return "...=%s" % file.path
    return "%s=%s" % (file.tree_relative_path.removeprefix(_TARGETS), file.path)

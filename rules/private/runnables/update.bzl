"""The runnable that renews a file in the source tree, which a test compares with a result."""

load("//rules/private/checks:errors.bzl", "refuse")
load(":command.bzl", "command")

visibility("//rules/...")

def update_command(name, attribute, file, arguments, data, common):
    """Declares `TEST.update`, which runs a command with `--source-file` for the file of a test.

    A test of a dependency has none: the file is not in the source tree.

    Args:
      name: A string: the name of the test.
      attribute: A string: the name of the test's attribute.
      file: A string: its value, a file of the test's own package.
      arguments: A list of strings: the command and its other arguments.
      data: A list of labels: the files that the arguments name.
      common: A struct of `common_attributes`.
    """
    label = native.package_relative_label(":" + name)
    if label.repo_name:
        return
    source = native.package_relative_label(file)
    if (source.repo_name, source.package) != (label.repo_name, label.package):
        refuse(label, attribute, file, "`%s.update` writes this file into its own package; write the path of a file of this package" % name)
    package = label.package + "/" if label.package else ""
    command(
        name = name + ".update",
        args = arguments + ["'--source-file=%s%s'" % (package, source.name)],
        data = data,
        **(common.public | {"tags": list(common.public.get("tags", [])) + ["manual"], "testonly": True})
    )

"""The public target `NAME.sign`: `bazel run` signs the request, and writes the signature into the source tree."""

load("@bazel_skylib//lib:shell.bzl", "shell")
load(":command.bzl", "command")
load(":common_attributes.bzl", "refuse_select")
load(":errors.bzl", "refuse")

visibility("//rules/...")

def _argument(path):
    # As `args` wants it: Make variables first, then words as a shell has them.
    return shell.quote(path).replace("$", "$$")

def folder_error(folder):
    """Says what is wrong with a folder of the source tree.

    Args:
      folder: Its path below the package, as a string.

    Returns:
      What to write instead, or None where it is such a path.
    """
    if [part for part in folder.split("/") if part in ["", ".", ".."]]:
        return "write a path below the package, such as \"signatures\""
    return None

def sign(name, request, folder, tags = [], **kwargs):
    """Makes a target that signs a request with a key that the build does not know.

    Args:
      name: The target's name.
      request: The name of the target in this package that gives the request and its summary.
      folder: Where signatures go, a path below the package.
      tags: The target's tags.
      **kwargs: Attributes of every rule.
    """
    refuse_select(
        name.removesuffix(".sign"),
        "signatures_folder",
        folder,
        "it is a place in the source tree, which has no configuration; write a string",
    )
    label = native.package_relative_label(":" + request)
    problem = folder_error(folder)
    if problem:
        refuse(label.same_package_label(name.removesuffix(".sign")), "signatures_folder", folder, problem)

    # Another repository's source tree is not the user's.
    if label.repo_name:
        return
    package = label.package + "/" if label.package else ""
    command(
        name = name,
        data = [label],
        args = [
            "sign",
            _argument(package + request),
            "--source-folder",
            _argument(package + folder),
        ],
        # For `bazel run`, as `NAME.inspect` is.
        tags = list(tags) + ["manual"],
        **kwargs
    )

"""The public target `NAME.sign`: `bazel run` signs the request, and writes the signature into the source tree."""

load("@bazel_skylib//lib:shell.bzl", "shell")
load("//rules/private/attributes:common.bzl", "refuse_select")
load("//rules/private/checks:errors.bzl", "refuse")
load("//rules/private/checks:folder.bzl", "folder_error")
load(":command.bzl", "command")

visibility("//rules/...")

def _argument(path):
    # As `args` wants it: Make variables first, then words as a shell has them.
    return shell.quote(path).replace("$", "$$")

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

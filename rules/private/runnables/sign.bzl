"""The public target `NAME.sign`: with `bazel run`, it signs a request and writes the signature into the source tree."""

load("@bazel_skylib//lib:shell.bzl", "shell")
load("//rules/private/attributes:common.bzl", "refuse_select")
load("//rules/private/checks:errors.bzl", "refuse")
load("//rules/private/checks:folder.bzl", "folder_error")
load(":command.bzl", "command")

visibility("//rules/...")

def _argument(path):
    # Quoted for `args`: Bazel expands Make variables, then splits words as a shell does.
    return shell.quote(path).replace("$", "$$")

def sign(name, request, folder, tags = [], **kwargs):
    """Makes a target that signs a request with a key from outside the build.

    Args:
      name: The target's name.
      request: The name of the target in this package that provides the request and its summary.
      folder: The folder for signatures, a path below the package.
      tags: The target's tags.
      **kwargs: Attributes of every rule.
    """
    refuse_select(
        name.removesuffix(".sign"),
        "signatures_folder",
        folder,
        "the source tree does not depend on the configuration; write a string",
    )
    label = native.package_relative_label(":" + request)
    problem = folder_error(folder)
    if problem:
        refuse(label.same_package_label(name.removesuffix(".sign")), "signatures_folder", folder, problem)

    # The source tree of another repository does not belong to the user.
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
        # For `bazel run`, like `NAME.inspect`.
        tags = list(tags) + ["manual"],
        **kwargs
    )

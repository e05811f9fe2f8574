"""The public target `NAME.publish`: with `bazel run`, it publishes the bundles of a repository."""

load("@bazel_skylib//lib:shell.bzl", "shell")
load(":command.bzl", "command")

visibility("//rules/...")

def publish(name, repository, file, tags = [], **kwargs):
    """Makes a target that publishes the bundles that a file lists.

    Args:
      name: The target's name.
      repository: The name of the target in this package that provides the file and the bundles.
      file: The name of the file in this package.
      tags: The target's tags.
      **kwargs: Attributes of every rule.
    """
    label = native.package_relative_label(":" + repository)
    folder = ("../%s/" % label.repo_name if label.repo_name else "") + (label.package + "/" if label.package else "")
    command(
        name = name,
        data = [label],
        args = [
            "repository",
            "publish",
            # Quoted for `args`: Bazel expands Make variables, then splits words as a shell does.
            shell.quote(folder + file).replace("$", "$$"),
            "--from-bazel",
        ],
        # For `bazel run`, like `NAME.inspect`.
        tags = list(tags) + ["manual"],
        **kwargs
    )

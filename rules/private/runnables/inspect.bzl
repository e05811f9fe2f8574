"""The public target `NAME.inspect`: with `bazel run`, it prints the content of a bundle."""

load(":command.bzl", "command")

visibility("//rules/...")

def inspect(name, bundle, tags = [], **kwargs):
    """Makes a target that prints the content of a bundle.

    Args:
      name: The target's name.
      bundle: The bundle's label.
      tags: The target's tags.
      **kwargs: Attributes of every rule.
    """
    command(
        name = name,
        data = [bundle],
        args = ["bundle", "inspect", "$(rootpath %s)" % bundle],
        # For `bazel run`. `bazel build //...` does not have to build a Python program for every bundle.
        tags = list(tags) + ["manual"],
        **kwargs
    )

"""The public target `NAME.inspect`: `bazel run` prints what is in a bundle."""

load(":command.bzl", "command")

visibility("//rules/...")

def inspect(name, bundle, tags = [], **kwargs):
    """Makes a target that prints what is in a bundle.

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
        # For `bazel run`; `bazel build //...` need not lay out a Python program for every bundle.
        tags = list(tags) + ["manual"],
        **kwargs
    )

"""The public target `NAME.provenance`: with `bazel run`, it writes how a bundle was built."""

load("//rules/private/checks:errors.bzl", "display")
load(":command.bzl", "command")

visibility("//rules/...")

def provenance(name, bundle, tags = [], **kwargs):
    """Makes a target that writes the provenance of a bundle.

    Args:
      name: The target's name.
      bundle: The bundle's label.
      tags: The target's tags.
      **kwargs: Attributes of every rule.
    """
    command(
        name = name,
        data = [bundle],
        args = [
            "provenance",
            "$(rootpath %s)" % bundle,
            "--target=" + display(native.package_relative_label(bundle)),
            "--from-bazel",
        ],
        # For `bazel run`, like `NAME.inspect`.
        tags = list(tags) + ["manual"],
        **kwargs
    )

"""The rule `software_update_diff`."""

load("//rules/private:software_update_diff.bzl", _software_update_diff = "software_update_diff")
load("//rules/private/attributes:common.bzl", "common_attributes")

def software_update_diff(*, name, old, new, trusted_root = None, out = None, **kwargs):
    """Shows what a release changes: targets, keys, versions, powers gained, and steps that cannot be undone.

    The output is text, and the output group `json` contains the same as `NAME.json`. The guide [See what a release
    changes](../../guides/diff.md) explains each line.

    The action verifies `old`, and `new` as the next release of a device that runs `old`. It fails if the device rejects
    one of them. In the signing mode `unsigned` there is nothing to verify, and the text begins with NOT VERIFIED.

    Args:
      name: A string: the name of the differences.
      old: A label: the release that devices run. It is a `software_update_bundle`, a manifest that
        `software-update bundle verify --write-installed` wrote, or the file of a bundle. A manifest contains no
        payloads, so the differences of their contents are not shown.
      new: A label of a `software_update_bundle`: the new release.
      trusted_root: A label of a `software_update_root` or of a file: the root metadata with which the verification
        starts. It is the root of a device before it installs `old` or, if `old` is a manifest, afterwards. By default,
        the root with which the verification of `old` starts if that is a `software_update_bundle`, and otherwise the
        one for `new`.
      out: A string: the text's file name. By default, `NAME.txt`.
      **kwargs: Attributes that Bazel gives every rule, such as `tags` and `visibility`. Write `tags` without
        `select()`.
    """
    common = common_attributes("software_update_diff", name, kwargs)
    _software_update_diff(
        name = name,
        new = new,
        old = old,
        out = out or name + ".txt",
        trusted_root = trusted_root,
        **common.public
    )

"""The rule `software_update_personalized_bundle`."""

load("//rules/private:software_update_personalized_bundle.bzl", _software_update_personalized_bundle = "software_update_personalized_bundle")
load("//rules/private/attributes:common.bzl", "common_attributes")

def software_update_personalized_bundle(*, name, bundle, installed, trusted_root = None, out = None, **kwargs):
    """Makes a smaller bundle for devices that run a known release.

    The bundle does not contain the payloads that such a device already has; the device takes them from its installed
    release. The metadata and its signatures stay the same, so the bundle needs no new signature. A device that runs
    another release rejects the bundle with `MISSING_PAYLOAD`.

    For a new release that contains only some payloads, use `unchanged_from` of `software_update_bundle`.

    Building the bundle also verifies it, as a device that runs `installed` would. The output group `verdict` contains
    `NAME.verdict.json`, the report of the verification.

    Args:
      name: A string: the bundle's name.
      bundle: A label of a `software_update_bundle`: the whole bundle.
      installed: A label: the release on the devices. It is a `software_update_bundle`, a manifest that
        `software-update bundle verify --write-installed` wrote, or the file of a bundle.
      trusted_root: A label of a `software_update_root` or of a file: the root metadata with which the verification
        starts. It must not be older than the root under which the devices accepted `installed`. By default, the root in
        `installed` if that is a bundle, and otherwise the root with which the verification of `bundle` starts.
      out: A string: the bundle's file name. By default, `NAME.bundle`.
      **kwargs: Attributes that Bazel gives every rule, such as `tags` and `visibility`. Write `tags` without
        `select()`.
    """
    common = common_attributes("software_update_personalized_bundle", name, kwargs)
    _software_update_personalized_bundle(
        name = name,
        bundle = bundle,
        installed = installed,
        out = out or name + ".bundle",
        trusted_root = trusted_root,
        **common.public
    )

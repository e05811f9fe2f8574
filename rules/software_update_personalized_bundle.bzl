"""The rule `software_update_personalized_bundle`."""

load("//rules/private:software_update_personalized_bundle.bzl", _software_update_personalized_bundle = "software_update_personalized_bundle")
load("//rules/private/attributes:common.bzl", "common_attributes")

def software_update_personalized_bundle(*, name, bundle, installed, trusted_root = None, out = None, **kwargs):
    """Makes a bundle smaller for devices that run a known release.

    The payloads that such a device has are left out; it takes them from what it runs. The metadata and its
    signatures stay as they are, so nothing has to be signed again. A device that runs something else
    refuses it with `MISSING_PAYLOAD`.

    Building it also verifies it, as a device would that runs `installed`. Its output group `verdict` has
    `NAME.verdict.json`, the report of the verification.

    Args:
      name: The bundle's name.
      bundle: The whole bundle, a `software_update_bundle`.
      installed: What the devices run: a `software_update_bundle` that they have installed, a manifest that
        `software-update bundle verify --write-installed` wrote, or the file of a bundle.
      trusted_root: The root metadata that the verification starts from. It must not be older than the root under
        which `installed` was accepted. The default is the root in `installed` if that is a bundle, and otherwise
        the root that the verification of `bundle` starts from.
      out: The file's name. The default is `NAME.bundle`.
      **kwargs: The attributes that Bazel gives every rule, such as `tags` and `visibility`. Write `tags`
        without `select()`.
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

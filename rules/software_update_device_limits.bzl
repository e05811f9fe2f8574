"""The rule `software_update_device_limits`."""

load("//rules/private:software_update_device_limits.bzl", _software_update_device_limits = "software_update_device_limits")
load("//rules/private/attributes:common.bzl", "common_attributes")

def software_update_device_limits(*, name, limits, **kwargs):
    """Makes a C++ header with the limits of a device, for the device library.

    List the target in `deps` of a `cc_library` or `cc_binary`, and include `NAME.h`. The header has one struct, whose
    name is `name` in CamelCase: `DeviceLimits` for `device_limits`. It is the template argument of `VerifierFor` and
    `ClientFor`. Write the same file into the attribute `device_limits` of each `software_update_bundle` for the device.

    Args:
      name: A string: the name of the header without `.h`, of words of letters and digits joined by `_`.
      limits: A label of a file: the limits of the device, `software_update.device_limits.v1`.
      **kwargs: Attributes that Bazel gives every rule, such as `tags` and `visibility`. Write `tags` without
        `select()`.
    """
    common = common_attributes("software_update_device_limits", name, kwargs)
    _software_update_device_limits(
        name = name,
        limits = limits,
        **common.public
    )

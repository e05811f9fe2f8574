"""The rule `software_update_promotion`."""

load("//rules/private:software_update_promotion.bzl", _software_update_promotion = "software_update_promotion")
load("//rules/private/attributes:common.bzl", "common_attributes", "or_default")

def software_update_promotion(
        *,
        name,
        bundle,
        tested = None,
        trusted_root = None,
        at = None,
        out = None,
        **kwargs):
    """Provides a release if it contains exactly what was tested.

    The output is `bundle`, built in release mode, whatever the value of the flag
    `--@rules_software_update//rules/settings:signing`. Building it fails if devices reject the release, if one
    of its roots lists a dev key, or if its targets metadata or payloads differ from those of `tested` in any byte. The
    action that checks this also writes the output, so `--norun_validations` skips none of these checks.

    The target is `manual`: `bazel build //...` does not build it. Between two releases it must fail, because the tree
    has changed and the signatures have not. Build it by its name, and make tests that use it `manual` as well.

    Keep the file that you tested, and name it in `tested`. Without `tested`, the build makes the dev bundle again. This
    proves that the two modes make the same bundle from the current tree, but not that anyone tested that bundle. It
    also compiles compiled payloads a second time.

    If `bundle` has `unchanged_from`, the release and the tested bundle lack the payloads of unchanged targets.

    The output group `report` contains `NAME.promotion.json`, the result of the comparison, and `installed` contains the
    manifest that a device keeps of the release. The target provides `SoftwareUpdateBundleInfo`.

    Args:
      name: A string: the release's name.
      bundle: A label of a `software_update_bundle`: the bundle to release.
      tested: A label of a file, or of a `software_update_bundle`, which is built in dev mode: the tested bundle. The
        check compares its content and ignores its signatures. By default, `bundle` in dev mode.
      trusted_root: A label of a `software_update_root` or of a file: the root metadata that devices trust. By default,
        the root with which the verification of `bundle` starts.
      at: A string: the time on the device in the verification, such as `2031-01-01T00:00:00Z`. By default, the
        verification does not check expiry dates, because a build does not read a clock.
      out: A string: the release's file name. By default, `NAME.bundle`.
      **kwargs: Attributes that Bazel gives every rule, such as `tags` and `visibility`. Write `tags` without
        `select()`; the macro adds `manual`.
    """
    common = common_attributes("software_update_promotion", name, kwargs, tags = ["manual"])
    _software_update_promotion(
        name = name,
        bundle = bundle,
        out = out or name + ".bundle",
        tested = tested,
        tested_or_bundle = or_default(tested, bundle),
        trusted_root = trusted_root,
        at = at,
        **common.public
    )

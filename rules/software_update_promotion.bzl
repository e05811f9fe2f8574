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
    """Hands out a release, and only if it carries exactly what was tested.

    Its output is `bundle`, built with `--@rules_software_update//rules/settings:signing=release` whatever the value of
    that flag is. Building it fails if devices reject the release, if a dev key has a part in it, or if its targets
    metadata or payloads differ from those of `tested` in any byte. The action that checks this writes the output, so
    `--norun_validations` skips none of these checks.

    The target is `manual`: `bazel build //...` does not build it, because it fails by design between two releases,
    when the tree has changed and the signatures have not. Build it by its name. Make tests that use it `manual` too.

    Keep the file that was tested, and name it. Without `tested`, the build makes the dev bundle again, which
    proves that the two modes give the same of what is in the tree now, and not that anybody tested that. Where
    a payload is compiled, that compiles it once more.

    Its output group `report` has `NAME.promotion.json`, the proof as JSON, and `installed` has the manifest that a
    device keeps of the release. It gives `SoftwareUpdateBundleInfo`.

    Args:
      name: The release's name.
      bundle: The `software_update_bundle` to release.
      tested: The bundle that was tested: a file, or a `software_update_bundle`, which is built in dev mode. The
        default is `bundle` in dev mode. What it carries counts, and not who signed it.
      trusted_root: The root metadata that devices trust. The default is what the verification of `bundle`
        starts from.
      at: The time at which the verification takes place, such as `2031-01-01T00:00:00Z`. By default no
        expiry is checked, because a build has no clock.
      out: The file's name. The default is `NAME.bundle`.
      **kwargs: The attributes that Bazel gives every rule, such as `tags` and `visibility`. Write `tags`
        without `select()`; the rule adds `manual`.
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

"""The rule `software_update_component`."""

load("//rules/private:software_update_component.bzl", _software_update_component = "software_update_component")
load("//rules/private/attributes:common.bzl", "common_attributes")

def software_update_component(
        *,
        name,
        component,
        version = None,
        type = None,
        licence = None,
        purl = None,
        sha256 = None,
        **kwargs):
    """Describes a component of a product, for its SBOM.

    Write its label into `package_metadata` (in Bazel 7, `applicable_licenses`) of the targets that belong to the
    component, or into `default_package_metadata` of the function `package` for all targets of another BUILD file.
    `software_update_sbom` finds it there. Components that are not in the build graph, such as a compiler, go into
    `components` of `software_update_sbom`.

    Targets may have other metadata next to it, such as those of `rules_license` or `package_metadata`. The SBOM does not
    contain these, because their providers belong to modules on which this one does not depend: describe the component
    again here.

    Args:
      name: A string: the target's name.
      component: A string: the component's name, such as `picolibc`.
      version: A string: the component's version. By default, not stated.
      type: A string: `application`, `firmware`, `framework`, `library`, `operating-system` or `file`. By default,
        `library`.
      licence: A string: the licence, an SPDX expression such as `Apache-2.0`. By default, not stated.
      purl: A string: the package URL, such as `pkg:generic/picolibc@1.8.6`. By default, not stated.
      sha256: A string: the SHA-256 of the component's source archive, in hexadecimal. By default, not stated.
      **kwargs: Attributes that Bazel gives every rule, such as `tags` and `visibility`. Write `tags` without
        `select()`.
    """
    common = common_attributes("software_update_component", name, kwargs)
    _software_update_component(
        name = name,
        component = component,
        version = version,
        type = type,
        licence = licence,
        purl = purl,
        sha256 = sha256,
        **common.public
    )

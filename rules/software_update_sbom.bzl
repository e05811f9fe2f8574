"""The rule `software_update_sbom`."""

load("//rules/private:software_update_sbom.bzl", _software_update_sbom = "software_update_sbom")
load("//rules/private/attributes:common.bzl", "common_attributes")

def software_update_sbom(
        *,
        name,
        artifacts,
        product = None,
        release_version = None,
        components = None,
        own = None,
        out = None,
        **kwargs):
    """Writes the SBOM of a release: the components from which its artifacts are built, as CycloneDX 1.6 in JSON.

    Write its label into `attachments` of the `software_update_release_manifest`, so that the signatures of the release
    cover it, and into `file` of a `software_update_attachment`, which puts it next to the bundle.

    The build knows these components: each `software_update_component` in `package_metadata` of a target that an artifact
    is built from, and for all other targets, their package or the external repository that they come from; the compiler
    of targets in C and C++, and its C library if the toolchain names it. Programs that only run in the build are not
    components. The SBOM is the same in every folder: it contains no time, and its identifiers come from digests.

    With `own`, the build writes no SBOM. It fails if the product's own SBOM is not valid CycloneDX 1.6, or lacks a
    component that the build knows.

    The output group `components` contains `NAME.components.json`, the components that the build knows.

    Args:
      name: A string: the SBOM's name.
      artifacts: A list of labels: the artifacts of the release, as in `targets` of the `software_update_bundle`.
      product: A string: the product's name. Required without `own`.
      release_version: A string: the version of the release. Required without `own`.
      components: A list of labels of `software_update_component`: components that the build graph does not contain. One
        with the name of the compiler or its C library adds its version and licence. By default, none.
      own: A label of the product's own SBOM, CycloneDX 1.6 in JSON. By default, the build writes one.
      out: A string: the SBOM's file name. By default, `NAME.cdx.json`.
      **kwargs: Attributes that Bazel gives every rule, such as `tags` and `visibility`. Write `tags` without
        `select()`.
    """
    common = common_attributes("software_update_sbom", name, kwargs)
    _software_update_sbom(
        name = name,
        artifacts = artifacts,
        components = components,
        out = out or name + ".cdx.json",
        own = own,
        product = product,
        release_version = release_version,
        **common.public
    )

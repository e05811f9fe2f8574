"""The attribute `installed`: what a device runs."""

load("//rules/providers:software_update_bundle_info.bzl", "SoftwareUpdateBundleInfo")

visibility("//rules/...")

def manifest_of(target, file):
    """The manifest of what is installed.

    Args:
      target: The attribute `installed`: None, a bundle or a manifest file.
      file: That attribute's single file, or None.

    Returns:
      The File of the manifest; None where nothing is installed.
    """
    if target and SoftwareUpdateBundleInfo in target:
        return target[SoftwareUpdateBundleInfo].manifest
    return file

"""The attribute `installed`: what a device runs."""

load("//rules/providers:software_update_bundle_info.bzl", "SoftwareUpdateBundleInfo")
load(":errors.bzl", "display", "refuse")
load(":signing.bzl", "SIGNING_FLAG")

visibility("//rules/...")

def root_of(target):
    """The root that a device trusts once it runs `installed`.

    Args:
      target: The attribute `installed`: None, a bundle or a manifest file.

    Returns:
      The File of the SignedRootMetadata in that bundle; None if it is not a bundle of a rule.
    """
    if target and SoftwareUpdateBundleInfo in target:
        return target[SoftwareUpdateBundleInfo].root
    return None

def manifest_of(label, target, file):
    """The manifest of what is installed.

    Args:
      label: The Label of the rule, as the user wrote it.
      target: The attribute `installed`: None, a bundle or a manifest file.
      file: That attribute's single file, or None.

    Returns:
      The File of the manifest; None where nothing is installed.
    """
    if target and SoftwareUpdateBundleInfo in target:
        manifest = target[SoftwareUpdateBundleInfo].manifest
        if not manifest:
            refuse(label, "installed", display(target.label), "no device installs an unsigned bundle; build with --%s=dev" % SIGNING_FLAG)
        return manifest
    return file

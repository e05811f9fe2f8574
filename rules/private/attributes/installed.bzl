"""The attribute `installed`: the release on a device."""

load("//rules/private/checks:errors.bzl", "display", "refuse")
load("//rules/providers:software_update_bundle_info.bzl", "SoftwareUpdateBundleInfo")
load(":signing.bzl", "SIGNING_FLAG")

visibility("//rules/...")

def root_of(target):
    """Returns the root that a device trusts after it has installed `installed`.

    Args:
      target: The attribute `installed`: None, a bundle or a manifest file.

    Returns:
      The File of the SignedRootMetadata in that bundle, or None if `target` is not a `software_update_bundle`.
    """
    if target and SoftwareUpdateBundleInfo in target:
        return target[SoftwareUpdateBundleInfo].root
    return None

def installed_manifest_of(label, target, file):
    """Returns the manifest of the installed release.

    Args:
      label: The Label of the rule, as the user wrote it.
      target: The attribute `installed`: None, a bundle or a manifest file.
      file: That attribute's single file, or None.

    Returns:
      The File of the installed manifest, or None if no release is installed.
    """
    if target and SoftwareUpdateBundleInfo in target:
        installed = target[SoftwareUpdateBundleInfo].installed
        if not installed:
            refuse(label, "installed", display(target.label), "a device does not install an unsigned bundle; build with --%s=dev" % SIGNING_FLAG)
        return installed
    return file

"""The attributes `unchanged_from` and `removes`: the targets of an earlier release."""

load("//rules/private/checks:errors.bzl", "refuse")
load("//rules/private/checks:target_name.bzl", "USER_MANIFEST", "target_name_error")
load("//rules/providers:software_update_bundle_info.bzl", "SoftwareUpdateBundleInfo")

visibility("//rules/...")

def earlier_of(target, file):
    """Returns the list of the targets of the earlier release, for actions.

    The unsigned metadata of a `software_update_bundle` is the same in every mode, so neither the new metadata nor its
    signing request waits for signatures of the earlier release.

    Args:
      target: The attribute `unchanged_from`: None, a bundle or an installed manifest.
      file: That attribute's single file, or None.

    Returns:
      None, or a struct of `file`, `option`, which comes before it on a command line, and `is_metadata`: whether the
      file is unsigned targets metadata of this build.
    """
    if not target:
        return None
    if SoftwareUpdateBundleInfo in target:
        return struct(
            file = target[SoftwareUpdateBundleInfo].unsigned_targets_metadata,
            is_metadata = True,
            option = "--unchanged-from-metadata",
        )
    return struct(file = file, is_metadata = False, option = "--unchanged-from")

def check_removes(label, removes, *, earlier, payloads, user_manifest):
    """Fails if `removes` names a target that the bundle contains, or a name that no target has.

    Args:
      label: The bundle's Label, for errors.
      removes: The attribute: a list of target names.
      earlier: What `earlier_of` returned.
      payloads: A list of structs of `name` and `file`, as `collect_payloads` returns them.
      user_manifest: File or None: the payload of the target `user_manifest`.
    """
    if removes and not earlier:
        refuse(label, "removes", removes, "there is no earlier release; write unchanged_from or remove this attribute")
    given = {payload.name: True for payload in payloads if not payload.file.is_directory}
    if user_manifest:
        given[USER_MANIFEST] = True
    for name in removes:
        problem = None if name == USER_MANIFEST else target_name_error(name)
        if problem:
            refuse(label, "removes", name, problem)
        if name in given:
            refuse(label, "removes", name, "the bundle contains a payload for this target; remove it from one of the two")

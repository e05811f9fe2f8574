"""The provider of a `software_update_bundle`."""

SoftwareUpdateBundleInfo = provider(
    doc = """A signed update bundle, and the files of each step that made it.

Rules that publish, install or compare bundles use the files named here and do not construct paths
themselves.""",
    fields = {
        "bundle": "File: the bundle, with metadata and payloads.",
        "digests": """list of File: the digest records from which the targets metadata was made, for the artifacts and
for the user manifest. Each contains names, lengths and SHA-256 digests as JSON.""",
        "earlier_roots": """list of File: the roots that lead to `root`, oldest first. A device in the field trusts one
of them or `root`; `root_chain` contains all but the first.""",
        "installed": """File or None: the installed manifest, which a device keeps once it has installed the bundle. The
verification writes it, so an unsigned bundle has none.""",
        "release_root": """File or None: the root of releases, the attribute `root`. The signing request lists its
keys. A bundle that dev keys sign does not contain it.""",
        "root": "File: the SignedRootMetadata in the bundle.",
        "root_chain": "list of File: the roots that lead to `root`, oldest first, which are also in the bundle.",
        "targets_metadata": "File: the SignedTargetsMetadata in the bundle.",
        "trusted_root": "File: the SignedRootMetadata with which the verification of the bundle starts.",
        "unchanged_from": """File or None: the installed manifest or bundle of the earlier release that devices must have,
because the bundle lacks its unchanged payloads; None also for an unsigned bundle.""",
        "unsigned_targets_metadata": "File: the TargetsMetadata, the exact bytes to sign.",
        "user_manifest": "File or None: the payload of the reserved target `user_manifest`.",
        "version": "int or None: the version of the targets metadata; None if it comes from `version_file`.",
    },
)

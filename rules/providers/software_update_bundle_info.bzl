"""What a `software_update_bundle` tells the rules that build on it."""

SoftwareUpdateBundleInfo = provider(
    doc = """A signed update bundle, and each of the steps that led to it.

A rule that publishes, installs or compares bundles needs the files named here and no path of its own
making.""",
    fields = {
        "bundle": "File: the bundle, with metadata and payloads.",
        "digests": """list of File: the digest records that the targets metadata was made from, one to a key of
`targets` and one for the user manifest. Each holds names, lengths and SHA-256 digests as JSON.""",
        "installed": """File or None: the installed manifest, which a device keeps once it has installed the bundle. The
verification writes it, so an unsigned bundle has none.""",
        "release_root": """File or None: the root that releases are signed under, the attribute `root`. Signing
requests are made against it. A bundle that is signed with dev keys does not contain it.""",
        "root": "File: the SignedRootMetadata that is in the bundle.",
        "root_chain": "list of File: the roots that lead to that one, which are in the bundle too, oldest first.",
        "targets_metadata": "File: the SignedTargetsMetadata that is in the bundle.",
        "trusted_root": "File: the SignedRootMetadata that the bundle's verification starts from.",
        "unsigned_targets_metadata": "File: the TargetsMetadata as it is signed, byte for byte, without a signature.",
        "user_manifest": "File or None: the payload of the reserved target `user_manifest`.",
        "version": "int or None: the version of the targets metadata; None where it comes from `version_file`.",
    },
)

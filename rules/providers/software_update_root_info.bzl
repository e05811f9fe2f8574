"""The provider of a `software_update_root`."""

SoftwareUpdateRootInfo = provider(
    doc = "Root metadata: which keys may sign for each role, and how many of them must.",
    fields = {
        "allowed_targets": """list of string: the targets that releases under this root may list: names, and prefixes that
end in `/*`. An empty list allows all targets.""",
        "dev_key_signed": """bool: whether the root has `dev_signing_keys`, with which anyone who has the tree can sign. The
release mode rejects such a root.""",
        "assumed_first_root": "File or None: the first of `earlier_roots` if a `previous` is a file; its version must be 1.",
        "dev_signing_keys": """depset of File: the private keys in the tree that sign this root, or a root that `previous`
leads to, in dev mode. The root of a release must not list one.""",
        "earlier_roots": "list of File: the roots that `previous` leads to, oldest first.",
        "holders": """File: the names of the holders of the keys of this root and of the roots that `previous` leads to, as
JSON. No signature covers them.""",
        "root": """File: the SignedRootMetadata. It contains signatures by `dev_signing_keys` in dev mode and the
`signatures` in release mode, and otherwise none.""",
        "root_keys": "list of File: the public keys of the role `root`.",
        "root_threshold": "int: the number of `root_keys` that must sign.",
        "targets_keys": "list of File: the public keys of the role `targets`.",
        "targets_threshold": "int: the number of `targets_keys` that must sign.",
        "unsigned_root": "File: the SignedRootMetadata without signatures.",
        "version": "int: the version of the root metadata.",
    },
)

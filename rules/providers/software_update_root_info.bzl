"""What a `software_update_root` tells the rules that build on it."""

SoftwareUpdateRootInfo = provider(
    doc = "Root metadata: which keys may sign for which role, and how many of them it takes.",
    fields = {
        "dev_key_signed": """bool: whether it has `dev_signing_keys`, which anyone who has the tree can sign with. No release
goes out under such a root.""",
        "dev_signing_keys": """depset of File: the private keys in the tree that sign this root or one before it in dev mode, as
far as `previous` leads. No root of a release may list one.""",
        "earlier_roots": "list of File: the roots before this one, as far as `previous` leads, oldest first.",
        "root": """File: the SignedRootMetadata. In dev mode `dev_signing_keys` have signed it, in release mode it has its
`signatures`; else it has none.""",
        "root_keys": "list of File: the public keys of the role root.",
        "root_threshold": "int: how many of `root_keys` have to sign.",
        "targets_keys": "list of File: the public keys of the role targets.",
        "targets_threshold": "int: how many of `targets_keys` have to sign.",
        "unsigned_root": "File: the SignedRootMetadata without signatures.",
        "version": "int: the version of the root metadata.",
    },
)

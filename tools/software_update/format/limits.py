"""The limits of a bundle. They are checked before anything is allocated or computed from it."""

MAX_ROOT_METADATA_BYTES = 512 * 1024
MAX_TARGETS_METADATA_BYTES = 32 * 1024 * 1024
MAX_ROOT_CHAIN = 256
MAX_KEYS = 64
MAX_SIGNATURES = 64
MAX_TARGETS = 65_536
# Of a root; each entry is a target name or a prefix.
MAX_ALLOWED_TARGETS = 16
MAX_ALLOWED_TARGET_BYTES = 64
# Of one target.
MAX_HASHES = 2
# At any depth of the signed bytes. Projects may add fields of their own.
MAX_UNKNOWN_ROOT_FIELDS = 256
MAX_UNKNOWN_TARGETS_FIELDS = MAX_TARGETS
MAX_NAME_BYTES = 255
# Of a name in the envelope, and of all of them, before the grammar of names has its say.
MAX_ENVELOPE_NAME_BYTES = 4096
MAX_ENVELOPE_NAMES_BYTES = MAX_TARGETS * MAX_NAME_BYTES
# Of the content of a compressed payload. A stored payload is at most as long as its bundle.
MAX_ORIGINAL_BYTES = 64 * 1024**3
# Of a zstd frame. With it, decompressing takes less than 64 MiB of memory.
MAX_WINDOW_BYTES = 8 * 1024**2
MAX_VERSION = 2**32 - 1
# Of a device's manifest; one of them is read.
MAX_MANIFEST_ENTRIES = 16
MAX_USER_MANIFEST_BYTES = 1024 * 1024
MAX_MANIFEST_BYTES = MAX_TARGETS_METADATA_BYTES + MAX_USER_MANIFEST_BYTES + 1024

# The form's limits, which are checked before anything is parsed. Other checks are stricter and give the
# verdict on a smaller fault: a key id has 32 bytes, a signature the length of its scheme.
_MAX_SHORT_BYTES = 255
_MAX_KEY_BYTES = 4096
# How often a repeated field may appear in one message.
MAX_COUNTS = {
    "SignedRootMetadata.signatures": MAX_SIGNATURES,
    "SignedTargetsMetadata.signatures": MAX_SIGNATURES,
    "RootMetadata.keys": MAX_KEYS,
    "RootMetadata.allowed_targets": MAX_ALLOWED_TARGETS,
    "SignatureRequirement.key_ids": MAX_KEYS,
    "TargetsMetadata.target_files": MAX_TARGETS,
    "TargetFile.hashes": MAX_HASHES,
    "Manifest.targets_metadata": MAX_MANIFEST_ENTRIES,
}
# Bytes of a field's content.
MAX_LENGTHS = {
    "SignedRootMetadata.serialized_root_metadata": MAX_ROOT_METADATA_BYTES,
    "SignedTargetsMetadata.serialized_targets_metadata": MAX_TARGETS_METADATA_BYTES,
    "Signature.key_id": _MAX_SHORT_BYTES,
    "Signature.sig": _MAX_KEY_BYTES,
    "CommonMetadata.spec_version": _MAX_SHORT_BYTES,
    "CommonMetadata.role": _MAX_SHORT_BYTES,
    "RootMetadata.allowed_targets": MAX_ALLOWED_TARGET_BYTES,
    "KeyMapping.key_id": _MAX_SHORT_BYTES,
    "Key.keyval": _MAX_KEY_BYTES,
    "SignatureRequirement.key_ids": _MAX_SHORT_BYTES,
    "TargetFile.file_name": MAX_ENVELOPE_NAME_BYTES,
    "Hash.hash": _MAX_SHORT_BYTES,
    "Compression.original_sha256": _MAX_SHORT_BYTES,
    "Manifest.user_manifest": MAX_USER_MANIFEST_BYTES,
    "Manifest.root_sha256": _MAX_SHORT_BYTES,
    "TargetsMetadataEntry.key": MAX_ENVELOPE_NAME_BYTES,
}

# Limits of Pigweed's C++ client; the tools warn beyond them.
PIGWEED_MAX_NAME_BYTES = 32
PIGWEED_MAX_TARGET_BYTES = 100 * 1024 * 1024

# What surrounds a signature: none of it is ever in a bundle. `signature_file` derives the limit of its files.
MAX_DEV_KEY_IDENTITIES_BYTES = 1024 * 1024
MAX_REQUEST_JSON_BYTES = 64 * 1024 * 1024

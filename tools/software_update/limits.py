"""What a bundle may be at most. Checked before anything is allocated or computed from it."""

MAX_ROOT_METADATA_BYTES = 512 * 1024
MAX_TARGETS_METADATA_BYTES = 32 * 1024 * 1024
MAX_ROOT_CHAIN = 256
MAX_KEYS = 64
MAX_SIGNATURES = 64
MAX_TARGETS = 65_536
MAX_NAME_BYTES = 255
# Of a name in the envelope, and of all of them, before the grammar of names has its say.
MAX_ENVELOPE_NAME_BYTES = 4096
MAX_ENVELOPE_NAMES_BYTES = MAX_TARGETS * MAX_NAME_BYTES
MAX_VERSION = 2**32 - 1
MAX_USER_MANIFEST_BYTES = 1024 * 1024
MAX_MANIFEST_BYTES = MAX_TARGETS_METADATA_BYTES + MAX_USER_MANIFEST_BYTES + 1024

# What Pigweed's C++ client takes; beyond it the tools warn.
PIGWEED_MAX_NAME_BYTES = 32
PIGWEED_MAX_TARGET_BYTES = 100 * 1024 * 1024

# What surrounds a signature: none of it is ever in a bundle.
MAX_SIGNATURE_FILE_BYTES = 4096
MAX_REQUEST_JSON_BYTES = 64 * 1024 * 1024

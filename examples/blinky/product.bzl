# Values that several files use: versions, and places in memory.
#
# Bazel and GN both read this file: write nothing but comments and `NAME = 123`, without a docstring.

# buildifier: disable=module-docstring
# The release's version. The application prints it, the release manifest holds it, and it is the bundle's version.
VERSION = 7

# Raise it with every release. A device rejects a release with a lower counter, even if versions start again.
RELEASE_COUNTER = 7

# Only of the bootloader, which changes less often.
BOOTLOADER_VERSION = 3

# The bootloader is at address 0 and copies the application from a slot in flash to this address. Both the copy and a
# slot have room for APPLICATION_BYTES.
APPLICATION_START = 65536  # 0x10000
APPLICATION_BYTES = 131072  # 0x20000

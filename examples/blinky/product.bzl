# Values that several files use: versions, and places in flash.
#
# Bazel and GN both read this file: write nothing but comments and `NAME = 123`, without a docstring.

# buildifier: disable=module-docstring
# The release's version. The application prints it, the release manifest holds it, and it is the bundle's version.
VERSION = 7

# Raise it with every release. A device rejects a release with a lower counter, even if versions start again.
RELEASE_COUNTER = 7

# Only of the bootloader, which changes less often.
BOOTLOADER_VERSION = 2

# The bootloader is at the start of flash, the application from here to its end.
APPLICATION_START = 16384  # 0x4000
FLASH_SIZE = 262144  # 0x40000

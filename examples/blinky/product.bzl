"""What is said in one place and used in many: versions, and where things are in flash."""

# Of the release: the application prints it, release.json holds it, and it is the bundle's version.
VERSION = 7

# Of the bootloader alone, which changes less often.
BOOTLOADER_VERSION = 2

# The bootloader is at the start of flash, the application from here to its end.
APPLICATION_START = 0x4000
FLASH_SIZE = 0x40000

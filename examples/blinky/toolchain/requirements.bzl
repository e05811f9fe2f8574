"""Constraints for targets that need a program which this machine may not have."""

load("@blinky_host_tools//:host_tools.bzl", "COMPILER", "C_LIBRARY", _EMULATOR = "EMULATOR")

# The path of QEMU.
EMULATOR = _EMULATOR

def _requires(found, package):
    return [] if found else [Label("//examples/blinky/toolchain:install_" + package)]

# For `target_compatible_with`. What needs a missing program is skipped by `//...`; asked for by name,
# it fails with a message that names the constraint, and so the Debian package to install.
NEEDS_COMPILER = _requires(COMPILER, "gcc-arm-none-eabi")
NEEDS_EMULATOR = _requires(EMULATOR, "qemu-system-arm")

# A program that uses the C library also needs the compiler.
NEEDS_C_LIBRARY = NEEDS_COMPILER or _requires(C_LIBRARY, "picolibc-arm-none-eabi")

# The disassembler of the compiler's family.
OBJDUMP = COMPILER.removesuffix("gcc") + "objdump"

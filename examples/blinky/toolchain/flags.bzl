# How to call arm-none-eabi-gcc for a Cortex-M3 without a C library.
#
# Bazel and GN both read this file: write nothing but comments and lists of strings, without a docstring.

# buildifier: disable=module-docstring
_MACHINE = [
    "-mcpu=cortex-m3",
    "-mthumb",
]

# The same in every compilation mode: an image is the same bytes however it was asked for.
COMPILE = _MACHINE + [
    "-std=c11",
    "-ffreestanding",
    "-Os",
    "-Wall",
    "-Wextra",
    "-Werror",
    # One section each, so that the linker can leave out what nothing uses.
    "-ffunction-sections",
    "-fdata-sections",
    # Start-up code must not become a call of memcpy, which nothing provides.
    "-fno-tree-loop-distribute-patterns",
    # Reproducible: no folder of this machine, and no date.
    "-ffile-prefix-map=/proc/self/cwd=.",
    "-Werror=date-time",
]

LINK = _MACHINE + [
    "-nostdlib",
    "-Wl,--build-id=none",
    "-Wl,--gc-sections",
    "-Wl,--fatal-warnings",
]

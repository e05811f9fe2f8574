# How to call arm-none-eabi-gcc for a Cortex-M3 and a Cortex-M0, freestanding.
#
# Bazel and GN both read this file: write nothing but comments and lists of strings, without a docstring.

# buildifier: disable=module-docstring
CORTEX_M3 = [
    "-mcpu=cortex-m3",
    "-mthumb",
]

CORTEX_M0 = [
    "-mcpu=cortex-m0",
    "-mthumb",
]

# The same in every compilation mode: an image is the same bytes however it was asked for.
COMPILE = [
    "-ffreestanding",
    "-Os",
    "-Wall",
    "-Wextra",
    "-Werror",
    # One section each, so that the linker can leave out what nothing uses.
    "-ffunction-sections",
    "-fdata-sections",
    # Start-up code must not become a call of memcpy, which nothing provides there.
    "-fno-tree-loop-distribute-patterns",
    # Reproducible: no folder of this machine, and no date.
    "-ffile-prefix-map=/proc/self/cwd=.",
    "-Werror=date-time",
]

C = ["-std=c11"]

# The compiler comes without the C++ standard library, so nothing of its run time may be needed.
CXX = [
    "-std=c++17",
    "-fno-exceptions",
    "-fno-rtti",
    "-fno-threadsafe-statics",
    "-fno-use-cxa-atexit",
]

LINK = [
    # Chooses the C library that is compiled for size.
    "-Os",
    "-nostdlib",
    "-Wl,--build-id=none",
    "-Wl,--gc-sections",
    "-Wl,--fatal-warnings",
]

# For programs that need memcpy and the like: the C library, and the compiler's helpers, as on 64-bit division.
C_LIBRARY = [
    "-lc",
    "-lgcc",
]

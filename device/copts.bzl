"""Options of the compiler for the device library and its tests."""

_COPTS = [
    "-std=c++17",
    "-fno-exceptions",
    "-fno-rtti",
]

# Only in our own builds: another compiler of a product may have warnings that ours does not.
_WARNINGS = [
    "-Wall",
    "-Wextra",
    "-Wconversion",
    "-Wshadow",
    "-Werror",
] if not Label("//:all").repo_name else []

COPTS = select({
    "@platforms//os:windows": [],
    "//conditions:default": _COPTS + _WARNINGS,
})

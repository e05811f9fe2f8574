"""Finds the programs on this machine that make file systems for `software_update_device_image`."""

# Each program with the option that makes it say its version.
_PROGRAMS = {
    "debugfs": "-V",
    "mcopy": "--version",
    "mke2fs": "-V",
    "mkfs.fat": "--help",
    "mmd": "--version",
}

# Debian does not put them on the PATH of every user.
_MORE_FOLDERS = ["/usr/sbin", "/sbin"]

def _find(rctx, program):
    """The program's path, or None; the repository is made again when that changes."""
    for folder in rctx.getenv("PATH", "").split(":") + _MORE_FOLDERS:
        if not folder.startswith("/"):
            continue
        candidate = rctx.path(folder + "/" + program)
        rctx.watch(candidate)
        if candidate.exists:
            return candidate
    return None

def _version(rctx, program, option):
    """The first line with which a program says its version: another one may make other bytes."""
    result = rctx.execute([program, option], environment = {"LC_ALL": "C"})
    lines = (result.stdout + result.stderr).strip().split("\n")
    return lines[0].strip()

def _image_programs_impl(rctx):
    lines = []
    for name, option in _PROGRAMS.items():
        path = _find(rctx, name) if not rctx.os.name.startswith("windows") else None
        if path:
            lines += ["# " + _version(rctx, path, option), "%s=%s" % (name, path)]
        else:
            lines.append("# %s is not on the PATH" % name)
    rctx.file("programs.txt", "\n".join(lines) + "\n")
    rctx.file("BUILD.bazel", 'exports_files(["programs.txt"])\n')

image_programs = repository_rule(
    implementation = _image_programs_impl,
    doc = "Finds the programs on PATH. The action takes the file `programs.txt`, with their paths and versions, as an input.",
    local = True,
)

"""Finds the programs on this machine that blinky needs: a cross compiler, and QEMU to boot with."""

_COMPILER = "arm-none-eabi-gcc"
_EMULATOR = "qemu-system-arm"

def _find(rctx, program):
    """The program's path, or None; the repository is made again when that changes."""
    if rctx.os.name.startswith("windows"):
        return rctx.which(program)
    for folder in rctx.getenv("PATH", "").split(":"):
        if not folder.startswith("/"):
            continue
        candidate = rctx.path(folder + "/" + program)
        rctx.watch(candidate)
        if candidate.exists:
            return candidate
    return None

def _include_folders(rctx, compiler):
    """The folders that the compiler reads its own headers from: Bazel must know them."""
    nothing = rctx.path("nothing.c")
    rctx.file(nothing, "")
    result = rctx.execute(
        [compiler, "-mcpu=cortex-m3", "-E", "-v", nothing],
        environment = {"LC_ALL": "C"},
    )
    if result.return_code != 0:
        fail("{}: cannot preprocess an empty file; reinstall it: {}".format(compiler, result.stderr.strip().split("\n")[-1]))
    listed = result.stderr.split("#include <...> search starts here:")[-1].split("End of search list.")[0]
    folders = [rctx.path(line.strip()) for line in listed.splitlines() if line.strip()]

    # The compiler may report a header by either path.
    return {str(path): None for folder in folders for path in [folder, folder.realpath]}.keys()

def _version_of_c_library(rctx, folders):
    """The version of picolibc in the compiler's folders, or an empty string."""
    for folder in folders:
        header = rctx.path(folder + "/picolibc.h")
        if header.exists:
            for line in rctx.read(header).splitlines():
                words = [word for word in line.split(" ") if word]
                if words[:2] == ["#define", "__PICOLIBC_VERSION__"]:
                    return words[2].strip("\"")
    return ""

def _host_tools_impl(rctx):
    # The build of another module does not register the toolchain.
    ours = not Label("//:all").repo_name
    compiler = _find(rctx, _COMPILER) if ours else None
    emulator = _find(rctx, _EMULATOR) if ours else None
    version = rctx.execute([compiler, "--version"]).stdout if compiler else ""

    number = rctx.execute([compiler, "-dumpfullversion"]).stdout.strip() if compiler else ""

    folders = _include_folders(rctx, compiler) if compiler else []

    # The toolchain takes this file as an input, so that another compiler means other cache entries.
    rctx.file("compiler_version.txt", version)
    rctx.file("BUILD.bazel", 'exports_files(["compiler_version.txt"])\n')
    rctx.file("host_tools.bzl", """\
COMPILER = {compiler}
COMPILER_INCLUDE_FOLDERS = {folders}
COMPILER_VERSION = {number}
C_LIBRARY = {c_library}
C_LIBRARY_VERSION = {c_library_version}
EMULATOR = {emulator}
""".format(
        compiler = repr(str(compiler or "")),
        emulator = repr(str(emulator or "")),
        c_library = repr(any([rctx.path(folder + "/string.h").exists for folder in folders])),
        c_library_version = repr(_version_of_c_library(rctx, folders)),
        folders = repr(folders),
        number = repr(number),
    ))

host_tools = repository_rule(
    implementation = _host_tools_impl,
    doc = "Finds the cross compiler and QEMU on PATH; a program that is not there has an empty path.",
    local = True,
)

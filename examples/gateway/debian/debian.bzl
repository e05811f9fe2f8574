"""Finds the packages of Debian on this machine of which the gateway is made, and its kernel."""

_PACKAGES = [
    "busybox-static",
    "dosfstools",
    "e2fsprogs",
    "faketime",
    "linux-image-cloud-amd64",
    "mtools",
    "ovmf-generic",
    "python3-virt-firmware",
    "qemu-system-x86",
    "sbsigntool",
    "systemd-boot-efi",
    "systemd-ukify",
    "zstd",
]

def _kernel(rctx):
    """The version of the newest cloud kernel, or an empty string."""
    query = rctx.execute(["dpkg-query", "--showformat", "${Depends}", "--show", "linux-image-cloud-amd64"])
    words = query.stdout.replace(",", " ").split(" ")
    found = [word.removeprefix("linux-image-") for word in words if word.startswith("linux-image-")]
    return found[0] if query.return_code == 0 and found else ""

def _gateway_debian_impl(rctx):
    # The build of another module does not make the gateway.
    ours = not Label("//:all").repo_name and rctx.which("dpkg-query")
    kernel = ""
    versions = ""
    if ours:
        rctx.watch("/var/lib/dpkg/status")
        kernel = _kernel(rctx)
        packages = _PACKAGES + ["linux-image-" + kernel, "libc6", "libpython3-stdlib", "libssl3t64"]
        query = rctx.execute(["dpkg-query", "--showformat", "${Package} ${Version}\n", "--show"] + packages)
        versions = query.stdout if query.return_code == 0 else ""

    # The actions take this file as an input, so that other packages mean other cache entries.
    rctx.file("packages.txt", versions)
    rctx.file("BUILD.bazel", 'exports_files(["packages.txt"])\n')
    rctx.file("debian.bzl", """\
\"\"\"The packages of Debian of which the gateway is made.\"\"\"

KERNEL = {kernel}

NEEDS_PACKAGES = {needs}
""".format(
        kernel = repr(kernel),
        needs = repr([] if versions else ["@platforms//:incompatible"]),
    ))

gateway_debian = repository_rule(
    implementation = _gateway_debian_impl,
    doc = "Debian's packages on this machine: `packages.txt` has their versions, and `debian.bzl` the kernel's.",
)

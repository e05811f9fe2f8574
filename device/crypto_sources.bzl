"""Finds cryptography for tests of the device library: p256-m in the module `mbedtls`, and PSA Crypto."""

_FILES = ["p256-m.c", "p256-m.h"]
_STUBS = ["mbedtls/platform_util.h", "psa/crypto.h"]

# The header is also in a folder without the headers that replace those of Mbed TLS.
_BUILD = """\
load("@rules_cc//cc:cc_library.bzl", "cc_library")

package(default_visibility = ["//visibility:public"])

cc_library(
    name = "p256m",
    srcs = glob(["source/**"]),
    hdrs = ["include/p256-m.h"],
    # Tests on this machine verify many signatures.
    copts = select({
        "@platforms//os:none": [],
        "//conditions:default": ["-O2"],
    }),
    includes = ["include"],
)

exports_files(["include/p256-m.h"])

filegroup(
    name = "sources",
    srcs = ["source/p256-m.c", "source/p256-m.h"],
)
"""

# Builds of other modules do not have the dev dependency.
_ELSEWHERE = """\
#error "p256-m.h: set --@rules_software_update//device:p256m to a cc_library with p256-m of Mbed TLS 3.6"
"""

def _crypto_sources_impl(rctx):
    ours = not Label("//:all").repo_name
    for name in _FILES:
        if ours:
            rctx.symlink(Label("@mbedtls//:3rdparty/p256-m/p256-m/" + name), "source/" + name)
        else:
            rctx.file("source/" + name, _ELSEWHERE)
    rctx.symlink("source/p256-m.h", "include/p256-m.h")
    for name in _STUBS:
        rctx.symlink(Label("//device:crypto/stubs/" + name), "source/" + name)
    rctx.file("BUILD.bazel", _BUILD)
    psa = rctx.path("/usr/include/psa/crypto.h") if ours and rctx.os.name == "linux" else None
    rctx.file("psa.bzl", "PSA = {}\n".format(psa != None and psa.exists))

crypto_sources = repository_rule(
    implementation = _crypto_sources_impl,
    doc = "`:p256m`, a `cc_library`, and `psa.bzl`, which says whether this machine has Mbed TLS's PSA Crypto.",
    # It depends on files of this machine.
    local = True,
)

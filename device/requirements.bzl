"""Constraints for tests that need a library which this machine may not have."""

load("@software_update_device_crypto//:psa.bzl", "PSA")

# For `target_compatible_with`, as in examples/blinky/toolchain/requirements.bzl.
NEEDS_PSA = [] if PSA else [Label("//device:install_libmbedtls-dev")]

# The files of the device library, part by part, below this folder.
#
# Bazel and GN both read this file, and device_sources_test compares sources.mk with it: write nothing but
# comments and lists of strings, without a docstring.

# buildifier: disable=module-docstring
BASE_HEADERS = [
    "include/software_update/bytes.h",
    "include/software_update/crypto.h",
    "include/software_update/format_limits.h",
    "include/software_update/installed.h",
    "include/software_update/verdict.h",
]

BASE_SOURCES = ["src/verdict.cc"]

SHA256_HEADERS = ["include/software_update/sha256.h"]

SHA256_SOURCES = ["src/sha256.cc"]

CRYPTO_P256M_HEADERS = ["crypto/p256m.h"]

CRYPTO_P256M_SOURCES = ["crypto/p256m.cc"]

CRYPTO_PSA_HEADERS = ["crypto/psa.h"]

CRYPTO_PSA_SOURCES = ["crypto/psa.cc"]

SMP_HEADERS = [
    "include/software_update/smp.h",
    "include/software_update/smp_frame.h",
]

SMP_SOURCES = [
    "smp/cbor.cc",
    "smp/cbor.h",
    "smp/smp.cc",
    "smp/smp_frame.cc",
]

VERIFIER_HEADERS = [
    "include/software_update/compression.h",
    "include/software_update/device.h",
    "include/software_update/message_reader.h",
    "include/software_update/names.h",
    "include/software_update/release_judge.h",
    "include/software_update/release_manifest.h",
    "include/software_update/utf8.h",
    "include/software_update/verifier.h",
]

VERIFIER_SOURCES = [
    "src/compression.cc",
    "src/field.h",
    "src/field_table.h",
    "src/message_reader.cc",
    "src/names.cc",
    "src/release_judge.cc",
    "src/release_manifest.cc",
    "src/root_key.h",
    "src/text_hash.h",
    "src/utf8.cc",
    "src/verifier.cc",
    "src/verifier_payloads.cc",
    "src/verifier_roots.cc",
    "src/verifier_targets.cc",
]

JOURNAL_HEADERS = [
    "include/software_update/flash.h",
    "include/software_update/flash_writer.h",
    "include/software_update/journal.h",
    "include/software_update/slots.h",
]

JOURNAL_SOURCES = [
    "src/data.cc",
    "src/data.h",
    "src/flash_writer.cc",
    "src/journal.cc",
]

BOOT_HEADERS = ["include/software_update/boot.h"]

BOOT_SOURCES = [
    "src/boot.cc",
    "src/boot_c.cc",
    "src/data.h",
]

CLIENT_HEADERS = [
    "include/software_update/client.h",
    "include/software_update/rpc_state.h",
]

CLIENT_SOURCES = [
    "src/client.cc",
    "src/data.h",
]

FLASH_CHECK_HEADERS = ["testing/flash_check.h"]

FLASH_CHECK_SOURCES = ["testing/flash_check.cc"]

FLASH_MODEL_HEADERS = ["testing/flash_model.h"]

FLASH_MODEL_SOURCES = ["testing/flash_model.cc"]

INSTALLED_MANIFEST_HEADERS = ["include/software_update/installed_manifest.h"]

INSTALLED_MANIFEST_SOURCES = ["src/installed_manifest.cc"]

PSA_FWU_STORE_HEADERS = ["include/software_update/psa_fwu_store.h"]

# The files of the device library, part by part, for make. ./bazelw run //device:update_sources_mk writes this file.
#
# Set SOFTWARE_UPDATE_DEVICE to this folder, then include this file. Compile the sources as C++17, with
# $(SOFTWARE_UPDATE_INCLUDES). For p256-m, see crypto/README.md.

SOFTWARE_UPDATE_INCLUDES := -I$(SOFTWARE_UPDATE_DEVICE) -I$(SOFTWARE_UPDATE_DEVICE)/include

SOFTWARE_UPDATE_BASE_SOURCES := \
  $(SOFTWARE_UPDATE_DEVICE)/src/verdict.cc

SOFTWARE_UPDATE_SHA256_SOURCES := \
  $(SOFTWARE_UPDATE_DEVICE)/src/sha256.cc

SOFTWARE_UPDATE_CRYPTO_P256M_SOURCES := \
  $(SOFTWARE_UPDATE_DEVICE)/crypto/p256m.cc

SOFTWARE_UPDATE_CRYPTO_PSA_SOURCES := \
  $(SOFTWARE_UPDATE_DEVICE)/crypto/psa.cc

SOFTWARE_UPDATE_SMP_SOURCES := \
  $(SOFTWARE_UPDATE_DEVICE)/smp/cbor.cc \
  $(SOFTWARE_UPDATE_DEVICE)/smp/smp.cc \
  $(SOFTWARE_UPDATE_DEVICE)/smp/smp_frame.cc

SOFTWARE_UPDATE_VERIFIER_SOURCES := \
  $(SOFTWARE_UPDATE_DEVICE)/src/compression.cc \
  $(SOFTWARE_UPDATE_DEVICE)/src/message_reader.cc \
  $(SOFTWARE_UPDATE_DEVICE)/src/names.cc \
  $(SOFTWARE_UPDATE_DEVICE)/src/release_judge.cc \
  $(SOFTWARE_UPDATE_DEVICE)/src/release_manifest.cc \
  $(SOFTWARE_UPDATE_DEVICE)/src/utf8.cc \
  $(SOFTWARE_UPDATE_DEVICE)/src/verifier.cc \
  $(SOFTWARE_UPDATE_DEVICE)/src/verifier_payloads.cc \
  $(SOFTWARE_UPDATE_DEVICE)/src/verifier_roots.cc \
  $(SOFTWARE_UPDATE_DEVICE)/src/verifier_targets.cc

SOFTWARE_UPDATE_JOURNAL_SOURCES := \
  $(SOFTWARE_UPDATE_DEVICE)/src/data.cc \
  $(SOFTWARE_UPDATE_DEVICE)/src/flash_writer.cc \
  $(SOFTWARE_UPDATE_DEVICE)/src/journal.cc

SOFTWARE_UPDATE_BOOT_SOURCES := \
  $(SOFTWARE_UPDATE_DEVICE)/src/boot.cc \
  $(SOFTWARE_UPDATE_DEVICE)/src/boot_c.cc

SOFTWARE_UPDATE_CLIENT_SOURCES := \
  $(SOFTWARE_UPDATE_DEVICE)/src/client.cc

SOFTWARE_UPDATE_FLASH_CHECK_SOURCES := \
  $(SOFTWARE_UPDATE_DEVICE)/testing/flash_check.cc

SOFTWARE_UPDATE_FLASH_MODEL_SOURCES := \
  $(SOFTWARE_UPDATE_DEVICE)/testing/flash_model.cc

SOFTWARE_UPDATE_INSTALLED_MANIFEST_SOURCES := \
  $(SOFTWARE_UPDATE_DEVICE)/src/installed_manifest.cc

// The installed release in a form that tests in other languages can write.

#ifndef SOFTWARE_UPDATE_TARGET_PACKED_INSTALLED_H_
#define SOFTWARE_UPDATE_TARGET_PACKED_INSTALLED_H_

#include <string.h>

#include "software_update/installed.h"

namespace software_update {
namespace target {

// Little-endian; `keys` identities of 32 bytes follow, and `targets` of InstalledTarget.
// tests/device_library/packed.py writes it.
struct PackedInstalled {
  uint32_t version;
  uint32_t has_counter;
  uint32_t counter;
  uint32_t minimum_counter;
  uint32_t is_for_other_hardware;
  uint32_t has_user_manifest;
  uint64_t user_manifest_length;
  uint8_t targets_sha256[kSha256Bytes];
  uint8_t user_manifest_sha256[kSha256Bytes];
  uint32_t former_stated;
  uint32_t former_version;
  uint32_t former_threshold;
  uint32_t keys;
  uint32_t targets;
  uint32_t reserved;
  uint8_t former_sha256[kSha256Bytes];
};

static_assert(sizeof(PackedInstalled) == 152, "no padding");
static_assert(sizeof(InstalledTarget) == 72, "no padding");

// Returns the installed release, which points into `packed`: memory for eight-byte numbers.
inline Installed unpack(const uint8_t* packed) {
  PackedInstalled head;
  memcpy(&head, packed, sizeof head);
  Installed out = {};
  out.version = head.version;
  memcpy(out.targets_sha256, head.targets_sha256, kSha256Bytes);
  out.has_counter = head.has_counter != 0;
  out.counter = head.counter;
  out.minimum_counter = head.minimum_counter;
  out.is_for_other_hardware = head.is_for_other_hardware != 0;
  out.has_user_manifest = head.has_user_manifest != 0;
  out.user_manifest_length = head.user_manifest_length;
  memcpy(out.user_manifest_sha256, head.user_manifest_sha256, kSha256Bytes);
  out.former.stated = head.former_stated != 0;
  out.former.version = head.former_version;
  memcpy(out.former.sha256, head.former_sha256, kSha256Bytes);
  out.former.threshold = head.former_threshold;
  out.former.keys = head.keys;
  const uint8_t* identities = packed + sizeof head;
  out.former.identities = reinterpret_cast<const uint8_t (*)[kSha256Bytes]>(identities);
  out.targets = head.targets;
  const void* targets = identities + head.keys * kSha256Bytes;
  out.target = static_cast<const InstalledTarget*>(targets);
  return out;
}

}  // namespace target
}  // namespace software_update

#endif  // SOFTWARE_UPDATE_TARGET_PACKED_INSTALLED_H_

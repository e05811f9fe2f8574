// The facts about the installed release that decide, together with a bundle, on a verdict.

#ifndef SOFTWARE_UPDATE_INSTALLED_H_
#define SOFTWARE_UPDATE_INSTALLED_H_

#include <stddef.h>
#include <stdint.h>

#include "software_update/crypto.h"

namespace software_update {

// A payload on the device, as it is installed (not compressed).
struct InstalledTarget {
  uint64_t length;               // bytes
  uint8_t name[kSha256Bytes];    // SHA-256 of the target's name
  uint8_t sha256[kSha256Bytes];  // SHA-256 of the content
};

// The root under which the installed release was accepted: its identity, and its targets role. The
// targets role decides whether versions start again (docs/reference/verdicts.md). `keys` may be 0
// if the content of that root is not at hand; versions are always compared then.
struct FormerRoot {
  bool stated;  // false: nothing names it, and the device's root is assumed
  uint32_t version;
  uint8_t sha256[kSha256Bytes];  // of its signed bytes
  uint32_t threshold;
  uint32_t keys;
  // X of the point of each key: a mirrored key (same X, other Y) is the same key. No two are equal.
  const uint8_t (*identities)[kSha256Bytes];
};

// The installed release. The client writes it when a release is accepted.
struct Installed {
  uint32_t version;                      // of the targets metadata
  uint8_t targets_sha256[kSha256Bytes];  // of the serialized targets metadata: the release digest
  bool has_counter;                      // whether it has a release manifest
  uint32_t counter;                      // its release counter
  uint32_t minimum_counter;              // that it needs installed before; 0: it states none
  bool is_for_other_hardware;  // it lists hardware ids, and the device's is not among them
  bool has_user_manifest;
  uint64_t user_manifest_length;  // of its user_manifest
  uint8_t user_manifest_sha256[kSha256Bytes];
  FormerRoot former;
  uint32_t targets;
  const InstalledTarget* target;  // `targets` of them, without user_manifest
};

}  // namespace software_update

#endif  // SOFTWARE_UPDATE_INSTALLED_H_

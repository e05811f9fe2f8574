// Constants that the sources of the verifier share: flags of RootKey, states of MetadataSignature.

#ifndef SOFTWARE_UPDATE_SRC_ROOT_KEY_H_
#define SOFTWARE_UPDATE_SRC_ROOT_KEY_H_

#include <stdint.h>
#include <string.h>

#include "field_table.h"
#include "software_update/crypto.h"

namespace software_update {

// The field that no message has: a bundle is not inside another message.
constexpr FieldId kBundle = static_cast<FieldId>(0xff);

inline constexpr char kRootRole[] = "root";
inline constexpr char kTargetsRole[] = "targets";
inline constexpr char kUserManifest[] = "user_manifest";

constexpr uint8_t kListed = 1;     // root metadata list the key itself
constexpr uint8_t kInRoot = 2;     // its id is in the role root
constexpr uint8_t kInTargets = 4;  // its id is in the role targets
constexpr uint8_t kCounted = 8;    // it has a good signature

constexpr uint8_t kNotVerified = 0;
constexpr uint8_t kGoodSignature = 1;
constexpr uint8_t kBadSignature = 2;

// Says whether a text of `size` bytes is `expected`, which ends with a zero.
bool is_text(const uint8_t* text, size_t size, const char* expected);

inline bool is_same(const uint8_t* one, const uint8_t* other) {
  return memcmp(one, other, kSha256Bytes) == 0;
}

// A function of its own takes less flash than its many copies.
[[gnu::noinline]] inline void copy_sha256(uint8_t* to, const uint8_t* from) {
  memcpy(to, from, kSha256Bytes);
}

}  // namespace software_update

#endif  // SOFTWARE_UPDATE_SRC_ROOT_KEY_H_

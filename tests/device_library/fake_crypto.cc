#include "tests/device_library/fake_crypto.h"

#include <string.h>

#include "software_update/sha256.h"

namespace software_update {
namespace testing {

bool verify_fake(const uint8_t key[kP256KeyBytes], const uint8_t digest[kSha256Bytes],
                 const uint8_t signature[kP256SignatureBytes]) {
  static const char kPrefix[] = "a fake signature: ";
  const Crypto crypto = {nullptr, nullptr, sha256_blocks};
  Sha256 sha256;
  sha256.begin(crypto);
  sha256.update({reinterpret_cast<const uint8_t*>(kPrefix), sizeof kPrefix - 1});
  sha256.update({key, kP256KeyBytes});
  sha256.update({digest, kSha256Bytes});
  uint8_t half[kSha256Bytes];
  sha256.finish(half);
  if (memcmp(signature, half, sizeof half) != 0) return false;
  for (size_t i = 0; i < sizeof half; ++i) {
    if (signature[kSha256Bytes + i] != (half[i] ^ 0xff)) return false;
  }
  return true;
}

}  // namespace testing
}  // namespace software_update

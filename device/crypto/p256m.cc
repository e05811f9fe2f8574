#include "crypto/p256m.h"

#include "software_update/sha256.h"

extern "C" {
#include "p256-m.h"
}

namespace software_update {
namespace {

// The first byte of an uncompressed point (SEC 1, 2.3.3), which p256-m leaves out.
constexpr uint8_t kUncompressed = 4;

bool is_on_curve(const uint8_t key[kP256KeyBytes]) {
  return key[0] == kUncompressed && p256_validate_pubkey(key + 1) == P256_SUCCESS;
}

bool verify_p256(const uint8_t key[kP256KeyBytes], const uint8_t digest[kSha256Bytes],
                 const uint8_t signature[kP256SignatureBytes]) {
  return key[0] == kUncompressed &&
         p256_ecdsa_verify(signature, key + 1, digest, kSha256Bytes) == P256_SUCCESS;
}

}  // namespace

const Crypto kP256m = {verify_p256, is_on_curve, sha256_blocks};

}  // namespace software_update

// The three functions of cryptography that a product supplies.

#ifndef SOFTWARE_UPDATE_CRYPTO_H_
#define SOFTWARE_UPDATE_CRYPTO_H_

#include <stddef.h>
#include <stdint.h>

namespace software_update {

constexpr size_t kSha256Bytes = 32;
constexpr size_t kSha256BlockBytes = 64;
constexpr size_t kSha256StateWords = 8;
// An uncompressed point (SEC 1, 2.3.3): 0x04, then x and y of 32 bytes each.
constexpr size_t kP256KeyBytes = 65;
// r and s, 32 bytes each, big-endian.
constexpr size_t kP256SignatureBytes = 64;

// Cryptography, as functions without state. crypto/psa.h and crypto/p256m.h have one each.
struct Crypto {
  // Says whether `signature` is a good ECDSA signature over `digest` (FIPS 186-5, 6.4.2) with
  // `key`.
  bool (*verify_p256)(const uint8_t key[kP256KeyBytes], const uint8_t digest[kSha256Bytes],
                      const uint8_t signature[kP256SignatureBytes]);
  // Says whether `key` is a point on P-256 in uncompressed form.
  bool (*is_on_curve)(const uint8_t key[kP256KeyBytes]);
  // Takes `count` blocks of 64 bytes into the SHA-256 state (FIPS 180-4, 6.2.2). `sha256_blocks` in
  // sha256.h does it in software.
  void (*sha256_blocks)(uint32_t state[kSha256StateWords], const uint8_t* blocks, size_t count);
};

}  // namespace software_update

#endif  // SOFTWARE_UPDATE_CRYPTO_H_

// Signatures that anyone can make, for tests of many bundles.

#ifndef SOFTWARE_UPDATE_TESTS_FAKE_CRYPTO_H_
#define SOFTWARE_UPDATE_TESTS_FAKE_CRYPTO_H_

#include "software_update/crypto.h"

namespace software_update {
namespace testing {

// Crypto::verify_p256 for fake signatures: a good one is the SHA-256 of a text,
// the key and the digest, followed by the complement of these 32 bytes.
// tests/device_library/fake_signatures.py makes them.
bool verify_fake(const uint8_t key[kP256KeyBytes], const uint8_t digest[kSha256Bytes],
                 const uint8_t signature[kP256SignatureBytes]);

}  // namespace testing
}  // namespace software_update

#endif  // SOFTWARE_UPDATE_TESTS_FAKE_CRYPTO_H_

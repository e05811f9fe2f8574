// Cryptography by the PSA Crypto API (Arm IHI 0086, 1.0 and later) of a platform, and the library's
// own SHA-256.

#ifndef SOFTWARE_UPDATE_DEVICE_CRYPTO_PSA_H_
#define SOFTWARE_UPDATE_DEVICE_CRYPTO_PSA_H_

#include "software_update/crypto.h"

namespace software_update {

// The product calls psa_crypto_init() first. Until then, no key is on the curve and no signature is
// good. Each call imports a volatile key and destroys it: the platform needs one free key slot.
//
// SHA-256 is the library's own. psa_hash_update() takes bytes, while `sha256_blocks` takes blocks
// into a state of eight words; a running psa_hash_operation_t would also take some 100 to 500 bytes
// for each of the verifier's digests instead of 112. A product with SHA-256 hardware that takes a
// state has its own Crypto.
extern const Crypto kPsa;

}  // namespace software_update

#endif  // SOFTWARE_UPDATE_DEVICE_CRYPTO_PSA_H_

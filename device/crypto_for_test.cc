// One Crypto of the library, as functions that Python can call.

#ifdef CRYPTO_P256M
#include "crypto/p256m.h"
#else
#include <psa/crypto.h>

#include "crypto/psa.h"
#endif

namespace {

#ifdef CRYPTO_P256M
const software_update::Crypto& crypto = software_update::kP256m;
#else
const software_update::Crypto& crypto = software_update::kPsa;
#endif

}  // namespace

// What a product does before the first call. Returns 0 on success.
extern "C" int start() {
#ifdef CRYPTO_P256M
  return 0;
#else
  return psa_crypto_init();
#endif
}

extern "C" bool verify_p256(const uint8_t* key, const uint8_t* digest, const uint8_t* signature) {
  return crypto.verify_p256(key, digest, signature);
}

extern "C" bool is_on_curve(const uint8_t* key) { return crypto.is_on_curve(key); }

extern "C" void sha256_blocks(uint32_t* state, const uint8_t* blocks, size_t count) {
  crypto.sha256_blocks(state, blocks, count);
}

#include "crypto/psa.h"

#include <psa/crypto.h>

#include "software_update/sha256.h"

namespace software_update {
namespace {

constexpr size_t kP256Bits = 256;

// Imports a public key. An implementation rejects a point that is not on the curve
// (psa_import_key()).
bool import(const uint8_t* key, psa_key_id_t& id) {
  psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
  psa_set_key_type(&attributes, PSA_KEY_TYPE_ECC_PUBLIC_KEY(PSA_ECC_FAMILY_SECP_R1));
  psa_set_key_bits(&attributes, kP256Bits);
  psa_set_key_usage_flags(&attributes, PSA_KEY_USAGE_VERIFY_HASH);
  psa_set_key_algorithm(&attributes, PSA_ALG_ECDSA(PSA_ALG_SHA_256));
  return psa_import_key(&attributes, key, kP256KeyBytes, &id) == PSA_SUCCESS;
}

bool is_on_curve(const uint8_t key[kP256KeyBytes]) {
  psa_key_id_t id = PSA_KEY_ID_NULL;
  return import(key, id) && psa_destroy_key(id) == PSA_SUCCESS;
}

bool verify_p256(const uint8_t key[kP256KeyBytes], const uint8_t digest[kSha256Bytes],
                 const uint8_t signature[kP256SignatureBytes]) {
  psa_key_id_t id = PSA_KEY_ID_NULL;
  if (!import(key, id)) {
    return false;
  }
  const psa_status_t status = psa_verify_hash(id, PSA_ALG_ECDSA(PSA_ALG_SHA_256), digest,
                                              kSha256Bytes, signature, kP256SignatureBytes);
  return psa_destroy_key(id) == PSA_SUCCESS && status == PSA_SUCCESS;
}

}  // namespace

const Crypto kPsa = {verify_p256, is_on_curve, sha256_blocks};

}  // namespace software_update

// SHA-256 (FIPS 180-4) of bytes that arrive in pieces.

#ifndef SOFTWARE_UPDATE_SHA256_H_
#define SOFTWARE_UPDATE_SHA256_H_

#include "software_update/bytes.h"
#include "software_update/crypto.h"

namespace software_update {

// Crypto::sha256_blocks in portable software.
void sha256_blocks(uint32_t state[kSha256StateWords], const uint8_t* blocks, size_t count);

// A running SHA-256. Call `begin`, then `update` for each piece, then `finish` once.
class Sha256 {
 public:
  void begin(const Crypto& crypto);
  void update(Bytes bytes);
  void finish(uint8_t digest[kSha256Bytes]);

 private:
  const Crypto* crypto_;
  uint64_t size_;
  uint32_t state_[kSha256StateWords];
  uint8_t block_[kSha256BlockBytes];
};

}  // namespace software_update

#endif  // SOFTWARE_UPDATE_SHA256_H_

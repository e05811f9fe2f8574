// SHA-256 as a function that Python can call.

#include "software_update/sha256.h"

// Takes the first `first` bytes at once, and then `size` bytes in pieces of `piece` bytes.
extern "C" void sha256_in_pieces(const uint8_t* bytes, size_t size, size_t first, size_t piece,
                                 uint8_t digest[software_update::kSha256Bytes]) {
  const software_update::Crypto crypto = {nullptr, nullptr, software_update::sha256_blocks};
  software_update::Sha256 sha256;
  sha256.begin(crypto);
  sha256.update({bytes, first});
  for (size_t done = first; done < size; done += piece) {
    sha256.update({bytes + done, size - done < piece ? size - done : piece});
  }
  sha256.finish(digest);
}

// A hash of text that arrives byte by byte, and the case of ASCII letters.

#ifndef SOFTWARE_UPDATE_SRC_TEXT_HASH_H_
#define SOFTWARE_UPDATE_SRC_TEXT_HASH_H_

#include <stdint.h>

namespace software_update {

// FNV-1a with 64 bits: start with kTextHashStart, then take each byte.
constexpr uint64_t kTextHashStart = 0xcbf29ce484222325;

constexpr uint64_t text_hash(uint64_t hash, uint8_t byte) { return (hash ^ byte) * 0x100000001b3; }

constexpr bool is_digit(uint8_t byte) { return byte >= '0' && byte <= '9'; }

// The lower-case letter of an ASCII letter; other bytes unchanged.
constexpr uint8_t lower(uint8_t byte) {
  return byte >= 'A' && byte <= 'Z' ? static_cast<uint8_t>(byte | 0x20) : byte;
}

constexpr bool is_lower(uint8_t byte) { return byte >= 'a' && byte <= 'z'; }

constexpr bool is_letter(uint8_t byte) { return is_lower(lower(byte)); }

}  // namespace software_update

#endif  // SOFTWARE_UPDATE_SRC_TEXT_HASH_H_

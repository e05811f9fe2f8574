// SHA-256 (FIPS 180-4), small rather than fast: half of the variables are in registers, the other
// half in memory, where they need no moves.

#include "software_update/sha256.h"

#include <string.h>

namespace software_update {
namespace {

constexpr size_t kRounds = 64;
constexpr size_t kBlockWords = 16;
constexpr size_t kHalf = kSha256StateWords / 2;
// The size of the message in bits is the last eight bytes of the last block.
constexpr size_t kSizeBytes = 8;

constexpr uint32_t kInitialState[kSha256StateWords] = {
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
};

constexpr uint32_t kConstants[kRounds] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

inline uint32_t rotate_right(uint32_t word, unsigned bits) {
  return (word >> bits) | (word << (32U - bits));
}

// `bytes` need not be aligned.
inline uint32_t read_big_endian(const uint8_t* bytes) {
  return (static_cast<uint32_t>(bytes[0]) << 24U) | (static_cast<uint32_t>(bytes[1]) << 16U) |
         (static_cast<uint32_t>(bytes[2]) << 8U) | bytes[3];
}

// FIPS 180-4, 6.2.2, step 3. The variables a, b, c and d of a round are a of this round and of the
// three before it, which `word` has in front of the word of the message schedule. The next one
// takes the place of that word, and the next e that of h. The sums of rotations are factored: one
// rotation comes with the addition on Arm.
[[gnu::always_inline]] inline void do_round(uint32_t* word, uint32_t constant, uint32_t e,
                                            uint32_t f, uint32_t g, uint32_t& h) {
  const uint32_t a = word[3];
  const uint32_t b = word[2];
  const uint32_t sum = h + constant + word[kHalf] + (((f ^ g) & e) ^ g) +
                       rotate_right(e ^ rotate_right(e, 5) ^ rotate_right(e, 19), 6);
  h = word[0] + sum;
  word[kHalf] = sum + ((a ^ b) & word[1]) + (a & b) +
                rotate_right(a ^ rotate_right(a, 11) ^ rotate_right(a, 20), 2);
}

inline void swap(uint32_t& left, uint32_t& right) {
  const uint32_t kept = left;
  left = right;
  right = kept;
}

// A function of its own, so that the variables are in registers. `words` are d, c, b and a, and
// then the message schedule.
[[gnu::noinline]] void do_rounds(uint32_t state[kSha256StateWords],
                                 uint32_t words[kHalf + kRounds]) {
  uint32_t e = state[4];
  uint32_t f = state[5];
  uint32_t g = state[6];
  uint32_t h = state[7];
  const uint32_t* constant = kConstants;
  for (uint32_t* word = words; word != words + kRounds; word += 2) {
    do_round(word, constant[0], e, f, g, h);
    do_round(word + 1, constant[1], h, e, f, g);
    swap(e, g);
    swap(f, h);
    constant += 2;
  }
  state[4] += e;
  state[5] += f;
  state[6] += g;
  state[7] += h;
}

}  // namespace

void sha256_blocks(uint32_t state[kSha256StateWords], const uint8_t* blocks, size_t count) {
  for (; count > 0; --count) {
    uint32_t words[kHalf + kRounds];
    uint32_t* word = words + kHalf;
    for (size_t i = 0; i < kBlockWords; ++i) {
      word[i] = read_big_endian(blocks);
      blocks += sizeof(uint32_t);
    }
    do {
      const uint32_t w1 = word[1];
      const uint32_t w14 = word[14];
      word[16] = word[0] + word[9] + (rotate_right(w1 ^ rotate_right(w1, 11), 7) ^ (w1 >> 3U)) +
                 (rotate_right(w14 ^ rotate_right(w14, 2), 17) ^ (w14 >> 10U));
      ++word;
    } while (word != words + kHalf + kRounds - kBlockWords);
    for (size_t i = 0; i < kHalf; ++i) {
      words[i] = state[kHalf - 1 - i];
    }
    do_rounds(state, words);
    for (size_t i = 0; i < kHalf; ++i) {
      state[i] += words[kRounds + kHalf - 1 - i];
    }
  }
}

void Sha256::begin(const Crypto& crypto) {
  crypto_ = &crypto;
  size_ = 0;
  memcpy(state_, kInitialState, sizeof(state_));
}

void Sha256::update(Bytes bytes) {
  while (bytes.size > 0) {
    const size_t held = static_cast<size_t>(size_ % kSha256BlockBytes);
    size_t part = bytes.size & ~(kSha256BlockBytes - 1);
    if (held == 0 && part != 0) {
      crypto_->sha256_blocks(state_, bytes.data, part / kSha256BlockBytes);
    } else {
      const size_t room = kSha256BlockBytes - held;
      part = bytes.size < room ? bytes.size : room;
      memcpy(block_ + held, bytes.data, part);
      if (part == room) {
        crypto_->sha256_blocks(state_, block_, 1);
      }
    }
    size_ += part;
    bytes = {bytes.data + part, bytes.size - part};
  }
}

void Sha256::finish(uint8_t digest[kSha256Bytes]) {
  uint64_t bits = size_ * 8U;
  uint8_t padding = 0x80;
  do {
    update({&padding, 1});
    padding = 0;
  } while (size_ % kSha256BlockBytes != kSha256BlockBytes - kSizeBytes);
  for (size_t i = kSha256BlockBytes; i != kSha256BlockBytes - kSizeBytes; bits >>= 8U) {
    --i;
    block_[i] = static_cast<uint8_t>(bits);
  }
  crypto_->sha256_blocks(state_, block_, 1);
  // The digest has the words in big-endian order. To exchange their bytes is the same both ways.
  for (uint32_t& word : state_) {
    word = read_big_endian(reinterpret_cast<const uint8_t*>(&word));
  }
  memcpy(digest, state_, kSha256Bytes);
}

}  // namespace software_update

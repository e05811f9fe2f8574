// Compressed payloads. The same rules as in tools/software_update/format/compression.py and
// bundle/decompress.py.

#ifndef SOFTWARE_UPDATE_COMPRESSION_H_
#define SOFTWARE_UPDATE_COMPRESSION_H_

#include <stddef.h>
#include <stdint.h>

#include "software_update/bytes.h"
#include "software_update/crypto.h"
#include "software_update/device.h"
#include "software_update/sha256.h"

namespace software_update {

// The verdict on the field `compression` of a target: kAccept, kDecompressionFailed or kTooLarge.
// `original_sha256_size` is the number of bytes of that field.
Verdict check_compression(bool is_user_manifest, uint64_t algorithm, uint64_t original_length,
                          size_t original_sha256_size);

// Checks the frame that a compressed payload must be (RFC 8878, 3.1.1), in pieces. It does not
// decompress: blocks that are damaged inside pass.
class FrameReader {
 public:
  // `original_length` is the content size that the frame must state, in bytes.
  void begin(uint64_t original_length);
  // Returns false if the payload is not such a frame, whatever follows.
  bool feed(Bytes piece);
  // Says whether the payload, complete, is such a frame.
  bool finish() const { return state_ == State::kEnd; }

  bool has_header() const { return state_ > State::kHeader; }
  Bytes header() const { return {header_, header_size_}; }
  // Bytes of the window, after `has_header`.
  uint64_t window() const { return window_; }

 private:
  enum class State : uint8_t { kDamaged, kHeader, kBlockHeader, kSkip, kEnd };
  static constexpr size_t kMaxHeaderBytes = 14;

  void add(uint8_t byte);
  void check_header();
  void begin_block();

  uint64_t original_length_;
  uint64_t window_;
  uint32_t number_;  // a block header, as far as it has arrived
  uint32_t left_;    // bytes to skip, or of the block header
  State state_;
  bool last_;  // whether the block is the last one
  bool has_checksum_;
  uint8_t header_size_;
  uint8_t header_needed_;
  uint8_t header_[kMaxHeaderBytes];
};

// A compressed payload on its way through the product's decompressor. The content is held to the
// length and the SHA-256 that the metadata state.
class CompressedPayload {
 public:
  enum class Result : uint8_t {
    kGood,
    kDamaged,        // DECOMPRESSION_FAILED
    kBeyond,         // the decompressor does not take the window
    kStorageFailed,  // `write` of the sink failed
  };

  // `sink` is null if the content is only hashed.
  void begin(const Crypto& crypto, Decompressor* decompressor, uint64_t original_length,
             TargetSink* sink);
  void feed(Bytes piece);
  // The result after the last byte. kDamaged also if the content is not `original_sha256`, 32
  // bytes.
  Result finish(const uint8_t* original_sha256);

 private:
  static bool take(void* self, Bytes content);
  void decompress(Bytes piece);

  Decompressor* decompressor_;
  TargetSink* sink_;
  uint64_t left_;  // bytes of the content that are still to come
  Result result_;
  FrameReader frame_;
  Sha256 sha256_;
};

// The result of a verification that a compressed payload decides.
Result result_of(CompressedPayload::Result payload);

}  // namespace software_update

#endif  // SOFTWARE_UPDATE_COMPRESSION_H_

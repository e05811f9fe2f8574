#include "software_update/compression.h"

#include <string.h>

#include "software_update/format_limits.h"

namespace software_update {
namespace {

constexpr uint8_t kMagic[] = {0x28, 0xb5, 0x2f, 0xfd};
constexpr uint8_t kDescriptor = sizeof(kMagic);
constexpr uint8_t kBlockHeaderBytes = 3;
constexpr uint8_t kChecksumBytes = 4;
constexpr uint32_t kRle = 1;
constexpr uint32_t kReserved = 3;

// The first byte of a frame's header after the magic number.
struct Descriptor {
  uint8_t byte;

  bool has_window() const { return (byte >> 5 & 1) == 0; }
  bool has_checksum() const { return (byte >> 2 & 1) != 0; }
  // A dictionary, or a bit that RFC 8878 reserves.
  bool is_unusable() const { return (byte & 0xb) != 0; }
  uint8_t size_bytes() const {
    const uint8_t flag = byte >> 6;
    return flag != 0 ? static_cast<uint8_t>(1u << flag) : has_window() ? 0 : 1;
  }
};

uint64_t window_of(uint8_t descriptor) {
  const uint64_t base = 1ull << (10 + (descriptor >> 3));
  return base + base / 8 * (descriptor & 7u);
}

}  // namespace

Verdict check_compression(bool is_user_manifest, uint64_t algorithm, uint64_t original_length,
                          size_t original_sha256_size) {
  if (is_user_manifest || algorithm != kCompressionZstd || original_sha256_size != kSha256Bytes) {
    return Verdict::kDecompressionFailed;
  }
  return original_length > kMaxOriginalBytes ? Verdict::kTooLarge : Verdict::kAccept;
}

void FrameReader::begin(uint64_t original_length) {
  original_length_ = original_length;
  window_ = 0;
  state_ = State::kHeader;
  header_size_ = 0;
  header_needed_ = kDescriptor + 1;
}

bool FrameReader::feed(Bytes piece) {
  size_t i = 0;
  while (i < piece.size && state_ != State::kDamaged) {
    if (state_ == State::kSkip) {
      const size_t rest = piece.size - i;
      const uint32_t count = rest < left_ ? static_cast<uint32_t>(rest) : left_;
      i += count;
      left_ -= count;
      if (left_ == 0) {
        begin_block();
      }
    } else {
      add(piece.data[i]);
      ++i;
    }
  }
  return state_ != State::kDamaged;
}

void FrameReader::add(uint8_t byte) {
  if (state_ == State::kHeader) {
    header_[header_size_] = byte;
    ++header_size_;
    if (header_size_ == header_needed_) {
      check_header();
    }
  } else if (state_ == State::kBlockHeader) {
    number_ |= static_cast<uint32_t>(byte) << (8 * (kBlockHeaderBytes - left_));
    --left_;
    if (left_ != 0) {
      return;
    }
    const uint32_t kind = number_ >> 1 & 3;
    last_ = (number_ & 1) != 0;
    left_ = kind == kRle ? 1 : number_ >> 3;
    if (last_ && has_checksum_) {
      left_ += kChecksumBytes;
    }
    state_ = State::kSkip;
    if (kind == kReserved) {
      state_ = State::kDamaged;
    } else if (left_ == 0) {
      begin_block();
    }
  } else {
    // Bytes follow the frame.
    state_ = State::kDamaged;
  }
}

void FrameReader::begin_block() {
  state_ = last_ ? State::kEnd : State::kBlockHeader;
  left_ = kBlockHeaderBytes;
  number_ = 0;
}

void FrameReader::check_header() {
  const Descriptor descriptor{header_[kDescriptor]};
  const uint8_t size_bytes = descriptor.size_bytes();
  const uint8_t needed =
      static_cast<uint8_t>(kDescriptor + 1 + descriptor.has_window() + size_bytes);
  if (memcmp(header_, kMagic, sizeof(kMagic)) != 0 || descriptor.is_unusable() || size_bytes == 0) {
    state_ = State::kDamaged;
    return;
  }
  if (header_size_ < needed) {
    header_needed_ = needed;
    return;
  }
  uint64_t size = size_bytes == 2 ? 256 : 0;
  for (uint8_t i = 0; i < size_bytes; ++i) {
    size += static_cast<uint64_t>(header_[needed - size_bytes + i]) << (8 * i);
  }
  window_ = descriptor.has_window() ? window_of(header_[kDescriptor + 1]) : size;
  has_checksum_ = descriptor.has_checksum();
  last_ = false;
  begin_block();
  if (size != original_length_ || window_ > kMaxWindowBytes) {
    state_ = State::kDamaged;
  }
}

void CompressedPayload::begin(const Crypto& crypto, Decompressor* decompressor,
                              uint64_t original_length, TargetSink* sink) {
  decompressor_ = decompressor;
  sink_ = sink;
  left_ = original_length;
  result_ = Result::kGood;
  frame_.begin(original_length);
  sha256_.begin(crypto);
}

void CompressedPayload::feed(Bytes piece) {
  size_t i = 0;
  while (i < piece.size && result_ == Result::kGood && !frame_.has_header()) {
    if (!frame_.feed({piece.data + i, 1})) {
      result_ = Result::kDamaged;
    } else if (frame_.has_header()) {
      if (decompressor_->begin(frame_.window())) {
        decompress(frame_.header());
      } else {
        result_ = Result::kBeyond;
      }
    }
    ++i;
  }
  const Bytes rest{piece.data + i, piece.size - i};
  if (result_ != Result::kGood || rest.size == 0) {
    return;
  }
  if (frame_.feed(rest)) {
    decompress(rest);
  } else {
    result_ = Result::kDamaged;
  }
}

CompressedPayload::Result CompressedPayload::finish(const uint8_t* original_sha256) {
  uint8_t digest[kSha256Bytes];
  sha256_.finish(digest);
  if (result_ != Result::kGood) {
    return result_;
  }
  const bool is_good = frame_.finish() && decompressor_->finish() && left_ == 0 &&
                       memcmp(digest, original_sha256, kSha256Bytes) == 0;
  return is_good ? Result::kGood : Result::kDamaged;
}

void CompressedPayload::decompress(Bytes piece) {
  if (!decompressor_->feed(piece, take, this) && result_ == Result::kGood) {
    result_ = Result::kDamaged;
  }
}

bool CompressedPayload::take(void* self, Bytes content) {
  CompressedPayload& payload = *static_cast<CompressedPayload*>(self);
  if (content.size > payload.left_) {
    payload.result_ = Result::kDamaged;
    return false;
  }
  payload.left_ -= content.size;
  payload.sha256_.update(content);
  if (payload.sink_ != nullptr && !payload.sink_->write(content)) {
    payload.result_ = Result::kStorageFailed;
    return false;
  }
  return true;
}

Result result_of(CompressedPayload::Result payload) {
  switch (payload) {
    case CompressedPayload::Result::kBeyond:
      return {Outcome::kBeyondDevice, Verdict::kDecompressionFailed, Beyond::kCompression};
    case CompressedPayload::Result::kStorageFailed:
      return {Outcome::kStorageFailed, Verdict::kDecompressionFailed, Beyond::kNothing};
    case CompressedPayload::Result::kDamaged:
      return {Outcome::kVerdict, Verdict::kDecompressionFailed, Beyond::kNothing};
    default:
      return {Outcome::kVerdict, Verdict::kAccept, Beyond::kNothing};
  }
}

}  // namespace software_update

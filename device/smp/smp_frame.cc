#include "software_update/smp_frame.h"

namespace software_update {
namespace {

constexpr uint8_t kFirst0 = 0x06;
constexpr uint8_t kFirst1 = 0x09;
constexpr uint8_t kNext0 = 0x04;
constexpr uint8_t kNext1 = 0x14;
constexpr size_t kBytesInLine = (kSmpLineBytes - 3) / 4 * 3;

constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr uint8_t kNotBase64 = 64;

uint8_t base64_value(uint8_t character) {
  for (uint8_t value = 0; value < 64; ++value) {
    if (kAlphabet[value] == static_cast<char>(character)) {
      return value;
    }
  }
  return kNotBase64;
}

}  // namespace

uint16_t smp_crc(uint16_t crc, Bytes bytes) {
  uint32_t sum = crc;
  for (size_t at = 0; at < bytes.size; ++at) {
    sum ^= static_cast<uint32_t>(bytes.data[at]) << 8;
    for (int bit = 0; bit < 8; ++bit) {
      sum = (sum & 0x8000) != 0 ? sum << 1 ^ 0x1021 : sum << 1;
    }
    sum &= 0xffff;
  }
  return static_cast<uint16_t>(sum);
}

SmpFrameReader::SmpFrameReader(uint8_t* buffer, size_t capacity)
    : buffer_(buffer),
      capacity_(capacity),
      size_(0),
      bits_(0),
      characters_(0),
      padding_(0),
      begun_(false),
      state_(State::kOutside) {}

bool SmpFrameReader::take(uint8_t byte) {
  // No other character of a packet is one of these two, so a reader that missed bytes starts again.
  if (byte == kFirst0 || byte == kNext0) {
    if (state_ == State::kInside) {
      drop();
    }
    state_ = byte == kFirst0 ? State::kFirst : State::kNext;
    return false;
  }
  switch (state_) {
    case State::kOutside:
      break;
    case State::kFirst:
      begun_ = byte == kFirst1;
      size_ = 0;
      state_ = begun_ ? State::kInside : State::kOutside;
      break;
    case State::kNext:
      state_ = byte == kNext1 && begun_ ? State::kInside : State::kOutside;
      break;
    case State::kInside:
      if (byte == '\n') {
        return end_line();
      }
      if (byte != '\r') {
        take_character(byte);
      }
      break;
  }
  return false;
}

Bytes SmpFrameReader::packet() const {
  return {buffer_ + kSmpLengthBytes, size_ - kSmpLengthBytes - kSmpCrcBytes};
}

void SmpFrameReader::take_character(uint8_t character) {
  const uint8_t value = base64_value(character);
  if (character == '=' && characters_ >= 2) {
    ++padding_;
  } else if (value == kNotBase64 || padding_ > 0) {
    drop();
    return;
  }
  bits_ = bits_ << 6 | (value & 63U);
  ++characters_;
  if (characters_ < 4) {
    return;
  }
  const uint32_t group = bits_;
  bits_ = 0;
  characters_ = 0;
  append(static_cast<uint8_t>(group >> 16));
  if (padding_ < 2) {
    append(static_cast<uint8_t>(group >> 8));
  }
  if (padding_ < 1) {
    append(static_cast<uint8_t>(group));
  }
}

void SmpFrameReader::append(uint8_t byte) {
  if (size_ == capacity_) {
    drop();
  }
  if (begun_) {
    buffer_[size_] = byte;
    ++size_;
  }
}

bool SmpFrameReader::end_line() {
  const bool whole_groups = characters_ == 0;
  bits_ = 0;
  characters_ = 0;
  padding_ = 0;
  state_ = State::kOutside;
  if (!whole_groups || size_ < kSmpLengthBytes) {
    drop();
    return false;
  }
  const size_t length = static_cast<size_t>(buffer_[0] << 8 | buffer_[1]);
  if (size_ - kSmpLengthBytes < length) {
    return false;
  }
  begun_ = false;
  return size_ - kSmpLengthBytes == length && length >= kSmpCrcBytes &&
         smp_crc(0, {buffer_ + kSmpLengthBytes, length}) == 0;
}

void SmpFrameReader::drop() {
  begun_ = false;
  bits_ = 0;
  characters_ = 0;
  padding_ = 0;
  state_ = State::kOutside;
}

namespace {

// The bytes of a frame: the length, the packet and its CRC.
class Frame {
 public:
  explicit Frame(Bytes packet)
      : packet_(packet), crc_(smp_crc(0, packet)), length_(packet.size + kSmpCrcBytes) {}

  size_t size() const { return kSmpLengthBytes + length_; }

  uint32_t at(size_t place) const {
    if (place < kSmpLengthBytes) {
      return static_cast<uint8_t>(length_ >> (place == 0 ? 8 : 0));
    }
    if (place < kSmpLengthBytes + packet_.size) {
      return packet_.data[place - kSmpLengthBytes];
    }
    return place < size() ? static_cast<uint8_t>(crc_ >> (place + 1 == size() ? 0 : 8)) : 0;
  }

 private:
  Bytes packet_;
  uint16_t crc_;
  size_t length_;
};

}  // namespace

void send_smp_packet(Bytes packet, SmpLine* line) {
  const Frame frame(packet);
  for (size_t start = 0; start < frame.size(); start += kBytesInLine) {
    uint8_t text[kSmpLineBytes];
    text[0] = start == 0 ? kFirst0 : kNext0;
    text[1] = start == 0 ? kFirst1 : kNext1;
    size_t size = 2;
    for (size_t at = start; at < start + kBytesInLine && at < frame.size(); at += 3) {
      const uint32_t group = frame.at(at) << 16 | frame.at(at + 1) << 8 | frame.at(at + 2);
      for (size_t character = 0; character < 4; ++character) {
        const bool padding = at + character > frame.size();
        const uint32_t value = group >> (18 - 6 * character) & 63;
        text[size + character] = static_cast<uint8_t>(padding ? '=' : kAlphabet[value]);
      }
      size += 4;
    }
    text[size] = '\n';
    line->send({text, size + 1});
  }
}

}  // namespace software_update

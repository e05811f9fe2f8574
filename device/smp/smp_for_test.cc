// Framing and CBOR of SMP as functions that Python can call.

#include <string.h>

#include "cbor.h"
#include "software_update/smp_frame.h"

namespace {

using software_update::Bytes;
using software_update::CborMap;
using software_update::CborValue;

class Collector : public software_update::SmpLine {
 public:
  Collector(uint8_t* out, size_t capacity) : out_(out), capacity_(capacity), size_(0) {}

  void send(Bytes bytes) override {
    if (bytes.size <= capacity_ - size_) {
      memcpy(out_ + size_, bytes.data, bytes.size);
      size_ += bytes.size;
    }
  }
  size_t size() const { return size_; }

 private:
  uint8_t* out_;
  size_t capacity_;
  size_t size_;
};

}  // namespace

// Returns the number of bytes of the lines of a packet.
extern "C" size_t smp_lines(const uint8_t* packet, size_t size, uint8_t* out, size_t capacity) {
  Collector collector(out, capacity);
  software_update::send_smp_packet({packet, size}, &collector);
  return collector.size();
}

// Writes the packets in `bytes`, each after its length in two bytes. The reader has `buffer_size`
// bytes.
extern "C" size_t smp_packets(const uint8_t* bytes, size_t size, size_t buffer_size, uint8_t* out,
                              size_t capacity) {
  static uint8_t buffer[4096];
  Collector collector(out, capacity);
  software_update::SmpFrameReader reader(buffer, buffer_size);
  for (size_t at = 0; at < size; ++at) {
    if (reader.take(bytes[at])) {
      const Bytes packet = reader.packet();
      const uint8_t length[2] = {static_cast<uint8_t>(packet.size >> 8),
                                 static_cast<uint8_t>(packet.size)};
      collector.send({length, 2});
      collector.send(packet);
    }
  }
  return collector.size();
}

// Returns the kind of a key's value, and -1 if the map is not valid. `bytes` has room for the
// content.
extern "C" int cbor_find(const uint8_t* content, size_t size, const char* key, uint64_t* number,
                         uint8_t* bytes, size_t* bytes_size) {
  const CborMap map({content, size});
  if (!map.valid()) {
    return -1;
  }
  const CborValue value = map.find(key);
  *number = value.number;
  *bytes_size = value.bytes.size;
  if (value.bytes.size > 0) {
    memcpy(bytes, value.bytes.data, value.bytes.size);
  }
  return static_cast<int>(value.kind);
}

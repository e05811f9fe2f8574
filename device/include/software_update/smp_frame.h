// The framing of SMP on a serial line: base64 in lines, with a length and a CRC.
// Source: "SMP over console" in Zephyr's documentation.

#ifndef SOFTWARE_UPDATE_SMP_FRAME_H_
#define SOFTWARE_UPDATE_SMP_FRAME_H_

#include <stddef.h>
#include <stdint.h>

#include "software_update/bytes.h"

namespace software_update {

// The length of a packet before it, and the CRC after it, in bytes.
constexpr size_t kSmpLengthBytes = 2;
constexpr size_t kSmpCrcBytes = 2;
// A line, with its two bytes at the start and the one at its end.
constexpr size_t kSmpLineBytes = 127;

// Returns the CRC of bytes after those of `crc`: polynomial 0x1021, beginning with 0
// (CRC-16/XMODEM).
uint16_t smp_crc(uint16_t crc, Bytes bytes);

// Puts packets together from the bytes of a serial line. Anything else on the line is ignored, as
// are packets that are damaged or too long for the buffer.
class SmpFrameReader {
 public:
  // The buffer has room for a packet, its length and its CRC.
  SmpFrameReader(uint8_t* buffer, size_t capacity);
  // Takes a byte. Returns true if it completes a packet, which stays until the next call.
  bool take(uint8_t byte);
  // The complete packet.
  Bytes packet() const;

 private:
  enum class State : uint8_t { kOutside, kFirst, kNext, kInside };

  void take_character(uint8_t character);
  void append(uint8_t byte);
  bool end_line();
  void drop();

  uint8_t* buffer_;
  size_t capacity_;
  size_t size_;
  uint32_t bits_;       // of the base64 group that has begun
  uint8_t characters_;  // of it, 0 to 3
  uint8_t padding_;     // characters of padding in the line
  bool begun_;          // a packet has begun
  State state_;
};

// The sending side of a serial line, which the product supplies.
class SmpLine {
 public:
  // Sends bytes, and may wait until they fit into the UART.
  virtual void send(Bytes bytes) = 0;

 protected:
  ~SmpLine() = default;
};

// Sends a packet in lines.
void send_smp_packet(Bytes packet, SmpLine* line);

}  // namespace software_update

#endif  // SOFTWARE_UPDATE_SMP_FRAME_H_

// The description of a protobuf message for the reader in message_reader.h. field_table.h has the
// descriptions of all messages.

#ifndef SOFTWARE_UPDATE_SRC_FIELD_H_
#define SOFTWARE_UPDATE_SRC_FIELD_H_

#include <stdint.h>

namespace software_update {

// The content of a field.
enum class Kind : uint8_t {
  kNumber,  // a varint
  kBytes,
  kText,  // UTF-8
  kMessage,
  // A message whose faults are its own: the reader reports the first one, and goes on after it.
  // Bytes that contain signed metadata are of this kind too.
  kContained,
};

// A field that a message may have. field_table.h lists those of a message one after the other.
struct Field {
  uint8_t number;
  Kind kind;
  uint8_t repeated;  // 0: at most once; otherwise one more than its index in kMostRepeated
  uint8_t limit;     // of the number, or of the bytes; `limit_of` decodes it
  uint8_t inner;     // of kMessage and kContained: the MessageId
};

// A limit takes one byte: N means 2^N - 1, and kPowerOfTwo | N means 2^N.
constexpr uint8_t kPowerOfTwo = 0x80;
constexpr uint8_t kNoLimit = 64;

constexpr uint64_t limit_of(uint8_t limit) {
  return limit == kNoLimit            ? UINT64_MAX
         : (limit & kPowerOfTwo) != 0 ? uint64_t{1} << (limit & 0x7f)
                                      : (uint64_t{1} << limit) - 1;
}

}  // namespace software_update

#endif  // SOFTWARE_UPDATE_SRC_FIELD_H_

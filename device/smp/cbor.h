// The part of CBOR (RFC 8949) that SMP needs: one map with short text keys.

#ifndef SOFTWARE_UPDATE_SMP_CBOR_H_
#define SOFTWARE_UPDATE_SMP_CBOR_H_

#include <stddef.h>
#include <stdint.h>

#include "software_update/bytes.h"

namespace software_update {

struct CborValue {
  enum class Kind : uint8_t {
    kMissing,
    kUint,
    kBytes,
    kText,
    kBool,
    kOther,  // null, or a negative number
  };
  Kind kind;
  uint64_t number;  // kUint, and kBool as 0 or 1
  Bytes bytes;      // kBytes and kText, inside the map's bytes
};

// The entries of a map. Values inside values, such as arrays, are not valid here.
class CborMap {
 public:
  // At most this many entries are valid, with different keys.
  static constexpr uint32_t kEntries = 16;

  explicit CborMap(Bytes content);
  // Whether the content is one map and nothing else. Ask it before `find`.
  bool valid() const { return entries_ <= kEntries; }
  // Returns the value of a key; kMissing if the map does not contain it.
  CborValue find(const char* key) const;

 private:
  Bytes content_;
  uint32_t entries_;  // more than kEntries: not valid
};

// Writes one map into a buffer.
class CborWriter {
 public:
  CborWriter(uint8_t* buffer, size_t capacity) : buffer_(buffer), capacity_(capacity), size_(0) {}
  void map(uint32_t entries) { head(5, entries); }
  void array(uint32_t items) { head(4, items); }
  void key(const char* text);
  void text(Bytes text);
  void uint(uint64_t number) { head(0, number); }
  void bytes(Bytes bytes);
  void boolean(bool value);
  // The bytes so far. A writer whose buffer was too small returns none.
  Bytes written() const { return {buffer_, size_ <= capacity_ ? size_ : 0}; }

 private:
  void head(uint8_t major, uint64_t number);
  void put(Bytes bytes);

  uint8_t* buffer_;
  size_t capacity_;
  size_t size_;  // more than capacity_: too small
};

}  // namespace software_update

#endif  // SOFTWARE_UPDATE_SMP_CBOR_H_

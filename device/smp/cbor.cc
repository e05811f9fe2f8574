#include "cbor.h"

#include <string.h>

namespace software_update {
namespace {

constexpr uint8_t kMajorUint = 0;
constexpr uint8_t kMajorNegative = 1;
constexpr uint8_t kMajorBytes = 2;
constexpr uint8_t kMajorText = 3;
constexpr uint8_t kMajorMap = 5;
constexpr uint8_t kMajorSimple = 7;
constexpr uint8_t kIndefinite = 31;
constexpr uint8_t kBreak = 0xff;
constexpr uint32_t kNotValid = CborMap::kEntries + 1;

struct Head {
  bool good;
  uint8_t major;
  uint8_t info;
  uint64_t number;
};

// Takes bytes from the front of a view.
bool take(Bytes* from, uint64_t size, Bytes* taken) {
  if (size > from->size) {
    return false;
  }
  *taken = {from->data, static_cast<size_t>(size)};
  from->data += taken->size;
  from->size -= taken->size;
  return true;
}

Head take_head(Bytes* from) {
  Head head{false, 0, 0, 0};
  Bytes taken{};
  if (!take(from, 1, &taken)) {
    return head;
  }
  head.major = static_cast<uint8_t>(taken.data[0] >> 5);
  head.info = taken.data[0] & 31;
  if (head.info < 24) {
    head.number = head.info;
  } else if (head.info < 28) {
    if (!take(from, uint64_t{1} << (head.info - 24), &taken)) {
      return head;
    }
    for (size_t at = 0; at < taken.size; ++at) {
      head.number = head.number << 8 | taken.data[at];
    }
  } else if (head.info != kIndefinite) {
    return head;
  }
  head.good = true;
  return head;
}

bool take_value(Bytes* from, CborValue* value) {
  const Head head = take_head(from);
  *value = {CborValue::Kind::kOther, head.number, {nullptr, 0}};
  if (!head.good || head.info == kIndefinite) {
    return false;
  }
  switch (head.major) {
    case kMajorUint:
      value->kind = CborValue::Kind::kUint;
      return true;
    case kMajorNegative:
      return true;
    case kMajorBytes:
    case kMajorText:
      value->kind = head.major == kMajorText ? CborValue::Kind::kText : CborValue::Kind::kBytes;
      return take(from, head.number, &value->bytes);
    case kMajorSimple:
      if (head.info == 20 || head.info == 21) {
        value->kind = CborValue::Kind::kBool;
        value->number = head.info - 20;
        return true;
      }
      return head.info == 22;
    default:
      return false;
  }
}

// A cursor over the entries of a map.
struct Entries {
  Bytes left;
  bool counted;
  uint64_t count;  // of entries left, if counted
  bool good;

  // Takes the next entry. Returns false at the end of the map, and for one that is not valid.
  bool next(CborValue* key, CborValue* value) {
    if (counted ? count == 0 : left.size > 0 && left.data[0] == kBreak) {
      if (!counted) {
        ++left.data;
        --left.size;
      }
      good = left.size == 0;
      return false;
    }
    --count;
    good =
        take_value(&left, key) && key->kind == CborValue::Kind::kText && take_value(&left, value);
    return good;
  }
};

Entries entries_of(Bytes content) {
  Entries entries{content, true, 0, false};
  const Head head = take_head(&entries.left);
  if (head.good && head.major == kMajorMap) {
    entries.counted = head.info != kIndefinite;
    entries.count = head.number;
    entries.good = true;
  }
  return entries;
}

bool same(Bytes one, Bytes other) {
  return one.size == other.size && (one.size == 0 || memcmp(one.data, other.data, one.size) == 0);
}

CborValue value_of(Bytes content, Bytes wanted, uint32_t* found) {
  Entries entries = entries_of(content);
  CborValue key{};
  CborValue value{};
  CborValue last{CborValue::Kind::kMissing, 0, {nullptr, 0}};
  *found = 0;
  while (entries.good && entries.next(&key, &value)) {
    if (same(key.bytes, wanted)) {
      last = value;
      ++*found;
    }
  }
  return last;
}

uint32_t count_entries(Bytes content) {
  Entries entries = entries_of(content);
  CborValue key{};
  CborValue value{};
  uint32_t count = 0;
  while (entries.good && entries.next(&key, &value)) {
    ++count;
    if (count > CborMap::kEntries) {
      return kNotValid;
    }
  }
  if (!entries.good) {
    return kNotValid;
  }
  Entries again = entries_of(content);
  while (again.next(&key, &value)) {
    uint32_t found = 0;
    value_of(content, key.bytes, &found);
    if (found > 1) {
      return kNotValid;
    }
  }
  return count;
}

Bytes text_of(const char* text) { return {reinterpret_cast<const uint8_t*>(text), strlen(text)}; }

}  // namespace

CborMap::CborMap(Bytes content) : content_(content), entries_(count_entries(content)) {}

CborValue CborMap::find(const char* key) const {
  uint32_t found = 0;
  return value_of(content_, text_of(key), &found);
}

void CborWriter::key(const char* text) { this->text(text_of(text)); }

void CborWriter::text(Bytes text) {
  head(kMajorText, text.size);
  put(text);
}

void CborWriter::bytes(Bytes bytes) {
  head(kMajorBytes, bytes.size);
  put(bytes);
}

void CborWriter::boolean(bool value) { head(kMajorSimple, value ? 21 : 20); }

void CborWriter::head(uint8_t major, uint64_t number) {
  uint8_t bytes[9] = {};
  uint8_t info = 24;
  size_t size = 1;
  if (number < 24) {
    info = static_cast<uint8_t>(number);
    size = 0;
  }
  // In the shortest form: 1, 2, 4 or 8 bytes.
  while (size > 0 && size < 8 && number >> (8 * size) != 0) {
    size *= 2;
    ++info;
  }
  bytes[0] = static_cast<uint8_t>(major << 5 | info);
  for (size_t at = 0; at < size; ++at) {
    bytes[1 + at] = static_cast<uint8_t>(number >> (8 * (size - 1 - at)));
  }
  put({bytes, 1 + size});
}

void CborWriter::put(Bytes bytes) {
  if (size_ > capacity_ || bytes.size > capacity_ - size_) {
    size_ = capacity_ + 1;
    return;
  }
  if (bytes.size > 0) {
    memcpy(buffer_ + size_, bytes.data, bytes.size);
    size_ += bytes.size;
  }
}

}  // namespace software_update

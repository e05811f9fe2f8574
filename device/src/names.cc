#include "software_update/names.h"

#include <string.h>

#include "software_update/format_limits.h"
#include "text_hash.h"

namespace software_update {
namespace {

bool is_name_byte(uint8_t byte) {
  return is_letter(byte) || is_digit(byte) || byte == '.' || byte == '_' || byte == '+' ||
         byte == '-';
}

// The bytes of an entry that a name must begin with, or be. `is_prefix`: the entry ends in "/*".
size_t fixed_bytes(const AllowedTarget& entry, bool& is_prefix) {
  is_prefix = entry.size >= 2 && memcmp(entry.text + entry.size - 2, "/*", 2) == 0;
  return is_prefix ? entry.size - 1u : entry.size;
}

}  // namespace

void NameReader::begin() {
  hash_ = kTextHashStart;
  size_ = 0;
  part_ = 0;
  unsafe_ = false;
}

void NameReader::feed(Bytes piece) {
  for (size_t i = 0; i < piece.size; ++i) {
    const uint8_t byte = piece.data[i];
    if (size_ >= kMaxNameBytes) {
      unsafe_ = true;
      return;
    }
    hash_ = text_hash(hash_, lower(byte));
    ++size_;
    const bool is_end = byte == '/';
    if (is_end ? !is_part() : !is_name_byte(byte)) {
      unsafe_ = true;
    }
    if (is_end) {
      part_ = 0;
    } else if (byte == '.' && part_ < kGoodPart) {
      ++part_;
    } else {
      part_ = kGoodPart;
    }
  }
}

void AllowedTargets::begin(AllowedTarget* entries, size_t capacity) {
  entries_ = entries;
  capacity_ = capacity;
  count_ = 0;
  invalid_ = false;
}

void AllowedTargets::begin_entry() { entry_ = 0; }

void AllowedTargets::feed_entry(Bytes piece) {
  const size_t room = kMaxAllowedTargetBytes - entry_;
  if (piece.size > room) {
    invalid_ = true;
    return;
  }
  if (piece.size != 0 && count_ < capacity_) {
    memcpy(entries_[count_].text + entry_, piece.data, piece.size);
  }
  entry_ += piece.size;
}

void AllowedTargets::end_entry() {
  if (count_ < capacity_) {
    AllowedTarget& entry = entries_[count_];
    entry.size = static_cast<uint8_t>(entry_);
    invalid_ = invalid_ || !is_good_entry(entry);
  }
  ++count_;
  invalid_ = invalid_ || count_ > kMaxAllowedTargets;
}

bool AllowedTargets::is_good_entry(const AllowedTarget& entry) const {
  for (size_t i = 0; i < count_; ++i) {
    if (entries_[i].size == entry.size && memcmp(entries_[i].text, entry.text, entry.size) == 0) {
      return false;
    }
  }
  bool is_prefix = false;
  size_t size = fixed_bytes(entry, is_prefix);
  if (is_prefix) {
    --size;
  }
  NameReader name;
  name.begin();
  name.feed({entry.text, size});
  return name.is_safe();
}

void AllowedMatcher::begin(const AllowedTargets& allowed) {
  allowed_ = &allowed;
  position_ = 0;
  equal_ = 0xffff;
  matched_ = false;
}

void AllowedMatcher::feed(Bytes piece) {
  for (size_t i = 0; i < allowed_->kept(); ++i) {
    const uint16_t bit = static_cast<uint16_t>(1u << i);
    bool is_prefix = false;
    const AllowedTarget& entry = allowed_->entries()[i];
    const size_t size = fixed_bytes(entry, is_prefix);
    const size_t left = size - (position_ < size ? position_ : size);
    const size_t common = piece.size < left ? piece.size : left;
    if ((equal_ & bit) == 0) {
      continue;
    }
    const bool is_equal = common == 0 || memcmp(entry.text + position_, piece.data, common) == 0;
    // `is_allowed` compares the size of a name.
    if (!is_equal) {
      equal_ = static_cast<uint16_t>(equal_ & ~bit);
    }
    matched_ = matched_ || (is_equal && is_prefix && position_ + piece.size >= size);
  }
  position_ += piece.size;
}

bool AllowedMatcher::is_allowed(bool is_user_manifest) const {
  bool allowed = is_user_manifest || matched_ || allowed_->is_empty();
  for (size_t i = 0; i < allowed_->kept(); ++i) {
    allowed = allowed || ((equal_ >> i & 1) != 0 && allowed_->entries()[i].size == position_);
  }
  return allowed;
}

}  // namespace software_update

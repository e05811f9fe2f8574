#include "software_update/utf8.h"

namespace software_update {

bool Utf8Checker::add_other(uint8_t byte) {
  if (left_ == 0) {
    return begin_character(byte);
  }
  if (byte < lowest_ || byte > highest_) {
    return false;
  }
  --left_;
  lowest_ = 0x80;
  highest_ = 0xbf;
  return true;
}

bool Utf8Checker::begin_character(uint8_t byte) {
  if (byte < 0xc2 || byte > 0xf4) {
    return false;
  }
  left_ = static_cast<uint8_t>(1 + (byte >= 0xe0) + (byte >= 0xf0));
  // No form longer than needed, no surrogate, nothing after U+10FFFF.
  if (byte == 0xe0) lowest_ = 0xa0;
  if (byte == 0xf0) lowest_ = 0x90;
  if (byte == 0xed) highest_ = 0x9f;
  if (byte == 0xf4) highest_ = 0x8f;
  return true;
}

}  // namespace software_update

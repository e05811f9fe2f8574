// UTF-8 of bytes that arrive one by one, as strict as Python's decoder (Unicode 3.9, table 3-7).

#ifndef SOFTWARE_UPDATE_UTF8_H_
#define SOFTWARE_UPDATE_UTF8_H_

#include <stdint.h>

namespace software_update {

// Checks text. Call `begin`, then `add` for each byte as long as it returns true.
class Utf8Checker {
 public:
  void begin() {
    left_ = 0;
    lowest_ = 0x80;
    highest_ = 0xbf;
  }

  // Takes the next byte. Returns false if the text up to it is not the beginning of valid UTF-8.
  bool add(uint8_t byte) { return (left_ == 0 && byte < 0x80) || add_other(byte); }

  // Says whether the text up to here does not end inside a character.
  bool is_complete() const { return left_ == 0; }

 private:
  bool add_other(uint8_t byte);
  bool begin_character(uint8_t byte);

  uint8_t left_;    // bytes of the character that are still to come
  uint8_t lowest_;  // of the next one of them
  uint8_t highest_;
};

}  // namespace software_update

#endif  // SOFTWARE_UPDATE_UTF8_H_

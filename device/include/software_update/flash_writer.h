// Writes a stream of bytes to flash.

#ifndef SOFTWARE_UPDATE_FLASH_WRITER_H_
#define SOFTWARE_UPDATE_FLASH_WRITER_H_

#include "software_update/bytes.h"
#include "software_update/flash.h"

namespace software_update {

// Writes bytes of any number to consecutive addresses, and erases each sector before its first
// byte.
class FlashWriter {
 public:
  // `address` is the beginning of a sector.
  void begin(Flash* flash, uint32_t address);
  bool write(Bytes bytes);
  // Programs the last bytes, and fills up the last unit.
  bool finish();

 private:
  bool flush();

  Flash* flash_;
  uint32_t next_;    // address of the buffer's first byte
  uint32_t erased_;  // end of the erased sectors
  uint32_t fill_;
  uint8_t buffer_[64];
};

}  // namespace software_update

#endif  // SOFTWARE_UPDATE_FLASH_WRITER_H_

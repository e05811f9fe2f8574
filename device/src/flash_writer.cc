#include "software_update/flash_writer.h"

#include <string.h>

namespace software_update {

void FlashWriter::begin(Flash* flash, uint32_t address) {
  flash_ = flash;
  next_ = address;
  erased_ = address;
  fill_ = 0;
}

bool FlashWriter::flush() {
  if (next_ == erased_) {
    if (!flash_->erase(erased_)) return false;
    erased_ += static_cast<uint32_t>(flash_->erase_unit());
  }
  if (!flash_->program(next_, buffer_, fill_)) return false;
  next_ += fill_;
  fill_ = 0;
  return true;
}

bool FlashWriter::write(Bytes bytes) {
  while (bytes.size > 0) {
    const size_t room = sizeof(buffer_) - fill_;
    const size_t part = bytes.size < room ? bytes.size : room;
    memcpy(buffer_ + fill_, bytes.data, part);
    fill_ += static_cast<uint32_t>(part);
    bytes = {bytes.data + part, bytes.size - part};
    if (fill_ == sizeof(buffer_) && !flush()) return false;
  }
  return true;
}

bool FlashWriter::finish() {
  if (fill_ == 0) return true;
  while (fill_ % flash_->program_unit() != 0) buffer_[fill_++] = 0xff;
  return flush();
}

}  // namespace software_update

// A view of bytes that someone else owns.

#ifndef SOFTWARE_UPDATE_BYTES_H_
#define SOFTWARE_UPDATE_BYTES_H_

#include <stddef.h>
#include <stdint.h>

namespace software_update {

// `size` bytes from `data` on. `data` may be null if `size` is 0.
struct Bytes {
  const uint8_t* data;
  size_t size;
};

}  // namespace software_update

#endif  // SOFTWARE_UPDATE_BYTES_H_

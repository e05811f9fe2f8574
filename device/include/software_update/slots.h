// The places of targets in a device's flash.

#ifndef SOFTWARE_UPDATE_SLOTS_H_
#define SOFTWARE_UPDATE_SLOTS_H_

#include <stdint.h>

namespace software_update {

// A target of the product and its two slots, A and B. A release goes into the ones that do not run.
struct Slot {
  const char* name;        // of the target
  uint32_t address[2];     // of A and B, each at the beginning of a sector
  uint32_t size;           // bytes of each
};

}  // namespace software_update

#endif  // SOFTWARE_UPDATE_SLOTS_H_

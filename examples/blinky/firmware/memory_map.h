// The places of everything in blinky's memory, for the bootloader and the application.
// APPLICATION_START and APPLICATION_BYTES come from the BUILD file, because the linker needs them
// as well.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "software_update/slots.h"

#ifdef __cplusplus
extern "C" {
#endif

// Flash: the journal, the data sectors, and two slots for each target of a release.
extern const struct software_update_places memory_map;

// The slots of the application and of the English messages in `memory_map.slot`.
enum { APPLICATION_SLOT, MESSAGES_SLOT };

// The bootloader tells the application this in the RAM that a restart keeps.
struct handoff {
  uint32_t flash_operations;  // since the power came on: see nor_flash.c
  const uint8_t *anchor;      // in the bootloader's ROM
  uint32_t anchor_bytes;
  uint8_t slot;     // that the bootloader has started: 0 is A, 1 is B
  bool in_factory;  // no slot contains an application yet
};
// From image.ld.
extern struct handoff handoff;

#ifdef __cplusplus
}
#endif

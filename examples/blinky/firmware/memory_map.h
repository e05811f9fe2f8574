// The places of everything in blinky's memory. APPLICATION_START and APPLICATION_BYTES come from the BUILD
// file, because the linker needs them as well.
#pragma once

#include "nor_flash.h"

enum {
  // Two slots for the application, A and B. The bootloader copies one to APPLICATION_START, and starts it.
  SLOT_BYTES = APPLICATION_BYTES,
  SLOT_A = FLASH_START,
  SLOT_B = SLOT_A + SLOT_BYTES,
};

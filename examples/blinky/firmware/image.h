// What the bootloader knows about the application's image.
//
// APPLICATION_START and APPLICATION_SIZE, its part of flash, come from the BUILD file.
#pragma once

#include "board.h"

#define IMAGE_MAGIC 0x594B4C42u  // "BLKY", as it lies in memory

// The first bytes of the application's image.
struct image_header {
  uint32_t magic;
  uint32_t version;
  uint32_t size;     // of the whole image, in bytes
  uint32_t vectors;  // the address of its vector table
};

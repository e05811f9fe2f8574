// The first bytes of the application's image, as the bootloader reads them.
#pragma once

#include <stdint.h>

#define IMAGE_MAGIC 0x594B4C42u  // "BLKY", as it lies in memory

struct image_header {
  uint32_t magic;
  uint32_t version;
  uint32_t size;     // of the whole image, in bytes
  uint32_t vectors;  // the address of its vector table
};

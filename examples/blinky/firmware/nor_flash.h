// The flash memory of blinky's board, which keeps its content without power.
//
// The real board has RAM there. The emulator keeps that RAM in a file, and this driver gives it the
// rules of NOR flash: erasing sets the bytes of a sector to 0xff, and a unit is programmed only
// once after that. It also cuts the power where the option `cut` says: see nor_flash.c.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
  FLASH_START = 0x21000000,
  FLASH_BYTES = 16 * 1024 * 1024,
  FLASH_END = FLASH_START + FLASH_BYTES,
  FLASH_SECTOR_BYTES = 4096,
  FLASH_UNIT_BYTES = 8,
};

// The functions return false if the address or size is not allowed, or a unit was not erased
// before.
bool flash_read(uint32_t address, void *bytes, size_t size);
bool flash_program(uint32_t address, const void *bytes, size_t size);
bool flash_erase(uint32_t address);
// The number of calls of `flash_program` and `flash_erase` since the power came on.
uint32_t flash_operations(void);

#ifdef __cplusplus
}
#endif

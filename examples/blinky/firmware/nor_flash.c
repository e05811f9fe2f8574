#include "nor_flash.h"

#include <string.h>

#include "memory_map.h"
#include "semihosting.h"

// RAM that keeps its content through a restart, and is 0 when the power comes on.
#define OPERATIONS handoff.flash_operations

// How far an operation gets. The option `cut=N:KIND` ends the N-th one (from 1): `before` it
// begins, in the middle (`torn`), or `after` it.
enum course { WHOLE, BEFORE, TORN, AFTER };

static enum course next_course(void) {
  OPERATIONS = OPERATIONS + 1;
  if (option_number("cut") != OPERATIONS) return WHOLE;
  const char *kind = strchr(option("cut"), ':');
  if (!kind || kind[1] == 'b') return BEFORE;
  return kind[1] == 't' ? TORN : AFTER;
}

uint32_t flash_operations(void) { return OPERATIONS; }

static bool is_inside(uint32_t address, size_t size) {
  return address >= FLASH_START && address <= FLASH_END && size <= FLASH_END - address;
}

bool flash_read(uint32_t address, void *bytes, size_t size) {
  if (!is_inside(address, size)) return false;
  memcpy(bytes, (const void *)address, size);
  return true;
}

bool flash_program(uint32_t address, const void *bytes, size_t size) {
  if (!is_inside(address, size) || address % FLASH_UNIT_BYTES || size % FLASH_UNIT_BYTES)
    return false;
  uint8_t *to = (uint8_t *)address;
  for (size_t i = 0; i < size; i++) {
    if (to[i] != 0xFF) return false;
  }
  const enum course course = next_course();
  if (course == BEFORE) power_off(EXIT_POWER_CUT);
  if (course == TORN) {
    // Half of the bytes, and of the next one the bits that went fast.
    memcpy(to, bytes, size / 2);
    to[size / 2] = ((const uint8_t *)bytes)[size / 2] | 0x5A;
    power_off(EXIT_POWER_CUT);
  }
  memcpy(to, bytes, size);
  if (course == AFTER) power_off(EXIT_POWER_CUT);
  return true;
}

bool flash_erase(uint32_t address) {
  if (!is_inside(address, FLASH_SECTOR_BYTES) || address % FLASH_SECTOR_BYTES) return false;
  const enum course course = next_course();
  if (course == BEFORE) power_off(EXIT_POWER_CUT);
  memset((void *)address, 0xFF, course == TORN ? FLASH_SECTOR_BYTES / 2 : FLASH_SECTOR_BYTES);
  if (course == TORN || course == AFTER) power_off(EXIT_POWER_CUT);
  return true;
}

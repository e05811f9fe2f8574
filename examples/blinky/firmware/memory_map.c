#include "memory_map.h"

#include "nor_flash.h"

enum {
  SECTOR = FLASH_SECTOR_BYTES,
  JOURNAL = FLASH_START,
  DATA = JOURNAL + 2 * SECTOR,
  ENGLISH = DATA + 2 * SECTOR,
  GERMAN = ENGLISH + 2 * SECTOR,
  LOGO = GERMAN + 2 * SECTOR,
  APPLICATION = LOGO + 2 * SECTOR,
};

static const struct software_update_slot slots[] = {
    [APPLICATION_SLOT] = {"application",
                          {APPLICATION, APPLICATION + APPLICATION_BYTES},
                          APPLICATION_BYTES},
    [MESSAGES_SLOT] = {"assets/messages.en.txt", {ENGLISH, ENGLISH + SECTOR}, SECTOR},
    {"assets/messages.de.txt", {GERMAN, GERMAN + SECTOR}, SECTOR},
    {"assets/logo.raw", {LOGO, LOGO + SECTOR}, SECTOR},
};

const struct software_update_places memory_map = {
    .journal = {JOURNAL, JOURNAL + SECTOR},
    .journal_bytes = SECTOR,
    .data = {DATA, DATA + SECTOR},
    .data_bytes = SECTOR,
    .slot = slots,
    .slots = sizeof slots / sizeof *slots,
};

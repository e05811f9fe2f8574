// Starts the application from the slot that the journal names.
#include <string.h>

#include "anchor.h"
#include "board.h"
#include "image.h"
#include "memory_map.h"
#include "nor_flash.h"
#include "semihosting.h"
#include "software_update/boot.h"

#define VECTOR_TABLE_OFFSET WORD_AT(0xE000ED08)

static void *const application = (void *)APPLICATION_START;

__attribute__((noreturn)) static void stop(const char *why) {
  print("bootloader: stopped: ");
  print(why);
  print("\n");
  power_off(EXIT_STOPPED);
}

void on_fault(void) { stop("a fault"); }

static bool read(void *context, uint32_t address, void *bytes, size_t size) {
  (void)context;
  return flash_read(address, bytes, size);
}

static bool program(void *context, uint32_t address, const void *bytes, size_t size) {
  (void)context;
  return flash_program(address, bytes, size);
}

static bool erase(void *context, uint32_t address) {
  (void)context;
  return flash_erase(address);
}

static const struct software_update_flash flash = {
    .read = read,
    .program = program,
    .erase = erase,
    .program_unit = FLASH_UNIT_BYTES,
    .erase_unit = FLASH_SECTOR_BYTES,
};

static const struct software_update_boot boot = {
    .state = &flash,
    .slots = &flash,
    .places = &memory_map,
    .sha256 = software_update_sha256_blocks,
};

static bool copy_from_slot(uint8_t slot) {
  const uint32_t *address = memory_map.slot[APPLICATION_SLOT].address;
  return flash_read(address[slot], application, APPLICATION_BYTES);
}

// Copies an application from a file, as a maker's programmer does over the debug port.
static bool copy_from_factory(void) {
  const char *name = option("factory");
  const int file = name ? file_open(name) : -1;
  if (file < 0) return false;
  const size_t size = file_read(file, application, APPLICATION_BYTES);
  file_close(file);
  return size > sizeof(struct image_header);
}

__attribute__((noreturn)) static void start(void) {
  const struct image_header *image = application;
  if (image->magic != IMAGE_MAGIC) stop("the application is not one of this board");
  if (image->vectors < APPLICATION_START || image->vectors >= APPLICATION_START + image->size)
    stop("the application's vector table is outside of it");
  VECTOR_TABLE_OFFSET = image->vectors;
  __asm__ volatile("msr msp, %0\n bx %1" ::"r"(WORD_AT(image->vectors)),
                   "r"(WORD_AT(image->vectors + 4)));
  __builtin_unreachable();
}

int main(void) {
  uart_init();
  print("bootloader: version ");
  print_number(BOOTLOADER_VERSION);
  print("\n");
  handoff.anchor = anchor;
  handoff.anchor_bytes = (uint32_t)(anchor_end - anchor);

  const struct software_update_decision decision = software_update_boot_decision(&boot);
  // Version 0: no release was ever confirmed, so nothing says what the slots contain.
  if (decision.start && decision.version && copy_from_slot(decision.slot)) {
    print(decision.trial ? "bootloader: trying version " : "bootloader: starting version ");
    print_number(decision.version);
    print(decision.slot ? " in slot B\n" : " in slot A\n");
    handoff.slot = decision.slot;
    handoff.in_factory = false;
  } else if (copy_from_factory()) {
    print("bootloader: starting the factory's application\n");
    handoff.slot = decision.slot;
    handoff.in_factory = true;
  } else {
    stop("no slot contains an application that may start");
  }
  start();
}

// Starts the application, if there is one.
#include <string.h>

#include "board.h"
#include "image.h"
#include "memory_map.h"
#include "semihosting.h"

#define VECTOR_TABLE_OFFSET WORD_AT(0xE000ED08)

void on_fault(void) { power_off(EXIT_STOPPED); }

// Why the image in a slot cannot be started, or 0.
static const char *fault_of(const struct image_header *image) {
  if (image->magic != IMAGE_MAGIC) return "no application";
  if (image->size > APPLICATION_BYTES) return "the application is larger than its slot";
  if (image->vectors < APPLICATION_START || image->vectors >= APPLICATION_START + image->size)
    return "the application's vector table is outside of it";
  return 0;
}

__attribute__((noreturn)) static void start(uint32_t vectors) {
  VECTOR_TABLE_OFFSET = vectors;
  __asm__ volatile("msr msp, %0\n bx %1" ::"r"(WORD_AT(vectors)), "r"(WORD_AT(vectors + 4)));
  __builtin_unreachable();
}

int main(void) {
  uart_init();
  print("bootloader: version ");
  print_number(BOOTLOADER_VERSION);
  print("\n");

  struct image_header image;
  flash_read(SLOT_A, &image, sizeof image);
  const char *fault = fault_of(&image);
  if (fault) {
    print("bootloader: stopped: ");
    print(fault);
    print("\n");
    power_off(EXIT_STOPPED);
  }
  flash_read(SLOT_A, (void *)APPLICATION_START, image.size);
  print("bootloader: starting version ");
  print_number(image.version);
  print("\n");
  start(image.vectors);
}

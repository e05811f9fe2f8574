// Starts the application, if there is one.
#include "image.h"

#define VECTOR_TABLE_OFFSET WORD_AT(0xE000ED08)

// Why the image in the application's part of flash cannot be started, or 0.
static const char *fault_of(const struct image_header *image) {
  if (image->magic != IMAGE_MAGIC) return "no application";
  if (image->size > APPLICATION_SIZE) return "the application is larger than its part of flash";
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

  const struct image_header *image = (const struct image_header *)APPLICATION_START;
  const char *fault = fault_of(image);
  if (fault) {
    print("bootloader: stopped: ");
    print(fault);
    print("\n");
    return 1;
  }
  print("bootloader: starting version ");
  print_number(image->version);
  print("\n");
  start(image->vectors);
}

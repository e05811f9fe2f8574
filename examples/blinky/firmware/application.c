// Says its version, then blinks.
#include "image.h"

// From flash.ld.
extern char image_size[], vector_table[];

__attribute__((section(".image_header"), used)) static const struct image_header header = {
    .magic = IMAGE_MAGIC,
    .version = VERSION,
    .size = (uint32_t)image_size,
    .vectors = (uint32_t)vector_table,
};

int main(void) {
  uart_init();
  print("blinky: version ");
  print_number(VERSION);
  print("\n");

  led_init();
  tick_init();
  for (uint32_t blinks = 1;; blinks++) {
    led_set(1);
    wait_for_tick();
    led_set(0);
    wait_for_tick();
    print("blinky: blink ");
    print_number(blinks);
    print("\n");
  }
}

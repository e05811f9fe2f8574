// Says its version, then blinks.
#include "board.h"
#include "image.h"
#include "semihosting.h"

// From image.ld.
extern char image_size[], vector_table[];

__attribute__((section(".image_header"), used)) static const struct image_header header = {
    .magic = IMAGE_MAGIC,
    .version = VERSION,
    .size = (uint32_t)image_size,
    .vectors = (uint32_t)vector_table,
};

void on_fault(void) { restart(); }

int main(void) {
  uart_init();
  print("blinky: version ");
  print_number(VERSION);
  print("\n");

  tick_init();
  const uint32_t last = option_number("blinks");
  for (uint32_t blinks = 1;; blinks++) {
    led_set(1);
    wait();
    led_set(0);
    wait();
    print("blinky: blink ");
    print_number(blinks);
    print("\n");
    if (blinks == last) power_off(EXIT_DONE);
  }
}

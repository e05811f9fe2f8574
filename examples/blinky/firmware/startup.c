// What runs before main: the vector table, and memory as C expects it.
#include "board.h"

// From flash.ld.
extern uint32_t data_start[], data_end[], data_in_flash[], bss_start[], bss_end[], stack_top[];

int main(void);

static void on_reset(void) {
  const uint32_t *from = data_in_flash;
  for (uint32_t *to = data_start; to < data_end;) *to++ = *from++;
  for (uint32_t *to = bss_start; to < bss_end;) *to++ = 0;
  main();
  for (;;) {
  }
}

// Stops where a debugger finds it.
static void on_fault(void) {
  for (;;) {
  }
}

// Its coming is enough: it ends the wait.
static void on_tick(void) {}

union vector {
  uint32_t *stack;
  void (*handler)(void);
};

__attribute__((section(".vectors"), used)) static const union vector vectors[16] = {
    {.stack = stack_top},   {.handler = on_reset},  {.handler = on_fault},
    {.handler = on_fault},  {.handler = on_fault},  {.handler = on_fault},
    {.handler = on_fault},  {0},                    {0},
    {0},                    {0},                    {.handler = on_fault},
    {.handler = on_fault},  {0},                    {.handler = on_fault},
    {.handler = on_tick},
};

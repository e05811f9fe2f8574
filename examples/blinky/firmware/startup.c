// What runs before main: the vector table, and memory as C expects it.
#include "board.h"

// From image.ld.
extern uint32_t data_start[], data_end[], data_in_image[], bss_start[], bss_end[], stack_top[];

int main(void);
// From board.c.
void on_tick(void);
void on_uart_received(void);

static void on_reset(void) {
  const uint32_t *from = data_in_image;
  for (uint32_t *to = data_start; to < data_end;) *to++ = *from++;
  for (uint32_t *to = bss_start; to < bss_end;) *to++ = 0;
  main();
  for (;;) {
  }
}

// Where each handler is in the vector table of a Cortex-M3. The chip's own interrupts begin at 16.
enum {
  STACK,
  RESET,
  NMI,
  HARD_FAULT,
  MEMORY_FAULT,
  BUS_FAULT,
  USAGE_FAULT,
  SUPERVISOR_CALL = 11,
  DEBUG_MONITOR,
  PENDING_CALL = 14,
  TICK,
  UART0_RECEIVED,
};

union vector {
  uint32_t *stack;
  void (*handler)(void);
};

__attribute__((section(".vectors"), used)) static const union vector vectors[] = {
    [STACK] = {.stack = stack_top},          [RESET] = {.handler = on_reset},
    [NMI] = {.handler = on_fault},           [HARD_FAULT] = {.handler = on_fault},
    [MEMORY_FAULT] = {.handler = on_fault},  [BUS_FAULT] = {.handler = on_fault},
    [USAGE_FAULT] = {.handler = on_fault},   [SUPERVISOR_CALL] = {.handler = on_fault},
    [DEBUG_MONITOR] = {.handler = on_fault}, [PENDING_CALL] = {.handler = on_fault},
    [TICK] = {.handler = on_tick},           [UART0_RECEIVED] = {.handler = on_uart_received},
};

#include "board.h"

#define UART_DATA WORD_AT(0x40004000)
#define UART_STATE WORD_AT(0x40004004)
#define UART_CONTROL WORD_AT(0x40004008)
#define UART_INTERRUPT WORD_AT(0x4000400C)
#define UART_DIVIDER WORD_AT(0x40004010)
#define UART_TRANSMIT_FULL (1u << 0)
#define UART_RECEIVED (1u << 1)
#define UART_TRANSMIT_RECEIVE_AND_INTERRUPT ((1u << 0) | (1u << 1) | (1u << 3))
#define UART_INTERRUPT_RECEIVED (1u << 1)

#define LEDS WORD_AT(0x40028000)

#define SYSTICK_CONTROL WORD_AT(0xE000E010)
#define SYSTICK_RELOAD WORD_AT(0xE000E014)
#define SYSTICK_VALUE WORD_AT(0xE000E018)
#define SYSTICK_ON_WITH_INTERRUPT 7u

#define INTERRUPT_ENABLE WORD_AT(0xE000E100)
#define INTERRUPT_UART0_RECEIVED (1u << 0)
#define RESET_CONTROL WORD_AT(0xE000ED0C)
#define RESET_REQUEST 0x05FA0004u

#define CLOCK_HZ 25000000u
#define BAUD 115200u

void uart_init(void) {
  UART_DIVIDER = CLOCK_HZ / BAUD;
  UART_CONTROL = UART_TRANSMIT_RECEIVE_AND_INTERRUPT;
  UART_INTERRUPT = UART_INTERRUPT_RECEIVED;
}

void uart_write(const void *bytes, size_t size) {
  const unsigned char *each = bytes;
  for (; size; size--) {
    while (UART_STATE & UART_TRANSMIT_FULL) {
    }
    UART_DATA = *each++;
  }
}

int uart_read(void) { return UART_STATE & UART_RECEIVED ? (int)(UART_DATA & 0xFF) : -1; }

void print(const char *text) {
  for (; *text; text++) {
    if (*text == '\n') uart_write("\r", 1);
    uart_write(text, 1);
  }
}

void print_number(uint32_t number) {
  char digits[11];
  char *first = &digits[10];
  *first = '\0';
  do {
    *--first = (char)('0' + number % 10);
    number /= 10;
  } while (number);
  print(first);
}

void led_set(int on) { LEDS = on ? 1 : 0; }

static volatile uint32_t ticks_so_far;

void on_tick(void) { ticks_so_far++; }

uint32_t ticks(void) { return ticks_so_far; }

// Its coming is enough: it ends the wait.
void on_uart_received(void) { UART_INTERRUPT = UART_INTERRUPT_RECEIVED; }

void tick_init(void) {
  SYSTICK_RELOAD = CLOCK_HZ / 4 - 1;
  SYSTICK_VALUE = 0;
  SYSTICK_CONTROL = SYSTICK_ON_WITH_INTERRUPT;
  INTERRUPT_ENABLE = INTERRUPT_UART0_RECEIVED;
}

void wait(void) {
  // Interrupts are off in between, so that a byte that comes after the question still ends the
  // wait.
  __asm__ volatile("cpsid i");
  if (!(UART_STATE & UART_RECEIVED)) __asm__ volatile("wfi");
  __asm__ volatile("cpsie i");
}

void restart(void) {
  __asm__ volatile("dsb");
  RESET_CONTROL = RESET_REQUEST;
  for (;;) {
  }
}

#include "board.h"

// System control: which peripherals have a clock.
#define CLOCK_GATE_1 WORD_AT(0x400FE104)
#define CLOCK_GATE_2 WORD_AT(0x400FE108)
#define CLOCK_UART0 (1u << 0)
#define CLOCK_PORT_A (1u << 0)
#define CLOCK_PORT_F (1u << 5)

#define UART_DATA WORD_AT(0x4000C000)
#define UART_FLAGS WORD_AT(0x4000C018)
#define UART_BAUD_INTEGER WORD_AT(0x4000C024)
#define UART_BAUD_FRACTION WORD_AT(0x4000C028)
#define UART_LINE WORD_AT(0x4000C02C)
#define UART_CONTROL WORD_AT(0x4000C030)
#define UART_TRANSMIT_FULL (1u << 5)
#define UART_8_BITS_FIFO (7u << 4)
#define UART_ENABLE_TRANSMIT ((1u << 0) | (1u << 8))

#define PORT_A_ALTERNATE WORD_AT(0x40004420)
#define PORT_A_DIGITAL WORD_AT(0x4000451C)
#define PORT_A_UART0 (3u << 0)

// Address bits 2 to 9 of a port's data select the pins: this is only pin 0, the status LED.
#define PORT_F_PIN_0 WORD_AT(0x40025004)
#define PORT_F_DIRECTION WORD_AT(0x40025400)
#define PORT_F_DIGITAL WORD_AT(0x4002551C)
#define PORT_F_LED (1u << 0)

#define SYSTICK_CONTROL WORD_AT(0xE000E010)
#define SYSTICK_RELOAD WORD_AT(0xE000E014)
#define SYSTICK_VALUE WORD_AT(0xE000E018)
#define SYSTICK_ON_WITH_INTERRUPT 7u

// The internal oscillator, on which the chip starts. Too inexact for a real serial line: a
// product would start the crystal first.
#define CLOCK_HZ 12000000u
#define BAUD 115200u

void uart_init(void) {
  CLOCK_GATE_1 |= CLOCK_UART0;
  CLOCK_GATE_2 |= CLOCK_PORT_A;
  PORT_A_ALTERNATE |= PORT_A_UART0;
  PORT_A_DIGITAL |= PORT_A_UART0;
  const uint32_t sixty_fourths = (CLOCK_HZ * 4 + BAUD / 2) / BAUD;
  UART_BAUD_INTEGER = sixty_fourths / 64;
  UART_BAUD_FRACTION = sixty_fourths % 64;
  UART_LINE = UART_8_BITS_FIFO;
  UART_CONTROL = UART_ENABLE_TRANSMIT;
}

static void print_character(char character) {
  while (UART_FLAGS & UART_TRANSMIT_FULL) {
  }
  UART_DATA = (unsigned char)character;
}

void print(const char *text) {
  for (; *text; text++) {
    if (*text == '\n') print_character('\r');
    print_character(*text);
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

void led_init(void) {
  CLOCK_GATE_2 |= CLOCK_PORT_F;
  PORT_F_DIRECTION |= PORT_F_LED;
  PORT_F_DIGITAL |= PORT_F_LED;
}

void led_set(int on) { PORT_F_PIN_0 = on ? PORT_F_LED : 0; }

void tick_init(void) {
  SYSTICK_RELOAD = CLOCK_HZ / 4 - 1;
  SYSTICK_VALUE = 0;
  SYSTICK_CONTROL = SYSTICK_ON_WITH_INTERRUPT;
}

void wait_for_tick(void) { __asm__ volatile("wfi"); }

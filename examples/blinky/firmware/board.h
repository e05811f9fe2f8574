// The few parts of the LM3S6965 evaluation board that blinky uses.
#pragma once

// The compiler's own type: with this, the firmware needs no C library at all, not even its headers.
typedef __UINT32_TYPE__ uint32_t;

// A register, or a word of flash, at a fixed address.
#define WORD_AT(address) (*(volatile uint32_t *)(address))

// Makes UART0 (115200 baud) ready.
void uart_init(void);
void print(const char *text);
void print_number(uint32_t number);

void led_init(void);
void led_set(int on);

// Makes an interrupt come every 250 ms, which ends `wait_for_tick`.
void tick_init(void);
void wait_for_tick(void);

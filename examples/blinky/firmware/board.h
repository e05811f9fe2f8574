// The few parts of Arm's MPS2 board with the AN385 image (a Cortex-M3) that blinky uses.
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// A register, or a word of memory, at a fixed address.
#define WORD_AT(address) (*(volatile uint32_t *)(address))

// Makes UART0 (115200 baud) ready.
void uart_init(void);
void print(const char *text);
void print_number(uint32_t number);
void uart_write(const void *bytes, size_t size);
// The next byte that UART0 received, or -1 if there is none.
int uart_read(void);

void led_set(int on);

// Makes an interrupt come every 250 ms. `wait` ends with it, or when UART0 has received a byte.
void tick_init(void);
void wait(void);
// The number of ticks since `tick_init`.
uint32_t ticks(void);

// Restarts the chip: the bootloader runs next.
__attribute__((noreturn)) void restart(void);

// Each program has its own: it runs after a fault, such as an access to memory that does not exist.
__attribute__((noreturn)) void on_fault(void);

#ifdef __cplusplus
}
#endif

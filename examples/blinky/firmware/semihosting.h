// Files and options of the machine that runs the emulator (Arm's semihosting): they stand for a
// radio, a memory card, and the person who pulls the plug.
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// The end of the emulator's process.
enum exit_status {
  EXIT_DONE = 0,
  EXIT_STOPPED = 1,    // the program cannot go on
  EXIT_POWER_CUT = 3,  // asked for by the option `cut`
};

// The text after `name=` in the emulator's command line, up to the next space, or 0 if it is not
// there. It is valid until the next call.
const char *option(const char *name);
// The same as a number, 0 without it.
uint32_t option_number(const char *name);

// Opens a file for reading. Returns a handle, or -1.
int file_open(const char *name);
uint32_t file_size(int file);
// Reads at most `size` bytes from where the last call ended, and returns how many.
size_t file_read(int file, void *bytes, size_t size);
void file_close(int file);

// Switches the machine off.
__attribute__((noreturn)) void power_off(enum exit_status status);

#ifdef __cplusplus
}
#endif

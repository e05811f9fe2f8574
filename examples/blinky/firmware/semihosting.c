#include "semihosting.h"

#include <string.h>

// Numbers of operations: "Semihosting for AArch32 and AArch64", 2.0.
enum {
  SYS_OPEN = 0x01,
  SYS_CLOSE = 0x02,
  SYS_READ = 0x06,
  SYS_FLEN = 0x0C,
  SYS_GET_CMDLINE = 0x15,
  SYS_EXIT_EXTENDED = 0x20,
};

#define OPEN_TO_READ_BYTES 1u
#define APPLICATION_EXIT 0x20026u

static int call(int number, const void *arguments) {
  register int operation __asm__("r0") = number;
  register const void *block __asm__("r1") = arguments;
  __asm__ volatile("bkpt 0xAB" : "+r"(operation) : "r"(block) : "memory");
  return operation;
}

const char *option(const char *name) {
  static char line[256];
  const uint32_t block[] = {(uint32_t)line, sizeof line};
  if (call(SYS_GET_CMDLINE, block) != 0) return 0;
  const size_t length = strlen(name);
  char *word = line;
  while (word) {
    char *next = strchr(word, ' ');
    if (next) *next++ = '\0';
    if (strncmp(word, name, length) == 0 && word[length] == '=') return word + length + 1;
    word = next;
  }
  return 0;
}

uint32_t option_number(const char *name) {
  const char *text = option(name);
  uint32_t number = 0;
  for (; text && *text >= '0' && *text <= '9'; text++)
    number = number * 10 + (uint32_t)(*text - '0');
  return number;
}

int file_open(const char *name) {
  const uint32_t block[] = {(uint32_t)name, OPEN_TO_READ_BYTES, strlen(name)};
  return call(SYS_OPEN, block);
}

uint32_t file_size(int file) {
  const uint32_t block[] = {(uint32_t)file};
  return (uint32_t)call(SYS_FLEN, block);
}

size_t file_read(int file, void *bytes, size_t size) {
  const uint32_t block[] = {(uint32_t)file, (uint32_t)bytes, size};
  // The operation returns how many bytes are missing.
  return size - (size_t)call(SYS_READ, block);
}

void file_close(int file) {
  const uint32_t block[] = {(uint32_t)file};
  call(SYS_CLOSE, block);
}

void power_off(enum exit_status status) {
  const uint32_t block[] = {APPLICATION_EXIT, status};
  call(SYS_EXIT_EXTENDED, block);
  for (;;) {
  }
}

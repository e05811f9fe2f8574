// The functions of <string.h> that the compiler and the programs call: there is no C library here.
#include <string.h>

void *memcpy(void *restrict to, const void *restrict from, size_t size) {
  unsigned char *destination = to;
  const unsigned char *source = from;
  while (size--) *destination++ = *source++;
  return to;
}

void *memmove(void *to, const void *from, size_t size) {
  unsigned char *destination = to;
  const unsigned char *source = from;
  if (destination < source) {
    while (size--) *destination++ = *source++;
  } else {
    while (size--) destination[size] = source[size];
  }
  return to;
}

void *memset(void *to, int value, size_t size) {
  unsigned char *destination = to;
  while (size--) *destination++ = (unsigned char)value;
  return to;
}

int memcmp(const void *one, const void *other, size_t size) {
  const unsigned char *a = one, *b = other;
  for (; size; size--, a++, b++) {
    if (*a != *b) return *a < *b ? -1 : 1;
  }
  return 0;
}

size_t strlen(const char *text) {
  size_t length = 0;
  while (text[length]) length++;
  return length;
}

int strncmp(const char *one, const char *other, size_t size) {
  for (; size; size--, one++, other++) {
    if (*one != *other) return (unsigned char)*one < (unsigned char)*other ? -1 : 1;
    if (!*one) break;
  }
  return 0;
}

char *strchr(const char *text, int character) {
  for (; *text != (char)character; text++) {
    if (!*text) return 0;
  }
  return (char *)text;
}

#include "device/target/semihosting.h"

#include <string.h>

namespace software_update {
namespace target {
namespace {

enum Operation : uint32_t {
  kOpen = 0x01,
  kClose = 0x02,
  kWrite0 = 0x04,
  kRead = 0x06,
  kSeek = 0x0a,
  kFileLength = 0x0c,
  kGetCommandLine = 0x15,
  kExitExtended = 0x20,
};

constexpr uint32_t kOpenBinaryForReading = 1;
constexpr uint32_t kApplicationExit = 0x20026;

uint32_t call(Operation operation, const void* arguments) {
  register uint32_t r0 __asm__("r0") = operation;
  register const void* r1 __asm__("r1") = arguments;
  __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
  return r0;
}

uint32_t word(const void* pointer) {
  return static_cast<uint32_t>(reinterpret_cast<uintptr_t>(pointer));
}

}  // namespace

bool command_line(char* line, size_t size) {
  const uint32_t arguments[] = {word(line), static_cast<uint32_t>(size)};
  return call(kGetCommandLine, arguments) == 0;
}

void print(const char* text) { call(kWrite0, text); }

void print_number(uint32_t number) {
  char digits[11];
  char* first = digits + sizeof digits - 1;
  *first = 0;
  do {
    *--first = static_cast<char>('0' + number % 10);
    number /= 10;
  } while (number != 0);
  print(first);
}

void end(uint32_t status) {
  const uint32_t arguments[] = {kApplicationExit, status};
  call(kExitExtended, arguments);
  for (;;) {
  }
}

File::File(const char* path) {
  const uint32_t arguments[] = {word(path), kOpenBinaryForReading,
                                static_cast<uint32_t>(strlen(path))};
  handle_ = call(kOpen, arguments);
}

File::~File() {
  if (is_open()) call(kClose, &handle_);
}

size_t File::size() const {
  const uint32_t length = call(kFileLength, &handle_);
  return length == 0xffffffff ? 0 : length;
}

size_t File::read(void* bytes, size_t size) {
  const uint32_t arguments[] = {handle_, word(bytes), static_cast<uint32_t>(size)};
  // The answer is the number of bytes that were not read.
  return size - call(kRead, arguments);
}

void File::seek(size_t offset) {
  const uint32_t arguments[] = {handle_, static_cast<uint32_t>(offset)};
  call(kSeek, arguments);
}

}  // namespace target
}  // namespace software_update

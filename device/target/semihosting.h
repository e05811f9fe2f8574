// Arm semihosting: a test program on QEMU reads files of the host and writes to its console.
//
// Source: Arm, "Semihosting for AArch32 and AArch64", release 2.0, section 7.

#ifndef SOFTWARE_UPDATE_TARGET_SEMIHOSTING_H_
#define SOFTWARE_UPDATE_TARGET_SEMIHOSTING_H_

#include <stddef.h>
#include <stdint.h>

namespace software_update {
namespace target {

// Copies the command line into `line`, with a zero at its end. Returns false if it does not fit.
bool command_line(char* line, size_t size);

// Writes the text to the console.
void print(const char* text);

// Writes the number to the console, in decimal digits.
void print_number(uint32_t number);

// Ends QEMU with this exit status.
[[noreturn]] void end(uint32_t status);

// A file of the host, opened for reading.
class File {
 public:
  explicit File(const char* path);
  ~File();
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  // Says whether the file could be opened.
  bool is_open() const { return handle_ != kNone; }
  // Returns the length in bytes, 0 if it is unknown.
  size_t size() const;
  // Reads up to `size` bytes from the current place. Returns how many there were.
  size_t read(void* bytes, size_t size);
  // Moves the place of the next read to `offset` bytes from the start.
  void seek(size_t offset);

 private:
  static constexpr uint32_t kNone = 0xffffffff;
  uint32_t handle_;
};

}  // namespace target
}  // namespace software_update

#endif  // SOFTWARE_UPDATE_TARGET_SEMIHOSTING_H_

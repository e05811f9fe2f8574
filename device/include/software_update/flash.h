// Flash memory as a product's driver presents it: five functions.

#ifndef SOFTWARE_UPDATE_FLASH_H_
#define SOFTWARE_UPDATE_FLASH_H_

#include <stddef.h>
#include <stdint.h>

namespace software_update {

// NOR flash: erasing a sector sets its bytes to 0xff, and each program unit is programmed at most
// once after that. Addresses are the driver's own; testing/flash_check.h tests a driver.
class Flash {
 public:
  // Reads `size` bytes at `address`. Returns false if the hardware reports a fault.
  virtual bool read(uint32_t address, void* bytes, size_t size) = 0;
  // Programs `size` bytes at `address`, both multiples of `program_unit`. Returns false if it
  // failed.
  virtual bool program(uint32_t address, const void* bytes, size_t size) = 0;
  // Erases the sector of `erase_unit` bytes at `address`. Returns false if it failed.
  virtual bool erase(uint32_t address) = 0;
  // The smallest number of bytes that can be programmed: 1 to 32, a power of two.
  virtual size_t program_unit() const = 0;
  // The size of a sector in bytes.
  virtual size_t erase_unit() const = 0;

 protected:
  ~Flash() = default;
};

}  // namespace software_update

#endif  // SOFTWARE_UPDATE_FLASH_H_

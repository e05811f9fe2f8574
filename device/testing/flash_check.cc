#include "testing/flash_check.h"

#include <string.h>

namespace software_update {
namespace {

constexpr size_t kMaxUnit = 32;
// As many bytes as the library programs at once.
constexpr size_t kBurst = 64;

// A byte of the test's content, never 0xff.
uint8_t content_at(size_t place, uint8_t seed) {
  return static_cast<uint8_t>((place * 7 + seed) % 251);
}

class Bench {
 public:
  Bench(Flash* flash, uint32_t address)
      : flash_(flash),
        first_(address),
        second_(address + static_cast<uint32_t>(flash->erase_unit())),
        unit_(flash->program_unit()) {}

  uint32_t first() const { return first_; }
  uint32_t second() const { return second_; }
  uint32_t last_unit() const { return second_ - static_cast<uint32_t>(unit_); }
  size_t unit() const { return unit_; }

  bool erase_both() { return flash_->erase(first_) && flash_->erase(second_); }
  bool erase(uint32_t sector) { return flash_->erase(sector); }

  // Programs test content, from a buffer at an odd address.
  bool program(uint32_t address, size_t size, uint8_t seed) {
    alignas(8) uint8_t bytes[kBurst + 1];
    for (size_t at = 0; at < size; ++at) {
      bytes[1 + at] = content_at(at, seed);
    }
    return flash_->program(address, bytes + 1, size);
  }

  bool has_content(uint32_t address, size_t size, uint8_t seed) {
    uint8_t bytes[kBurst];
    if (!flash_->read(address, bytes, size)) {
      return false;
    }
    for (size_t at = 0; at < size; ++at) {
      if (bytes[at] != content_at(at, seed)) {
        return false;
      }
    }
    return true;
  }

  bool is_erased(uint32_t from, uint32_t to) {
    for (uint32_t at = from; at < to; at += static_cast<uint32_t>(kBurst)) {
      uint8_t bytes[kBurst];
      const size_t size = to - at < kBurst ? to - at : kBurst;
      if (!flash_->read(at, bytes, size)) {
        return false;
      }
      for (size_t byte = 0; byte < size; ++byte) {
        if (bytes[byte] != 0xff) {
          return false;
        }
      }
    }
    return true;
  }

  // Whether reads of any place and size in a programmed burst return its bytes.
  bool reads_any_range(uint32_t address, uint8_t seed) {
    uint8_t bytes[kBurst + 2];
    for (size_t start = 0; start < 9; ++start) {
      for (size_t size = 1; size < 9; ++size) {
        memset(bytes, 0xa5, sizeof(bytes));
        if (!flash_->read(address + static_cast<uint32_t>(start), bytes + 1, size)) {
          return false;
        }
        for (size_t at = 0; at < size; ++at) {
          if (bytes[1 + at] != content_at(start + at, seed)) {
            return false;
          }
        }
        if (bytes[0] != 0xa5 || bytes[1 + size] != 0xa5) {
          return false;
        }
      }
    }
    return true;
  }

 private:
  Flash* flash_;
  uint32_t first_;
  uint32_t second_;
  size_t unit_;
};

const char* check_units(const Flash& flash) {
  const size_t unit = flash.program_unit();
  if (unit == 0 || unit > kMaxUnit || (unit & (unit - 1)) != 0) {
    return "program_unit is a power of two from 1 to 32";
  }
  const size_t sector = flash.erase_unit();
  if (sector < 4 * kBurst || sector % kBurst != 0) {
    return "erase_unit is a multiple of 64, and 256 or more";
  }
  return nullptr;
}

const char* check_one_unit(Bench* bench) {
  const uint32_t unit = static_cast<uint32_t>(bench->unit());
  if (!bench->erase_both()) {
    return "erase returns true if it succeeds";
  }
  if (!bench->is_erased(bench->first(), bench->second())) {
    return "an erased sector reads 0xff";
  }
  if (!bench->program(bench->first() + unit, unit, 1)) {
    return "program returns true if it succeeds";
  }
  if (!bench->has_content(bench->first() + unit, unit, 1)) {
    return "a programmed unit reads back";
  }
  if (!bench->is_erased(bench->first(), bench->first() + unit) ||
      !bench->is_erased(bench->first() + 2 * unit, bench->second())) {
    return "program changes no other bytes";
  }
  if (!bench->program(bench->first(), unit, 2) || !bench->has_content(bench->first(), unit, 2) ||
      !bench->has_content(bench->first() + unit, unit, 1)) {
    return "neighbouring units are programmed one after the other";
  }
  return nullptr;
}

const char* check_ends(Bench* bench) {
  const size_t unit = bench->unit();
  if (!bench->program(bench->last_unit(), unit, 3) ||
      !bench->has_content(bench->last_unit(), unit, 3)) {
    return "the last unit of a sector is programmed";
  }
  if (!bench->is_erased(bench->second(), bench->second() + static_cast<uint32_t>(kBurst))) {
    return "the next sector does not change";
  }
  if (!bench->program(bench->second(), kBurst, 4) ||
      !bench->has_content(bench->second(), kBurst, 4)) {
    return "64 bytes are programmed at once";
  }
  return bench->reads_any_range(bench->second(), 4)
             ? nullptr
             : "read returns bytes from any address, of any number";
}

const char* check_erase(Bench* bench) {
  const size_t unit = bench->unit();
  if (!bench->erase(bench->first()) || !bench->is_erased(bench->first(), bench->second())) {
    return "erase clears a programmed sector";
  }
  if (!bench->has_content(bench->second(), kBurst, 4)) {
    return "erase changes no other sector";
  }
  if (!bench->program(bench->last_unit(), unit, 5) || !bench->erase(bench->second()) ||
      !bench->has_content(bench->last_unit(), unit, 5)) {
    return "erase does not change the sector before";
  }
  for (uint8_t round = 0; round < 3; ++round) {
    if (!bench->erase(bench->first()) || !bench->program(bench->first(), kBurst, round) ||
        !bench->has_content(bench->first(), kBurst, round)) {
      return "a sector is programmed again after each erase";
    }
  }
  return nullptr;
}

}  // namespace

const char* flash_check(Flash* flash, uint32_t address) {
  const char* broken = check_units(*flash);
  if (broken != nullptr) {
    return broken;
  }
  Bench bench(flash, address);
  constexpr const char* (*kChecks[])(Bench*) = {check_one_unit, check_ends, check_erase};
  for (const auto check : kChecks) {
    if (broken == nullptr) {
      broken = check(&bench);
    }
  }
  if (!bench.erase_both() && broken == nullptr) {
    broken = "erase returns true if it succeeds";
  }
  return broken;
}

}  // namespace software_update

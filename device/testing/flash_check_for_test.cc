// Drivers for Python to check: good ones, and one for each bug.

#include <string.h>

#include "testing/flash_check.h"
#include "testing/flash_model.h"

namespace {

using namespace software_update;

constexpr uint32_t kSector = 1024;
constexpr uint32_t kStart = kSector;

enum class Bug : int {
  kNone,
  kUnitOfThree,
  kUnitTooLarge,
  kSectorTooSmall,
  kEraseFails,
  kErasesToZero,
  kProgramFails,
  kProgramDoesNothing,
  kProgramTouchesNext,
  kProgramTouchesBefore,
  kIgnoresAddressInSector,
  kSmearsOverTheSector,
  kProgramsOneUnitAtMost,
  kReadsWholeWordsOnly,
  kReadsTooMuch,
  kEraseDoesNothing,
  kErasesNextSector,
  kErasesSectorBefore,
  kNeedsAlignedSource,
  kReadFails,
  kErasesOnce,
};

// Flash in memory whose driver has a bug.
class Driver : public Flash {
 public:
  Driver(Bug bug, size_t unit) : bug_(bug), unit_(unit) { memset(bytes_, 0, sizeof(bytes_)); }

  bool read(uint32_t address, void* bytes, size_t size) override {
    if (bug_ == Bug::kReadFails && size == 1) return false;
    if (bug_ == Bug::kReadsWholeWordsOnly) address &= ~3u;
    memcpy(bytes, bytes_ + address, bug_ == Bug::kReadsTooMuch && size % 2 != 0 ? size + 1 : size);
    return true;
  }

  bool program(uint32_t address, const void* bytes, size_t size) override {
    if (bug_ == Bug::kProgramFails) return false;
    if (bug_ == Bug::kProgramDoesNothing) return true;
    const uint8_t* from = static_cast<const uint8_t*>(bytes);
    if (bug_ == Bug::kNeedsAlignedSource) from -= reinterpret_cast<uintptr_t>(from) % 4;
    if (bug_ == Bug::kProgramsOneUnitAtMost && size > unit_) size = unit_;
    if (bug_ == Bug::kIgnoresAddressInSector && address % kSector > unit_) {
      address += static_cast<uint32_t>(unit_);
    }
    for (size_t at = 0; at < size; ++at) {
      bytes_[address + at] &= from[at];
    }
    if (bug_ == Bug::kProgramTouchesNext) bytes_[address + size] = 0;
    if (bug_ == Bug::kProgramTouchesBefore) bytes_[address - 1] = 0;
    if (bug_ == Bug::kSmearsOverTheSector && (address + size) % kSector == 0) {
      bytes_[address + size] = 0;
    }
    return true;
  }

  bool erase(uint32_t address) override {
    ++erases_;
    if (bug_ == Bug::kEraseFails) return false;
    if (bug_ == Bug::kEraseDoesNothing && erases_ > 2) return true;
    if (bug_ == Bug::kErasesOnce && erases_ > 4) return true;
    memset(bytes_ + address, bug_ == Bug::kErasesToZero ? 0 : 0xff, kSector);
    if (bug_ == Bug::kErasesNextSector) memset(bytes_ + address + kSector, 0xff, kSector);
    if (bug_ == Bug::kErasesSectorBefore && erases_ > 2) {
      memset(bytes_ + address - kSector, 0xff, kSector);
    }
    return true;
  }

  size_t program_unit() const override {
    if (bug_ == Bug::kUnitOfThree) return 3;
    return bug_ == Bug::kUnitTooLarge ? 64 : unit_;
  }
  size_t erase_unit() const override { return bug_ == Bug::kSectorTooSmall ? 128 : kSector; }

 private:
  Bug bug_;
  size_t unit_;
  int erases_ = 0;
  uint8_t bytes_[5 * kSector];
};

template <uint32_t kUnit, bool kEcc>
const char* check_model() {
  static FlashModelOf<4 * kSector, kUnit, kSector, kEcc> model;
  model.reset();
  const char* broken = flash_check(&model, kStart);
  return broken != nullptr ? broken : model.broken_rule();
}

}  // namespace

// Returns the rule that the driver with a bug breaks; null for none.
extern "C" const char* check_driver(int bug, size_t unit) {
  Driver driver(static_cast<Bug>(bug), unit);
  return flash_check(&driver, kStart);
}

// Returns the rule that the model breaks, or that the check breaks in using it; null for none.
extern "C" const char* check_flash_model(size_t unit, int ecc) {
  switch (unit) {
    case 1:
      return ecc != 0 ? check_model<1, true>() : check_model<1, false>();
    case 8:
      return ecc != 0 ? check_model<8, true>() : check_model<8, false>();
    default:
      return ecc != 0 ? check_model<32, true>() : check_model<32, false>();
  }
}

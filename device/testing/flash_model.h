// NOR flash in memory, for tests: it keeps the rules of the hardware, and its power can be cut.

#ifndef SOFTWARE_UPDATE_TESTING_FLASH_MODEL_H_
#define SOFTWARE_UPDATE_TESTING_FLASH_MODEL_H_

#include "software_update/flash.h"

namespace software_update {

// The moment of a power cut in relation to an operation: programming one unit, or erasing one
// sector.
enum class Cut : uint8_t { kBefore, kTorn, kAfter };

// Flash from address 0 on, all erased at first. Rules: programming clears bits and needs an erased
// unit; sectors are erased as a whole. With `ecc`, a unit cannot be programmed again even if a cut
// left it blank, and reading a torn unit may report a fault.
//
// A torn program or erase leaves any subset of its bits done, and any of them weak: they read
// differently each time. After a cut, every operation fails without effect until `restart`.
class FlashModel : public Flash {
 public:
  // Lets the power fail at the operation number `operation`, counted from 1 and from this call on.
  void cut_at(uint64_t operation, Cut cut, uint64_t seed);
  // Switches the power on again, without another cut.
  void restart();
  bool is_off() const { return off_; }
  // Operations since `cut_at` or `reset`.
  uint64_t operations() const { return operations_; }
  // The first rule that was broken, or null.
  const char* broken_rule() const { return broken_rule_; }
  // Fills `size` bytes at `address` with garbage that was programmed before the device was made.
  void fill(uint32_t address, uint32_t size, uint64_t seed);
  // Makes all bytes erased.
  void reset();
  // Takes the content of a model of the same size.
  void copy(const FlashModel& other);
  const uint8_t* bytes() const { return bytes_; }

  bool read(uint32_t address, void* bytes, size_t size) override;
  bool program(uint32_t address, const void* bytes, size_t size) override;
  bool erase(uint32_t address) override;
  size_t program_unit() const override { return unit_; }
  size_t erase_unit() const override { return sector_; }

 protected:
  FlashModel(uint8_t* bytes, uint8_t* weak, uint8_t* units, uint32_t size, uint32_t unit,
             uint32_t sector, bool ecc)
      : bytes_(bytes),
        weak_(weak),
        units_(units),
        size_(size),
        unit_(unit),
        sector_(sector),
        ecc_(ecc) {
    reset();
  }
  ~FlashModel() = default;

 private:
  enum Unit : uint8_t { kErased, kProgrammed, kTorn, kFaulty };

  bool allow(bool allowed, const char* rule);
  bool begin_operation(bool* torn);
  uint64_t random();
  uint8_t random_bits(uint64_t flavour);
  void tear(uint32_t address, uint32_t size, const uint8_t* target, bool is_erase);
  bool program_one(uint32_t address, const uint8_t* bytes);

  uint8_t* bytes_;
  uint8_t* weak_;   // bits that read at random
  uint8_t* units_;  // a Unit for each program unit
  uint32_t size_;
  uint32_t unit_;
  uint32_t sector_;
  bool ecc_;
  bool off_ = false;
  Cut cut_ = Cut::kBefore;
  uint64_t cut_operation_ = 0;  // 0: none
  uint64_t operations_ = 0;
  uint64_t random_ = 1;
  const char* broken_rule_ = nullptr;
};

// A model with its memory. `kUnit` is a power of two, 1 to 32; `kSector` is a multiple of it.
template <uint32_t kSize, uint32_t kUnit, uint32_t kSector, bool kEcc>
class FlashModelOf : public FlashModel {
 public:
  FlashModelOf() : FlashModel(bytes_of_, weak_of_, units_of_, kSize, kUnit, kSector, kEcc) {}
  FlashModelOf(const FlashModelOf&) = delete;
  FlashModelOf& operator=(const FlashModelOf&) = delete;

 private:
  uint8_t bytes_of_[kSize];
  uint8_t weak_of_[kSize];
  uint8_t units_of_[kSize / kUnit];
};

}  // namespace software_update

#endif  // SOFTWARE_UPDATE_TESTING_FLASH_MODEL_H_

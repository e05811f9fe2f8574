#include "testing/flash_model.h"

#include <string.h>

namespace software_update {

void FlashModel::cut_at(uint64_t operation, Cut cut, uint64_t seed) {
  cut_operation_ = operation;
  cut_ = cut;
  operations_ = 0;
  random_ = seed * 2 + 1;
}

void FlashModel::restart() {
  off_ = false;
  cut_operation_ = 0;
}

void FlashModel::reset() {
  memset(bytes_, 0xff, size_);
  memset(weak_, 0, size_);
  memset(units_, kErased, size_ / unit_);
  restart();
  operations_ = 0;
  broken_rule_ = nullptr;
}

void FlashModel::copy(const FlashModel& other) {
  memcpy(bytes_, other.bytes_, size_);
  memcpy(weak_, other.weak_, size_);
  memcpy(units_, other.units_, size_ / unit_);
  restart();
  operations_ = 0;
  broken_rule_ = nullptr;
}

void FlashModel::fill(uint32_t address, uint32_t size, uint64_t seed) {
  random_ = seed * 2 + 1;
  for (uint32_t i = 0; i < size; ++i) bytes_[address + i] = static_cast<uint8_t>(random());
  memset(units_ + address / unit_, kProgrammed, size / unit_);
}

// xorshift64* (Vigna 2016).
uint64_t FlashModel::random() {
  random_ ^= random_ >> 12;
  random_ ^= random_ << 25;
  random_ ^= random_ >> 27;
  return (random_ * 0x2545f4914f6cdd1dull) >> 32;
}

// All, none or some of eight bits.
uint8_t FlashModel::random_bits(uint64_t flavour) {
  if (flavour == 0) return 0;
  if (flavour == 1) return 0xff;
  return static_cast<uint8_t>(random());
}

bool FlashModel::allow(bool allowed, const char* rule) {
  if (!allowed && broken_rule_ == nullptr) broken_rule_ = rule;
  return allowed;
}

// Counts an operation. Returns false if the power is off before it.
bool FlashModel::begin_operation(bool* torn) {
  *torn = false;
  if (off_) return false;
  if (++operations_ != cut_operation_) return true;
  off_ = true;
  *torn = cut_ == Cut::kTorn;
  return cut_ != Cut::kBefore;
}

// Leaves some bits of an operation done. `target` has the bytes of a finished one; null is all
// erased.
void FlashModel::tear(uint32_t address, uint32_t size, const uint8_t* target, bool is_erase) {
  const uint64_t done_flavour = random() % 4;
  const uint64_t weak_flavour = random() % 4;
  const uint64_t weak_byte = random() % size;
  const bool faulty = ecc_ && random() % 3 == 0;
  for (uint32_t i = 0; i < size; ++i) {
    const uint8_t old = bytes_[address + i];
    const uint8_t now = target == nullptr ? 0xff : static_cast<uint8_t>(old & target[i]);
    const uint8_t changes = static_cast<uint8_t>(old ^ now);
    bytes_[address + i] = static_cast<uint8_t>(old ^ (changes & random_bits(done_flavour)));
    weak_[address + i] = static_cast<uint8_t>(changes & random_bits(weak_flavour));
    // One weak bit: the content is often right, and sometimes not.
    if (weak_flavour == 3)
      weak_[address + i] = i == weak_byte ? static_cast<uint8_t>(changes & 0x10u) : uint8_t{0};
  }
  for (uint32_t at = address; at < address + size; at += unit_) {
    if (is_erase && random() % 2 == 0) continue;
    units_[at / unit_] = faulty ? kFaulty : kTorn;
  }
}

bool FlashModel::read(uint32_t address, void* bytes, size_t size) {
  if (off_) return false;
  if (!allow(size <= size_ && address <= size_ - size, "reads outside the flash")) return false;
  uint8_t* out = static_cast<uint8_t*>(bytes);
  for (uint32_t i = 0; i < size; ++i) {
    const uint32_t at = address + i;
    if (units_[at / unit_] == kFaulty) return false;
    out[i] = bytes_[at];
    if (weak_[at] != 0) out[i] = static_cast<uint8_t>(out[i] ^ (weak_[at] & random()));
  }
  return true;
}

bool FlashModel::program_one(uint32_t address, const uint8_t* bytes) {
  bool torn;
  if (!begin_operation(&torn)) return false;
  uint8_t& unit = units_[address / unit_];
  bool reads_blank = true;
  for (uint32_t i = 0; i < unit_; ++i) {
    if (static_cast<uint8_t>(bytes_[address + i] | weak_[address + i]) != 0xff) reads_blank = false;
  }
  // A torn unit that may read as erased is the hardware's trap, not a fault of the program.
  const bool trap = unit != kProgrammed && reads_blank;
  if (!allow(unit == kErased || trap, "programs a unit again without erasing it")) return false;
  if (unit != kErased && ecc_) return false;
  if (torn) {
    tear(address, unit_, bytes, false);
    return false;
  }
  for (uint32_t i = 0; i < unit_; ++i) {
    bytes_[address + i] = static_cast<uint8_t>(bytes_[address + i] & bytes[i]);
    weak_[address + i] = 0;
  }
  unit = kProgrammed;
  return !off_;
}

bool FlashModel::program(uint32_t address, const void* bytes, size_t size) {
  if (off_) return false;
  if (!allow(size <= size_ && address <= size_ - size, "programs outside the flash")) return false;
  if (!allow(address % unit_ == 0 && size % unit_ == 0, "programs a part of a unit")) return false;
  for (uint32_t i = 0; i < size; i += unit_) {
    if (!program_one(address + i, static_cast<const uint8_t*>(bytes) + i)) return false;
  }
  return true;
}

bool FlashModel::erase(uint32_t address) {
  if (off_) return false;
  if (!allow(address < size_ && address % sector_ == 0, "erases something else than a sector"))
    return false;
  bool torn;
  if (!begin_operation(&torn)) return false;
  if (torn) {
    tear(address, sector_, nullptr, true);
    return false;
  }
  memset(bytes_ + address, 0xff, sector_);
  memset(weak_ + address, 0, sector_);
  memset(units_ + address / unit_, kErased, sector_ / unit_);
  return !off_;
}

}  // namespace software_update

// boot_decision for boot loaders in C.

#include "software_update/boot.h"
#include "software_update/sha256.h"

namespace software_update {
namespace {

class FlashOfC : public Flash {
 public:
  explicit FlashOfC(const software_update_flash* flash) : flash_(flash) {}
  bool read(uint32_t address, void* bytes, size_t size) override {
    return flash_->read(flash_->context, address, bytes, size);
  }
  bool program(uint32_t address, const void* bytes, size_t size) override {
    return flash_->program(flash_->context, address, bytes, size);
  }
  bool erase(uint32_t address) override { return flash_->erase(flash_->context, address); }
  size_t program_unit() const override { return flash_->program_unit; }
  size_t erase_unit() const override { return flash_->erase_unit; }

 private:
  const software_update_flash* flash_;
};

}  // namespace
}  // namespace software_update

extern "C" void software_update_sha256_blocks(uint32_t state[8], const uint8_t* blocks,
                                              size_t count) {
  software_update::sha256_blocks(state, blocks, count);
}

extern "C" struct software_update_decision software_update_boot_decision(
    const struct software_update_boot* boot) {
  software_update::FlashOfC state(boot->state);
  software_update::FlashOfC slots(boot->slots);
  const software_update::Crypto crypto = {nullptr, nullptr, boot->sha256};
  return software_update::boot_decision(&state, &slots, *boot->places,
                                        boot->sha256 == nullptr ? nullptr : &crypto);
}

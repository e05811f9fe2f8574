// Start-up code of a test program on a Cortex-M: memory, stack, main, exit. No constructor runs
// before main.

#include "device/target/start.h"

#include <stdint.h>

#include "device/target/semihosting.h"

extern "C" {
// cortex_m.ld defines these symbols.
extern uint32_t stack_top[];
extern const uint32_t data_in_flash[];
extern uint32_t data_start[];
extern uint32_t data_end[];
extern uint32_t bss_start[];
extern uint32_t bss_end[];
// The stack between here and stack_top is in use while `reset` paints.
extern uint32_t paint_end[];

int main();
[[noreturn]] void reset();
[[noreturn]] void fault();
}

namespace {

constexpr uint32_t kUntouched = 0x57ac57ac;
// 16 of the core; the programs enable no interrupt of the chip.
constexpr unsigned kVectors = 16;

struct VectorTable {
  uint32_t* stack;
  void (*handlers[kVectors - 1])();
};

[[gnu::section(".vectors"), gnu::used]] const VectorTable vector_table = {
    stack_top,
    {reset, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault,
     fault, fault},
};

}  // namespace

void reset() {
  const uint32_t* from = data_in_flash;
  for (uint32_t* to = data_start; to < data_end; ++to) *to = *from++;
  for (uint32_t* to = bss_start; to < bss_end; ++to) *to = 0;
  for (uint32_t* to = bss_end; to < paint_end; ++to) {
    *static_cast<volatile uint32_t*>(to) = kUntouched;
  }
  software_update::target::end(static_cast<uint32_t>(main()));
}

void fault() {
  software_update::target::print("fault\n");
  software_update::target::end(2);
}

namespace software_update {
namespace target {

size_t deepest_stack() {
  const volatile uint32_t* deepest = bss_end;
  while (deepest < stack_top && *deepest == kUntouched) ++deepest;
  return static_cast<size_t>(stack_top - const_cast<const uint32_t*>(deepest)) * sizeof(uint32_t);
}

}  // namespace target
}  // namespace software_update

// Counts the instructions that a verification takes on QEMU's mps2-an385, by its clock: with
// `-icount shift=0`, each instruction takes 1 ns.
//
// The command line is PROGRAM ROOT BUNDLE. The output is VERDICT BYTES VERIFICATIONS INSTRUCTIONS,
// and of these the INSTRUCTIONS of ECDSA, and the bytes of the deepest stack.

#include <string.h>

#include "crypto/p256m.h"
#include "device/target/semihosting.h"
#include "device/target/start.h"
#include "software_update/sha256.h"
#include "software_update/verifier.h"

namespace {

using software_update::target::File;

struct Limits {
  static constexpr uint32_t kKeys = 4;
  static constexpr uint32_t kSignatures = 4;
  static constexpr uint32_t kTargets = 8;
  static constexpr uint32_t kLoosePayloads = 2;
  static constexpr uint32_t kRoots = 16;
  static constexpr uint32_t kAllowedTargets = 0;
  static constexpr uint32_t kNameBytes = 32;
  static constexpr uint32_t kVerifications = 32;
  static constexpr bool kReleaseManifest = true;
  static constexpr bool kCompression = false;
  static constexpr bool kAnyOrder = false;
};

// The buffer of a device that receives a bundle.
constexpr size_t kPieceBytes = 512;
constexpr size_t kRootBytes = 4096;
constexpr size_t kBundleBytes = 1024U * 1024U;
constexpr size_t kLineBytes = 400;

// The clock of the board's core is 25 MHz: Arm, "Application Note AN385", 3.
constexpr uint32_t kNanosecondsPerTick = 40;
// SysTick counts down from 2^24 - 1, in steps of the core's clock (Armv7-M, B3.3).
constexpr uint32_t kTickMask = 0xffffff;

volatile uint32_t& tick_register(uint32_t offset) {
  return *reinterpret_cast<volatile uint32_t*>(0xe000e010 + offset);
}

void start_clock() {
  tick_register(4) = kTickMask;
  tick_register(8) = 0;
  tick_register(0) = 5;
}

uint32_t now() { return tick_register(8); }

// Less than 2^24 ticks may pass.
uint32_t ticks_since(uint32_t start) { return (start - now()) & kTickMask; }

uint32_t ecdsa_ticks;
uint32_t other_ticks;
// The end of the last part that was counted.
uint32_t last;

void count(uint32_t* ticks) {
  *ticks += ticks_since(last);
  last = now();
}

bool verify_p256(const uint8_t* key, const uint8_t* digest, const uint8_t* signature) {
  count(&other_ticks);
  const bool good = software_update::kP256m.verify_p256(key, digest, signature);
  count(&ecdsa_ticks);
  return good;
}

// The check of a key belongs to ECDSA too.
bool is_on_curve(const uint8_t* key) {
  count(&other_ticks);
  const bool good = software_update::kP256m.is_on_curve(key);
  count(&ecdsa_ticks);
  return good;
}

constexpr software_update::Crypto kCounted = {verify_p256, is_on_curve,
                                              software_update::sha256_blocks};

uint8_t root[kRootBytes];
uint8_t bundle[kBundleBytes];
char line[kLineBytes];

// Reads a file whose path ends at `end` in `line`.
size_t read(const char* path, uint8_t* into, size_t room) {
  File file(path);
  return file.is_open() ? file.read(into, room) : 0;
}

void print(uint32_t number) {
  software_update::target::print_number(number);
  software_update::target::print(" ");
}

}  // namespace

int main() {
  if (!software_update::target::command_line(line, sizeof(line))) {
    return 2;
  }
  char* const root_path = strchr(line, ' ') + 1;
  char* const bundle_path = strchr(root_path, ' ') + 1;
  bundle_path[-1] = '\0';
  const size_t root_size = read(root_path, root, sizeof(root));
  const size_t size = read(bundle_path, bundle, sizeof(bundle));

  // The start-up code runs no constructors.
  static software_update::VerifierFor<Limits> verifier;
  software_update::Device device = {};
  device.crypto = &kCounted;
  device.anchor = {root, root_size};
  start_clock();
  last = now();
  verifier.begin(device, size);
  for (size_t done = 0; done < size; done += kPieceBytes) {
    verifier.feed({bundle + done, size - done < kPieceBytes ? size - done : kPieceBytes});
    count(&other_ticks);
  }
  const software_update::Result result = verifier.finish();
  count(&other_ticks);

  software_update::target::print(software_update::verdict_name(result.verdict));
  software_update::target::print(" ");
  print(static_cast<uint32_t>(size));
  print(verifier.verifications());
  print((other_ticks + ecdsa_ticks) * kNanosecondsPerTick);
  print(ecdsa_ticks * kNanosecondsPerTick);
  print(static_cast<uint32_t>(software_update::target::deepest_stack()));
  software_update::target::print("\n");
  return 0;
}

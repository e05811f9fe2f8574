// Verifies the bundles of a list on a Cortex-M in QEMU: one verdict a line, then the deepest stack.
//
// The command line is PROGRAM LIST [SIGNATURES]. Each line of the list has, between tabs: bundle,
// trusted root, installed release (packed_installed.h), hardware id, time in seconds since 1970.
// "-" leaves one out. SIGNATURES has the SHA-256 of key, digest and signature of each good
// signature, sorted; without it, the program computes P-256.
//
// The first line of the output has the limits of the board, the next ones VERDICT READS
// VERIFICATIONS each, with "beyond" and a number in place of a verdict, and the last one has the
// deepest stack and the size of the verifier in bytes.

#include <string.h>

#include "crypto/p256m.h"
#include "device/target/packed_installed.h"
#include "device/target/semihosting.h"
#include "device/target/start.h"
#include "software_update/sha256.h"
#include "software_update/verifier.h"

namespace {

using software_update::Bytes;
using software_update::Crypto;
using software_update::Installed;
using software_update::Outcome;
using software_update::Result;
using software_update::Sha256;
using software_update::VerifierFor;
using software_update::target::File;
using software_update::target::print;
using software_update::target::print_number;

// The buffer of a device that receives a bundle.
constexpr size_t kPieceBytes = 64;
constexpr size_t kLineBytes = 400;
constexpr unsigned kColumns = 5;

// LIMITS names one of these: the limits of a board with much memory, or with little.
struct Large {
  static constexpr uint32_t kKeys = 192;
  static constexpr uint32_t kSignatures = 64;
  static constexpr uint32_t kTargets = 128;
  static constexpr uint32_t kLoosePayloads = 128;
  static constexpr uint32_t kRoots = 256;
  static constexpr uint32_t kAllowedTargets = 16;
  static constexpr uint32_t kNameBytes = 255;
  static constexpr uint32_t kVerifications = 10000;
  static constexpr bool kReleaseManifest = true;
  static constexpr bool kCompression = false;
  static constexpr bool kAnyOrder = true;
  static constexpr size_t kTrustedBytes = 65536;
  static constexpr size_t kInstalledBytes = 16384;
};

struct Small {
  static constexpr uint32_t kKeys = 6;
  static constexpr uint32_t kSignatures = 4;
  static constexpr uint32_t kTargets = 8;
  static constexpr uint32_t kLoosePayloads = 4;
  static constexpr uint32_t kRoots = 8;
  static constexpr uint32_t kAllowedTargets = 4;
  static constexpr uint32_t kNameBytes = 64;
  static constexpr uint32_t kVerifications = 32;
  static constexpr bool kReleaseManifest = true;
  static constexpr bool kCompression = false;
  static constexpr bool kAnyOrder = false;
  static constexpr size_t kTrustedBytes = 1536;
  static constexpr size_t kInstalledBytes = 1024;
};

uint8_t trusted[LIMITS::kTrustedBytes];
alignas(8) uint8_t packed[LIMITS::kInstalledBytes];
char line[kLineBytes];
uint32_t reads;
uint32_t verifications;
File* signatures;

bool verify_by_list(const uint8_t* key, const uint8_t* digest, const uint8_t* signature) {
  ++verifications;
  const Crypto software = {nullptr, nullptr, software_update::sha256_blocks};
  Sha256 sha256;
  sha256.begin(software);
  sha256.update({key, software_update::kP256KeyBytes});
  sha256.update({digest, software_update::kSha256Bytes});
  sha256.update({signature, software_update::kP256SignatureBytes});
  uint8_t wanted[software_update::kSha256Bytes];
  sha256.finish(wanted);
  size_t first = 0;
  size_t end = signatures->size() / sizeof wanted;
  while (first < end) {
    const size_t middle = (first + end) / 2;
    uint8_t found[sizeof wanted];
    signatures->seek(middle * sizeof wanted);
    signatures->read(found, sizeof found);
    const int order = memcmp(wanted, found, sizeof wanted);
    if (order == 0) return true;
    if (order < 0) {
      end = middle;
    } else {
      first = middle + 1;
    }
  }
  return false;
}

bool verify_by_computing(const uint8_t* key, const uint8_t* digest, const uint8_t* signature) {
  ++verifications;
  return software_update::kP256m.verify_p256(key, digest, signature);
}

// The verifier, constructed by the first call.
VerifierFor<LIMITS>& verifier() {
  static VerifierFor<LIMITS> memory;
  return memory;
}

// Reads the next line. Returns false at the end of the file.
bool read_line(File& list) {
  size_t size = 0;
  while (size + 1 < sizeof line && list.read(line + size, 1) == 1) {
    if (line[size] == '\n') {
      line[size] = 0;
      return true;
    }
    ++size;
  }
  return false;
}

// Cuts the line at its tabs.
bool split(const char* (&columns)[kColumns]) {
  char* rest = line;
  for (unsigned i = 0; i < kColumns; ++i) {
    columns[i] = rest;
    while (*rest != 0 && *rest != '\t') ++rest;
    if ((*rest == 0) != (i + 1 == kColumns)) return false;
    *rest++ = 0;
  }
  return true;
}

bool is_left_out(const char* column) { return column[0] == '-' && column[1] == 0; }

int64_t number(const char* digits) {
  int64_t value = 0;
  for (; *digits != 0; ++digits) value = value * 10 + (*digits - '0');
  return value;
}

// Reads a whole file into memory. Returns false if it does not fit.
bool load(const char* path, uint8_t* memory, size_t capacity, size_t* size) {
  File file(path);
  *size = file.size();
  return file.is_open() && *size <= capacity && file.read(memory, *size) == *size;
}

void print_result(const Result& result) {
  switch (result.outcome) {
    case Outcome::kVerdict:
      print(software_update::verdict_name(result.verdict));
      break;
    case Outcome::kBeyondDevice:
      print("beyond");
      print_number(static_cast<uint32_t>(result.beyond));
      break;
    case Outcome::kStorageFailed:
      print("storage");
      break;
  }
  print(" ");
  print_number(reads);
  print(" ");
  print_number(verifications);
  print("\n");
}

void print_limit(const char* name, uint32_t limit) {
  print(" ");
  print(name);
  print("=");
  print_number(limit);
}

void print_limits() {
  print("limits");
  print_limit("keys", LIMITS::kKeys);
  print_limit("signatures", LIMITS::kSignatures);
  print_limit("targets", LIMITS::kTargets);
  print_limit("loose_payloads", LIMITS::kLoosePayloads);
  print_limit("roots", LIMITS::kRoots);
  print_limit("allowed_targets", LIMITS::kAllowedTargets);
  print_limit("verifications", LIMITS::kVerifications);
  print_limit("compression", LIMITS::kCompression);
  print_limit("any_order", LIMITS::kAnyOrder);
  print("\n");
}

// Verifies the bundle of the line. Returns false if a file cannot be read.
bool verify_line(const Crypto& crypto) {
  const char* columns[kColumns];
  if (!split(columns)) return false;
  software_update::Device device = {};
  device.crypto = &crypto;
  size_t size;
  if (!load(columns[1], trusted, sizeof trusted, &size)) {
    print("large-root\n");
    return true;
  }
  device.anchor = {trusted, size};
  Installed installed;
  if (!is_left_out(columns[2])) {
    if (!load(columns[2], packed, sizeof packed, &size)) {
      print("large-installed\n");
      return true;
    }
    installed = software_update::target::unpack(packed);
    device.installed = &installed;
  }
  if (!is_left_out(columns[3])) device.hardware_id = columns[3];
  if (!is_left_out(columns[4])) {
    device.knows_time = true;
    device.now = number(columns[4]);
  }
  File bundle(columns[0]);
  if (!bundle.is_open()) return false;
  reads = 0;
  verifications = 0;
  verifier().begin(device, bundle.size());
  uint8_t piece[kPieceBytes];
  for (size_t left = bundle.size(); left != 0; left -= size) {
    size = bundle.read(piece, left < sizeof piece ? left : sizeof piece);
    if (size == 0) return false;
    ++reads;
    verifier().feed({piece, size});
  }
  print_result(verifier().finish());
  return true;
}

}  // namespace

int main() {
  static char arguments[kLineBytes];
  if (!software_update::target::command_line(arguments, sizeof arguments)) return 1;
  char* words[3] = {};
  char* rest = arguments;
  for (char*& word : words) {
    if (*rest == 0) break;
    word = rest;
    while (*rest != 0 && *rest != ' ') ++rest;
    if (*rest != 0) *rest++ = 0;
  }
  if (words[1] == nullptr) return 1;
  File list(words[1]);
  File good(words[2] != nullptr ? words[2] : words[1]);
  if (!list.is_open() || !good.is_open()) return 1;
  signatures = &good;
  const Crypto crypto = {words[2] != nullptr ? verify_by_list : verify_by_computing,
                         software_update::kP256m.is_on_curve, software_update::sha256_blocks};
  print_limits();
  while (read_line(list)) {
    if (!verify_line(crypto)) return 1;
  }
  print("stack ");
  print_number(static_cast<uint32_t>(software_update::target::deepest_stack()));
  print(" object ");
  print_number(sizeof(VerifierFor<LIMITS>));
  print("\n");
  return 0;
}

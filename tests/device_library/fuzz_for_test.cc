// A libFuzzer target: the verifier reads an input as a bundle, and must end
// without a fault of memory.
//
// The first byte of an input chooses the device, and the second the size of
// pieces. fuzz.py writes the devices: FUZZ_DEVICES is their file.

#include <stdio.h>
#include <stdlib.h>

#include "crypto/p256m.h"
#include "device/target/packed_installed.h"
#include "software_update/sha256.h"
#include "software_update/verifier.h"

namespace {

using software_update::Bytes;
using software_update::Crypto;
using software_update::Installed;
using software_update::Outcome;
using software_update::TargetInfo;
using software_update::TargetSink;

constexpr size_t kMaxDevices = 128;
constexpr size_t kWords = 4096;

// Small, so that inputs exceed them.
struct FuzzLimits {
  static constexpr uint32_t kKeys = 5;
  static constexpr uint32_t kSignatures = 3;
  static constexpr uint32_t kTargets = 6;
  static constexpr uint32_t kLoosePayloads = 3;
  static constexpr uint32_t kRoots = 4;
  static constexpr uint32_t kAllowedTargets = 3;
  static constexpr uint32_t kNameBytes = 16;
  static constexpr uint32_t kVerifications = 16;
  static constexpr uint32_t kReleaseKeys = 6;
  static constexpr bool kReleaseManifest = true;
  static constexpr bool kCompression = true;
  static constexpr bool kAnyOrder = true;
};

constexpr uint32_t kRootCount = 3;

// A part of the verifier's memory: an allocation of its own, so that the
// sanitizer finds a read beyond its end.
template <class T, uint32_t kCount>
class Apart {
 public:
  Apart() : data_(new T[kCount]) {}
  Apart(const Apart&) = delete;
  Apart& operator=(const Apart&) = delete;
  ~Apart() { delete[] data_; }
  T* data() const { return data_; }

 private:
  T* data_;
};

class AllowedApart final : public software_update::AllowedPart {
 public:
  void begin(uint8_t root) override {
    lists_[root].begin(entries_[root].data(), FuzzLimits::kAllowedTargets);
  }
  void begin_entry(uint8_t root) override { lists_[root].begin_entry(); }
  void feed_entry(uint8_t root, Bytes piece) override { lists_[root].feed_entry(piece); }
  void end_entry(uint8_t root) override { lists_[root].end_entry(); }
  const software_update::AllowedTargets& list(uint8_t root) const override { return lists_[root]; }
  void begin_name(uint8_t root) override { matcher_.begin(lists_[root]); }
  void feed_name(Bytes piece) override { matcher_.feed(piece); }
  bool is_allowed(bool is_user_manifest) const override {
    return matcher_.is_allowed(is_user_manifest);
  }

 private:
  software_update::AllowedTargets lists_[kRootCount];
  software_update::AllowedMatcher matcher_;
  Apart<software_update::AllowedTarget, FuzzLimits::kAllowedTargets> entries_[kRootCount];
};

// As VerifierFor<FuzzLimits>, with each part of its memory apart.
class VerifierApart final : public software_update::Verifier {
  using L = FuzzLimits;

 public:
  VerifierApart() {
    use({roots_.data(), lists_.data(), targets_.data(), loose_.data(), former_.data(), name_.data(),
         release_.part(), &allowed_, compression_.part(), L::kKeys, L::kSignatures, L::kTargets,
         L::kLoosePayloads, L::kRoots, L::kVerifications, L::kNameBytes, kRootCount});
    for (uint8_t i = 0; i < kRootCount; ++i) {
      roots_.data()[i].keys = keys_[i].data();
      roots_.data()[i].index = i;
      lists_.data()[i].entries = signatures_[i].data();
    }
  }

 private:
  Apart<software_update::RootFacts, kRootCount> roots_;
  Apart<software_update::SignatureList, kRootCount> lists_;
  Apart<software_update::RootKey, L::kKeys> keys_[kRootCount];
  Apart<software_update::MetadataSignature, L::kSignatures> signatures_[kRootCount];
  Apart<software_update::VerifiedTarget, L::kTargets> targets_;
  Apart<software_update::LoosePayload, L::kLoosePayloads> loose_;
  Apart<uint8_t[software_update::kSha256Bytes], L::kKeys> former_;
  Apart<uint8_t, L::kNameBytes> name_;
  software_update::ReleasePartFor<L::kReleaseKeys> release_;
  AllowedApart allowed_;
  software_update::CompressionPartFor<L::kTargets, true> compression_;
};

// As fuzz.py writes it: four sizes, then these bytes, each padded to eight.
struct Known {
  Bytes trusted;
  Bytes installed;
  const char* hardware_id;
  bool knows_time;
};

uint64_t memory[kMaxDevices * kWords];
Known devices[kMaxDevices];
size_t device_count;

// Nearly every signature is good: the fuzzer cannot sign.
bool accept(const uint8_t* /*key*/, const uint8_t* /*digest*/, const uint8_t* signature) {
  return signature[0] != 0;
}

// Takes the payloads whose names have an even length, and lets each wait once.
class Sink final : public TargetSink {
 public:
  Answer open(const TargetInfo& target) override {
    waited_ = !waited_;
    if (waited_) return Answer::kWait;
    return target.name.size % 2 == 0 ? Answer::kWrite : Answer::kSkip;
  }
  bool write(Bytes content) override {
    for (size_t i = 0; i < content.size; ++i) sum_ += content.data[i];
    return true;
  }
  bool close(bool /*good*/) override { return true; }

 private:
  unsigned sum_ = 0;
  bool waited_ = false;
};

// Passes the bytes on as they are.
class Copy final : public software_update::Decompressor {
 public:
  bool begin(uint64_t /*window_bytes*/) override { return true; }
  bool feed(Bytes compressed, bool (*out)(void* context, Bytes content), void* context) override {
    return out(context, compressed);
  }
  bool finish() override { return true; }
};

size_t padded(size_t size) { return (size + 7) / 8 * 8; }

}  // namespace

extern "C" int LLVMFuzzerInitialize(int* /*argc*/, char*** /*argv*/) {
  FILE* file = fopen(getenv("FUZZ_DEVICES"), "rb");
  if (file == nullptr) abort();
  auto* next = reinterpret_cast<uint8_t*>(memory);
  uint32_t sizes[4];
  while (device_count < kMaxDevices && fread(sizes, sizeof sizes, 1, file) == 1) {
    Known& known = devices[device_count++];
    uint8_t* parts[3];
    for (int i = 0; i < 3; ++i) {
      parts[i] = next;
      next += padded(sizes[i]);
      if (next > reinterpret_cast<uint8_t*>(memory) + sizeof memory) abort();
      if (fread(parts[i], 1, padded(sizes[i]), file) != padded(sizes[i])) abort();
    }
    known.trusted = {parts[0], sizes[0]};
    known.installed = {sizes[1] == 0 ? nullptr : parts[1], sizes[1]};
    known.hardware_id = sizes[2] == 0 ? nullptr : reinterpret_cast<const char*>(parts[2]);
    known.knows_time = sizes[3] != 0;
  }
  fclose(file);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const Known& known = devices[data[0] % device_count];
  const size_t piece = 1 + data[1] % 100;
  // On the heap, so that the sanitizer finds reads beyond its end.
  const size_t bundle_size = size - 2;
  const Crypto crypto = {accept, software_update::kP256m.is_on_curve,
                         software_update::sha256_blocks};
  Installed installed;
  if (known.installed.data != nullptr) {
    installed = software_update::target::unpack(known.installed.data);
  }
  Sink sink;
  Copy copy;
  software_update::Device device = {};
  device.crypto = &crypto;
  device.anchor = known.trusted;
  device.installed = known.installed.data != nullptr ? &installed : nullptr;
  device.hardware_id = known.hardware_id;
  device.knows_time = known.knows_time;
  device.now = 1780272000;
  device.targets = data[1] < 128 ? &sink : nullptr;
  device.decompressor = &copy;
  // New memory for each bundle: nothing of the one before may matter.
  auto* verifier = new VerifierApart;
  verifier->begin(device, bundle_size);
  for (size_t done = 0; done < bundle_size;) {
    const size_t left = bundle_size - done;
    const size_t count = left < piece ? left : piece;
    auto* copied = new uint8_t[count];
    for (size_t i = 0; i < count; ++i) copied[i] = data[2 + done + i];
    size_t taken = 0;
    // A payload that waits ends a call, and a piece has at most 100 bytes.
    for (int calls = 0; taken < count; ++calls) {
      if (calls > 200) abort();
      taken += verifier->feed({copied + taken, count - taken});
    }
    done += count;
    delete[] copied;
  }
  const software_update::Result early = verifier->metadata_result();
  const software_update::Result result = verifier->finish();
  if (early.outcome == Outcome::kVerdict && result.outcome == Outcome::kVerdict &&
      early.verdict != software_update::Verdict::kAccept &&
      result.verdict == software_update::Verdict::kAccept) {
    abort();
  }
  delete verifier;
  return 0;
}

// The verifier as one function in C, for tests in Python.

#include <string.h>

#include "software_update/format_limits.h"
#include "software_update/verifier.h"

namespace software_update {
namespace {

// The limits of the format: with them, every bundle has a verdict.
struct FullLimits {
  static constexpr uint32_t kKeys = 3 * kMaxKeys;
  static constexpr uint32_t kSignatures = kMaxSignatures;
  static constexpr uint32_t kTargets = kMaxTargets;
  static constexpr uint32_t kLoosePayloads = kMaxTargets;
  static constexpr uint32_t kRoots = kMaxRootChain;
  static constexpr uint32_t kAllowedTargets = kMaxAllowedTargets;
  static constexpr uint32_t kNameBytes = kMaxNameBytes;
  static constexpr uint32_t kVerifications = UINT32_MAX;
  static constexpr bool kReleaseManifest = true;
  static constexpr uint32_t kReleaseKeys = 70000;
  static constexpr bool kCompression = true;
  static constexpr bool kAnyOrder = true;
};

// A small device.
struct SmallLimits {
  static constexpr uint32_t kKeys = 4;
  static constexpr uint32_t kSignatures = 4;
  static constexpr uint32_t kTargets = 8;
  static constexpr uint32_t kLoosePayloads = 2;
  static constexpr uint32_t kRoots = 8;
  static constexpr uint32_t kAllowedTargets = 0;
  static constexpr uint32_t kNameBytes = 32;
  static constexpr uint32_t kVerifications = 16;
  static constexpr bool kReleaseManifest = true;
  static constexpr bool kCompression = false;
  static constexpr bool kAnyOrder = false;
};

// The functions of a decompressor in Python. `feed` returns bytes that it owns.
struct HostDecompressor final : Decompressor {
  bool (*begin_frame)(uint64_t window_bytes);
  bool (*decompress)(const uint8_t* data, size_t size, const uint8_t** out, size_t* out_size);
  bool (*end_frame)();

  bool begin(uint64_t window_bytes) override { return begin_frame(window_bytes); }
  bool feed(Bytes compressed, bool (*out)(void*, Bytes), void* context) override {
    const uint8_t* data = nullptr;
    size_t size = 0;
    return decompress(compressed.data, compressed.size, &data, &size) &&
           (size == 0 || out(context, {data, size}));
  }
  bool finish() override { return end_frame(); }
};

}  // namespace

extern "C" {

// A case for the verifier. ctypes has the same structure.
struct VerifyCase {
  const uint8_t* bundle;
  size_t bundle_size;
  const uint8_t* anchor;
  size_t anchor_size;
  const uint8_t* moved_roots;
  size_t moved_roots_size;
  const Installed* installed;
  const char* hardware_id;
  int64_t now;
  size_t chunk;                  // bytes at a time; 0: all
  bool knows_time;
  bool is_small;                 // the limits of a small device
  bool (*verify_p256)(const uint8_t*, const uint8_t*, const uint8_t*);
  bool (*is_on_curve)(const uint8_t*);
  bool (*begin_frame)(uint64_t);
  bool (*decompress)(const uint8_t*, size_t, const uint8_t**, size_t*);
  bool (*end_frame)();
};

struct VerifyResult {
  uint8_t outcome;
  uint8_t verdict;
  uint8_t beyond;
  uint8_t metadata_outcome;
  uint8_t metadata_verdict;
  uint32_t verifications;
};

void software_update_verify(const VerifyCase* asked, VerifyResult* answer) {
  static VerifierFor<FullLimits> full;
  static VerifierFor<SmallLimits> small;
  Verifier& verifier = asked->is_small ? static_cast<Verifier&>(small) : full;
  const Crypto crypto = {asked->verify_p256, asked->is_on_curve, sha256_blocks};
  HostDecompressor decompressor;
  decompressor.begin_frame = asked->begin_frame;
  decompressor.decompress = asked->decompress;
  decompressor.end_frame = asked->end_frame;
  Device device = {};
  device.crypto = &crypto;
  device.anchor = {asked->anchor, asked->anchor_size};
  device.moved_roots = {asked->moved_roots, asked->moved_roots_size};
  device.installed = asked->installed;
  device.hardware_id = asked->hardware_id;
  device.knows_time = asked->knows_time;
  device.now = asked->now;
  device.decompressor = asked->decompress == nullptr ? nullptr : &decompressor;
  verifier.begin(device, asked->bundle_size);
  const size_t chunk = asked->chunk == 0 ? asked->bundle_size : asked->chunk;
  for (size_t at = 0; at < asked->bundle_size; at += chunk) {
    const size_t left = asked->bundle_size - at;
    verifier.feed({asked->bundle + at, left < chunk ? left : chunk});
  }
  const Result metadata = verifier.metadata_result();
  const Result result = verifier.finish();
  *answer = {static_cast<uint8_t>(result.outcome),
             static_cast<uint8_t>(result.verdict),
             static_cast<uint8_t>(result.beyond),
             static_cast<uint8_t>(metadata.outcome),
             static_cast<uint8_t>(metadata.verdict),
             verifier.verifications()};
}

const char* software_update_verdict_name(uint8_t verdict) {
  return verdict_name(static_cast<Verdict>(verdict));
}

}  // extern "C"
}  // namespace software_update

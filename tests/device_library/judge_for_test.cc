// The verifier as functions that Python can call. library.py calls them.

#include <string.h>

#include "crypto/p256m.h"
#include "device/target/packed_installed.h"
#include "software_update/sha256.h"
#include "software_update/verifier.h"
#include "tests/device_library/fake_crypto.h"

namespace {

using software_update::Bytes;
using software_update::Crypto;
using software_update::Decompressor;
using software_update::Installed;
using software_update::Outcome;
using software_update::Result;
using software_update::TargetInfo;
using software_update::TargetSink;
using software_update::Verdict;
using software_update::Verifier;
using software_update::VerifierFor;

// The limits of the format.
struct FullLimits {
  static constexpr uint32_t kKeys = 192;
  static constexpr uint32_t kSignatures = 64;
  static constexpr uint32_t kTargets = 65536;
  static constexpr uint32_t kLoosePayloads = 65537;
  static constexpr uint32_t kRoots = 256;
  static constexpr uint32_t kAllowedTargets = 16;
  static constexpr uint32_t kNameBytes = 4096;
  static constexpr uint32_t kVerifications = 100000;
  static constexpr bool kReleaseManifest = true;
  static constexpr uint32_t kReleaseKeys = 1024;
  static constexpr bool kCompression = true;
  static constexpr bool kAnyOrder = true;
};

// Enough for all bundles but the huge ones; memory that stays in the
// processor's cache.
struct UsualLimits : FullLimits {
  static constexpr uint32_t kTargets = 128;
  static constexpr uint32_t kLoosePayloads = 128;
};

// So small that bundles exceed each of them.
struct SmallLimits {
  static constexpr uint32_t kKeys = 3;
  static constexpr uint32_t kSignatures = 2;
  static constexpr uint32_t kTargets = 2;
  static constexpr uint32_t kLoosePayloads = 1;
  static constexpr uint32_t kRoots = 2;
  static constexpr uint32_t kAllowedTargets = 2;
  static constexpr uint32_t kNameBytes = 13;
  static constexpr uint32_t kVerifications = 3;
  static constexpr bool kReleaseManifest = true;
  static constexpr uint32_t kReleaseKeys = 2;
  static constexpr bool kCompression = true;
  static constexpr bool kAnyOrder = false;
};

// Without the parts that a product may leave out.
struct BareLimits : SmallLimits {
  static constexpr uint32_t kAllowedTargets = 0;
  static constexpr bool kReleaseManifest = false;
  static constexpr bool kCompression = false;
};

extern "C" {
typedef bool (*Out)(void* context, const uint8_t* bytes, size_t size);
typedef bool (*BeginFunction)(uint64_t window);
typedef bool (*FeedFunction)(const uint8_t* bytes, size_t size, Out out, void* context);
typedef bool (*VerifyFunction)(const uint8_t* key, const uint8_t* digest, const uint8_t* signature);
}

// As _Device in library.py.
struct TestDevice {
  const uint8_t* trusted;
  size_t trusted_size;
  const uint8_t* installed;
  const char* hardware_id;
  int64_t now;
  int knows_time;
  int signatures;  // 0: real ones, 1: fake ones, 2: those in the list
  int limits;      // 0: usual, 1: full, 2: small, 3: bare
  int sink;        // 0: none, 1: takes all payloads, 2: lets each wait once before
  const uint8_t* list;
  size_t list_size;
  BeginFunction begin;
  FeedFunction feed;
};

// As _Result in library.py.
struct TestResult {
  int outcome;
  int verdict;
  int beyond;
  int early_outcome;
  int early_verdict;
  uint32_t verifications;
  uint32_t good;     // payloads that the sink got as good
  uint64_t written;  // bytes that the sink took
  int problem;       // a rule of TargetSink that the verifier broke
};

// Passes calls on to Python.
class PythonDecompressor final : public Decompressor {
 public:
  explicit PythonDecompressor(const TestDevice& known) : begin_(known.begin), feed_(known.feed) {}

  bool begin(uint64_t window_bytes) override { return begin_(window_bytes); }
  bool feed(Bytes compressed, bool (*out)(void* context, Bytes content), void* context) override {
    Call call = {out, context};
    return feed_(compressed.data, compressed.size, pass_on, &call);
  }
  bool finish() override { return true; }

 private:
  struct Call {
    bool (*out)(void* context, Bytes content);
    void* context;
  };

  static bool pass_on(void* context, const uint8_t* bytes, size_t size) {
    const auto* call = static_cast<const Call*>(context);
    return call->out(call->context, {bytes, size});
  }

  BeginFunction begin_;
  FeedFunction feed_;
};

// Takes all payloads, and checks the order of the calls and the number of
// bytes.
class CheckingSink final : public TargetSink {
 public:
  CheckingSink(bool waits, TestResult* result) : result_(result), waits_(waits) {}

  Answer open(const TargetInfo& target) override {
    if (is_open_) result_->problem = 1;
    if (waits_ && !waited_) {
      waited_ = true;
      return Answer::kWait;
    }
    waited_ = false;
    is_open_ = true;
    left_ = target.length;
    return Answer::kWrite;
  }
  bool write(Bytes content) override {
    if (!is_open_ || content.size > left_) result_->problem = 2;
    left_ -= content.size;
    result_->written += content.size;
    return true;
  }
  bool close(bool good) override {
    if (!is_open_ || (good && left_ != 0)) result_->problem = 3;
    is_open_ = false;
    if (good) ++result_->good;
    return true;
  }

 private:
  TestResult* result_;
  uint64_t left_ = 0;
  bool waits_;
  bool waited_ = false;
  bool is_open_ = false;
};

const uint8_t* list;
size_t list_size;

// Says whether the list has the SHA-256 of key, digest and signature. It is
// sorted.
bool verify_listed(const uint8_t* key, const uint8_t* digest, const uint8_t* signature) {
  const Crypto software = {nullptr, nullptr, software_update::sha256_blocks};
  software_update::Sha256 sha256;
  sha256.begin(software);
  sha256.update({key, software_update::kP256KeyBytes});
  sha256.update({digest, software_update::kSha256Bytes});
  sha256.update({signature, software_update::kP256SignatureBytes});
  uint8_t wanted[software_update::kSha256Bytes];
  sha256.finish(wanted);
  for (size_t at = 0; at < list_size; at += sizeof wanted) {
    if (memcmp(list + at, wanted, sizeof wanted) == 0) return true;
  }
  return false;
}

void run(Verifier& verifier, const software_update::Device& device, Bytes bundle, size_t piece,
         TestResult* result) {
  verifier.begin(device, bundle.size);
  size_t done = 0;
  do {
    const size_t left = bundle.size - done;
    const size_t size = left < piece ? left : piece;
    const size_t taken = verifier.feed({bundle.data + done, size});
    done += taken;
    // A sink that waits is asked again.
    if (taken < size) done += verifier.feed({bundle.data + done, size - taken});
  } while (done < bundle.size);
  const Result early = verifier.metadata_result();
  result->early_outcome = static_cast<int>(early.outcome);
  result->early_verdict = static_cast<int>(early.verdict);
  const Result end = verifier.finish();
  result->outcome = static_cast<int>(end.outcome);
  result->verdict = static_cast<int>(end.verdict);
  result->beyond = static_cast<int>(end.beyond);
  result->verifications = verifier.verifications();
}

}  // namespace

extern "C" {

const char* judge_verdict_name(int verdict) {
  return software_update::verdict_name(static_cast<Verdict>(verdict));
}

// Verifies the bundle, which arrives in pieces of `piece` bytes.
void judge(const TestDevice* known, const uint8_t* bundle, size_t size, size_t piece,
           TestResult* result) {
  memset(result, 0, sizeof *result);
  const VerifyFunction verify[] = {software_update::kP256m.verify_p256,
                                   software_update::testing::verify_fake, verify_listed};
  list = known->list;
  list_size = known->list_size;
  const Crypto crypto = {verify[known->signatures], software_update::kP256m.is_on_curve,
                         software_update::sha256_blocks};
  Installed installed;
  if (known->installed != nullptr) installed = software_update::target::unpack(known->installed);
  PythonDecompressor decompressor(*known);
  CheckingSink sink(known->sink == 2, result);
  software_update::Device device = {};
  device.crypto = &crypto;
  device.anchor = {known->trusted, known->trusted_size};
  device.installed = known->installed != nullptr ? &installed : nullptr;
  device.hardware_id = known->hardware_id;
  device.knows_time = known->knows_time != 0;
  device.now = known->now;
  device.targets = known->sink != 0 ? &sink : nullptr;
  device.decompressor = &decompressor;
  static VerifierFor<UsualLimits> usual;
  static VerifierFor<FullLimits> full;
  static VerifierFor<SmallLimits> small;
  static VerifierFor<BareLimits> bare;
  Verifier* const verifiers[] = {&usual, &full, &small, &bare};
  run(*verifiers[known->limits], device, {bundle, size}, piece, result);
}

}  // extern "C"

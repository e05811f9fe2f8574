// The verifier as functions that Python can call. library.py calls them.

#include <string.h>

#include <new>

#include "crypto/p256m.h"
#include "device/target/packed_installed.h"
#include "software_update/installed_manifest.h"
#include "software_update/sha256.h"
#include "software_update/verifier.h"
#include "tests/device_library/fake_crypto.h"

namespace {

using software_update::Bytes;
using software_update::Crypto;
using software_update::Decompressor;
using software_update::Installed;
using software_update::InstalledManifestReader;
using software_update::Outcome;
using software_update::Result;
using software_update::RootSink;
using software_update::Sha256;
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

// What becomes of payloads, as in library.py.
enum Sink { kWrites = 1, kWaits, kSkips, kFailsToOpen, kFailsToWrite, kFailsToClose };

// What the decompressor does, as in library.py.
enum Unpacks { kUnpacks, kUnpacksNothing, kHasNoRoom, kFailsAtEnd, kUnpacksTooMuch };

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
  int sink;        // 0: none; otherwise Sink
  int roots;       // 0: no RootSink, 1: takes all roots, 2: has no room for any
  int unpacks;     // Unpacks
  const uint8_t* moved;
  size_t moved_size;
  size_t promised;  // bytes of the bundle that never arrive
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
  uint64_t window;   // of the last compressed payload
  int problem;       // a rule of TargetSink or RootSink that the verifier broke
  uint32_t roots;    // that the RootSink got
  uint8_t newer[software_update::kSha256Bytes];  // SHA-256 of the newer of them
  // The SHA-256 of the keys of the root in force that sign targets metadata.
  uint32_t keys;
  uint8_t identities[software_update::kSha256Bytes];
  // Other facts that a client records, and the SHA-256 of the targets.
  uint32_t facts[8];
  uint8_t digests[software_update::kSha256Bytes];
};

const Crypto kSoftware = {nullptr, nullptr, software_update::sha256_blocks};

// Passes calls on to Python.
class PythonDecompressor final : public Decompressor {
 public:
  PythonDecompressor(const TestDevice& known, TestResult* result)
      : begin_(known.begin), feed_(known.feed), unpacks_(known.unpacks), result_(result) {}

  bool begin(uint64_t window_bytes) override {
    result_->window = window_bytes;
    return unpacks_ != kHasNoRoom && begin_(window_bytes);
  }
  bool feed(Bytes compressed, bool (*out)(void* context, Bytes content), void* context) override {
    // The verifier's answer stops a good decompressor.
    static const uint8_t kTooMuch[4096] = {};
    if (unpacks_ == kUnpacksTooMuch && out(context, {kTooMuch, sizeof kTooMuch})) {
      out(context, {kTooMuch, 1});
    }
    Call call = {out, context};
    return feed_(compressed.data, compressed.size, pass_on, &call);
  }
  bool finish() override { return unpacks_ != kFailsAtEnd; }

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
  int unpacks_;
  TestResult* result_;
};

// Takes payloads, and checks the order of the calls and the number of bytes.
class CheckingSink final : public TargetSink {
 public:
  CheckingSink(int kind, TestResult* result) : result_(result), kind_(kind) {}

  Answer open(const TargetInfo& target) override {
    if (is_open_) result_->problem = 1;
    if (kind_ == kWaits && !waited_) {
      waited_ = true;
      return Answer::kWait;
    }
    if (kind_ == kSkips) return Answer::kSkip;
    if (kind_ == kFailsToOpen) return Answer::kFail;
    waited_ = false;
    is_open_ = true;
    left_ = target.length;
    return Answer::kWrite;
  }
  bool write(Bytes content) override {
    if (!is_open_ || content.size > left_) result_->problem = 2;
    left_ -= content.size;
    result_->written += content.size;
    return kind_ != kFailsToWrite;
  }
  bool close(bool good) override {
    if (!is_open_ || (good && left_ != 0)) result_->problem = 3;
    is_open_ = false;
    if (good) ++result_->good;
    return kind_ != kFailsToClose;
  }

 private:
  TestResult* result_;
  uint64_t left_ = 0;
  int kind_;
  bool waited_ = false;
  bool is_open_ = false;
};

// Takes roots, and checks the order of the calls and the number of bytes.
class CheckingRootSink final : public RootSink {
 public:
  CheckingRootSink(bool has_room, TestResult* result) : result_(result), has_room_(has_room) {
    newer_.begin(kSoftware);
  }

  bool begin_root(size_t size) override {
    if (is_open_) result_->problem = 4;
    is_open_ = has_room_;
    left_ = size;
    before_ = newer_;
    return has_room_;
  }
  void root_bytes(Bytes bytes) override {
    if (!is_open_ || bytes.size > left_) result_->problem = 5;
    left_ -= bytes.size;
    newer_.update(bytes);
  }
  void end_root(bool newer) override {
    if (!is_open_ || left_ != 0) result_->problem = 6;
    is_open_ = false;
    ++result_->roots;
    if (!newer) newer_ = before_;
  }
  void finish() { newer_.finish(result_->newer); }

 private:
  TestResult* result_;
  Sha256 newer_;
  Sha256 before_;
  size_t left_ = 0;
  bool has_room_;
  bool is_open_ = false;
};

const uint8_t* list;
size_t list_size;

// Says whether the list has the SHA-256 of key, digest and signature. It is
// sorted.
bool verify_listed(const uint8_t* key, const uint8_t* digest, const uint8_t* signature) {
  Sha256 sha256;
  sha256.begin(kSoftware);
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

// Makes a new object find memory that was not cleared. The compiler must not
// leave the bytes out because nothing may read them.
void fill_with_garbage(uint8_t* memory, size_t size) {
  memset(memory, 0xa5, size);
  __asm__ volatile("" : : "r"(memory) : "memory");
}

template <class L>
Verifier* in_garbage() {
  alignas(VerifierFor<L>) static uint8_t memory[sizeof(VerifierFor<L>)];
  fill_with_garbage(memory, sizeof memory);
  return new (memory) VerifierFor<L>;
}

// Writes what a client records of an accepted release.
void record(const Verifier& verifier, TestResult* result) {
  const uint32_t facts[] = {
      verifier.targets_version(), verifier.root_version(), verifier.root_threshold(),
      verifier.has_counter(),     verifier.counter(),      verifier.minimum_counter(),
      verifier.is_for_other_hardware(), verifier.targets()};
  memcpy(result->facts, facts, sizeof facts);
  Sha256 digests;
  digests.begin(kSoftware);
  digests.update({verifier.release_digest(), software_update::kSha256Bytes});
  digests.update({verifier.root_sha256(), software_update::kSha256Bytes});
  for (uint32_t i = 0; i < verifier.targets(); ++i) {
    const software_update::Content& content = verifier.installed(i);
    const uint64_t length = content.length;
    digests.update({reinterpret_cast<const uint8_t*>(&length), sizeof length});
    digests.update({content.sha256, software_update::kSha256Bytes});
  }
  digests.finish(result->digests);
}

void run(Verifier& verifier, const software_update::Device& device, Bytes bundle, size_t promised,
         size_t piece, TestResult* result) {
  verifier.begin(device, bundle.size + promised);
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
  if (end.outcome == Outcome::kVerdict && end.verdict == Verdict::kAccept) {
    Sha256 identities;
    identities.begin(kSoftware);
    result->keys = verifier.root_keys();
    for (uint32_t i = 0; i < result->keys; ++i) {
      identities.update({verifier.root_key_identity(i), software_update::kSha256Bytes});
    }
    identities.finish(result->identities);
    record(verifier, result);
  }
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
  PythonDecompressor decompressor(*known, result);
  CheckingSink sink(known->sink, result);
  CheckingRootSink roots(known->roots == 1, result);
  software_update::Device device = {};
  device.crypto = &crypto;
  device.anchor = {known->trusted, known->trusted_size};
  device.moved_roots = {known->moved, known->moved_size};
  device.installed = known->installed != nullptr ? &installed : nullptr;
  device.hardware_id = known->hardware_id;
  device.knows_time = known->knows_time != 0;
  device.now = known->now;
  device.targets = known->sink != 0 ? &sink : nullptr;
  device.roots = known->roots != 0 ? &roots : nullptr;
  device.decompressor = known->unpacks != kUnpacksNothing ? &decompressor : nullptr;
  Verifier* (*const verifiers[])() = {in_garbage<UsualLimits>, in_garbage<FullLimits>,
                                      in_garbage<SmallLimits>, in_garbage<BareLimits>};
  Verifier* verifier = verifiers[known->limits]();
  run(*verifier, device, {bundle, size}, known->promised, piece, result);
  roots.finish();
}

// Reads the manifest of a device, which arrives in pieces of `piece` bytes, and
// writes it as PackedInstalled with its targets, at most `capacity` of 256.
bool judge_installed(const uint8_t* manifest, size_t size, size_t piece, const char* hardware_id,
                     uint32_t capacity, uint8_t* out) {
  static software_update::InstalledTarget targets[256];
  static software_update::ReleaseReaderFor<1024> release;
  alignas(InstalledManifestReader) static uint8_t memory[sizeof(InstalledManifestReader)];
  memset(targets, 0xa5, sizeof targets);
  fill_with_garbage(memory, sizeof memory);
  InstalledManifestReader& reader = *new (memory) InstalledManifestReader;
  reader.begin(kSoftware, hardware_id, {targets, capacity, &release}, size);
  for (size_t at = 0; at < size; at += piece) {
    reader.feed({manifest + at, size - at < piece ? size - at : piece});
  }
  Installed installed;
  const bool is_good = reader.finish(installed);
  software_update::target::PackedInstalled head = {};
  head.version = installed.version;
  head.has_counter = installed.has_counter;
  head.counter = installed.counter;
  head.minimum_counter = installed.minimum_counter;
  head.is_for_other_hardware = installed.is_for_other_hardware;
  head.has_user_manifest = installed.has_user_manifest;
  head.user_manifest_length = installed.user_manifest_length;
  memcpy(head.targets_sha256, installed.targets_sha256, sizeof head.targets_sha256);
  memcpy(head.user_manifest_sha256, installed.user_manifest_sha256,
         sizeof head.user_manifest_sha256);
  head.former_stated = installed.former.stated;
  head.former_version = installed.former.version;
  memcpy(head.former_sha256, installed.former.sha256, sizeof head.former_sha256);
  head.targets = installed.targets;
  memcpy(out, &head, sizeof head);
  memcpy(out + sizeof head, targets, installed.targets * sizeof targets[0]);
  return is_good;
}

}  // extern "C"

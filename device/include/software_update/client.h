// Updates a device: a whole release, with consent, a trial and a fallback.

#ifndef SOFTWARE_UPDATE_CLIENT_H_
#define SOFTWARE_UPDATE_CLIENT_H_

#include "software_update/flash.h"
#include "software_update/installed.h"
#include "software_update/journal.h"
#include "software_update/slots.h"
#include "software_update/verifier.h"

namespace software_update {

// Results of the client's verbs. After an error before kRefused, nothing has changed.
enum class Status : uint8_t {
  kOk,
  kBadState,       // the verb is not allowed in this state
  kNeedsConsent,   // `question` tells what to ask; continue after `approve`
  kOtherQuestion,  // the approved question is not the present one
  kRefused,        // `Info::result` has the verdict, or the limit of this device
  kUnknownTarget,  // the release lists a target that has no slot
  kMissingTarget,  // the release lacks a target that has a slot
  kSlotTooSmall,   // a target is longer than its slot
  kTooManyRoots,   // moved roots and installed manifest do not fit into a data sector
  kStorageFailed,  // the flash failed, or its content changed
  kCancelled,      // by `cancel`
  kRejected,       // by `reject`
  kTrialFailed,    // the trial's starts were used up
};

// Phases that need consent, as in the client for larger devices. This client writes slots while it
// downloads, so consent to kDownload covers kInstall.
enum class Phase : uint8_t { kDownload, kInstall, kRestart };

// The question before a phase. An answer holds only for this release, this root and this phase.
struct Question {
  bool asked;  // false: there is no question now
  Phase phase;
  uint8_t release[kSha256Bytes];  // release digest
  uint8_t root[kSha256Bytes];     // SHA-256 of the signed bytes of the root in force
  uint32_t version;               // of the targets metadata
  bool has_counter;
  uint32_t counter;  // of the release manifest
};

// The client's state.
struct Info {
  State state;
  uint8_t slot;     // in force: 0 is A, 1 is B
  uint8_t running;  // the other one while a release is tried
  uint8_t boots;    // starts that the trial has left
  Floor floor;      // of the confirmed release
  Status status;    // of the last update
  Result result;    // of its verification, if `status` is kRefused
};

// A release, as its targets metadata name it. `known` is false if there is none.
struct Release {
  bool known;
  uint32_t version;  // of the targets metadata
  uint8_t digest[kSha256Bytes];  // release digest
};

// The parts of a product that the client works with. They outlive it.
struct Product {
  Flash* state;  // with the journal and the data sectors
  Flash* slots;  // with the slots; may be the same
  const Places* places;
  const Crypto* crypto;
  Bytes anchor;              // SignedRootMetadata in the verified image
  const char* hardware_id;   // null: not checked
  Decompressor* decompressor;  // null: none
  uint8_t trial_boots;       // starts that a trial gets, 1 or more
};

// Memory of a client. `ClientFor` has it.
struct ClientMemory {
  uint8_t* roots;  // moved roots, one UpdateBundle field 65 each
  uint32_t roots_bytes;
  InstalledTarget* targets;  // of the installed release
  uint32_t target_count;
  uint8_t (*key_ids)[kSha256Bytes];  // of the former root
  uint32_t key_count;
};

// Takes a bundle and updates the device. The verbs are those of Arm's PSA Firmware Update API:
//
//   load                                 once, after each start of the device
//   start, write..., finish              READY -> WRITING -> CANDIDATE
//   install, then restart the device     CANDIDATE -> STAGED -> TRIAL (the boot loader)
//   accept or reject                     TRIAL -> UPDATED, or REJECTED and FAILED after a restart
//   cancel                               WRITING, CANDIDATE -> FAILED
//   clean                                UPDATED, FAILED -> READY
class Client : private TargetSink, private RootSink {
 public:
  // Reads the journal and checks the data sector in force. Call it before all other verbs.
  Status load();

  // Begins a bundle of `size` bytes. Without a clock, `knows_time` is false.
  Status start(uint64_t size, bool knows_time, int64_t now);
  // Takes bytes of the bundle. `consumed` is smaller than their number if the status is not kOk. After
  // kNeedsConsent, pass the rest again once the question is approved.
  Status write(Bytes bytes, size_t* consumed);
  // Ends the bundle: copies the payloads that it leaves out, and compares all slots with the metadata.
  // After kNeedsConsent, call it again once the question is approved.
  Status finish();
  // Has the boot loader try the release at the next restart. Needs consent to kRestart.
  Status install();
  // Confirms the release in trial: its slot is in force, and the floor rises.
  Status accept();
  // Gives up a staged release or one in trial.
  Status reject();
  Status cancel();
  Status clean();

  // The question that waits for an answer.
  Question question() const;
  // Answers a question with yes. The answer is kept over restarts.
  Status approve(const Question& question);
  Info query() const;
  // The release that is confirmed, and the one that is a candidate, staged or in trial.
  Release confirmed() const;
  Release next() const;

 protected:
  Client(const Product* product, Verifier* verifier, const ClientMemory& memory)
      : product_(product), verifier_(verifier), memory_(memory), journal_(product->state, product->places) {}
  ~Client() = default;

 private:
  // TargetSink
  Answer open(const TargetInfo& target) override;
  bool write(Bytes content) override;
  bool close(bool good) override;
  // RootSink
  bool begin_root(size_t size) override;
  void root_bytes(Bytes bytes) override;

  const Product* product_;
  Verifier* verifier_;
  ClientMemory memory_;
  Journal journal_;
};

// A client and its memory. `L` has the limits of the verifier; `kRootBytes` is the number of bytes for
// moved roots: about 450 for each root with two keys.
template <class L, uint32_t kRootBytes>
class ClientFor : public Client {
 public:
  explicit ClientFor(const Product* product)
      : Client(product, &verifier_for_, {roots_, kRootBytes, targets_, L::kTargets, key_ids_, L::kKeys}) {}

 private:
  VerifierFor<L> verifier_for_;
  uint8_t roots_[kRootBytes];
  InstalledTarget targets_[L::kTargets];
  uint8_t key_ids_[L::kKeys][kSha256Bytes];
};

}  // namespace software_update

#endif  // SOFTWARE_UPDATE_CLIENT_H_

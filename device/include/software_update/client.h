// Updates a device: a whole release, with consent, a trial and a fallback.

#ifndef SOFTWARE_UPDATE_CLIENT_H_
#define SOFTWARE_UPDATE_CLIENT_H_

#include "software_update/flash.h"
#include "software_update/flash_writer.h"
#include "software_update/installed.h"
#include "software_update/journal.h"
#include "software_update/slots.h"
#include "software_update/verifier.h"

namespace software_update {

struct DataHeader;  // in src/data.h

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
  uint8_t running;  // as the boot loader has started it: the other one while a release is tried
  uint8_t boots;    // starts that the trial has left
  Floor floor;      // of the confirmed release
  Status status;    // of the last update
  Result result;    // of its verification, if `status` is kRefused
};

// A release, as its targets metadata name it. `known` is false if there is none.
struct Release {
  bool known;
  uint32_t version;              // of the targets metadata
  uint8_t digest[kSha256Bytes];  // release digest
};

// The parts of a product that the client works with. They outlive it.
struct Product {
  Flash* state;  // with the journal and the data sectors
  Flash* slots;  // with the slots; may be the same
  const Places* places;
  const Crypto* crypto;
  Bytes anchor;                // SignedRootMetadata in the verified image
  const char* hardware_id;     // null: not checked
  Decompressor* decompressor;  // null: none
  uint8_t trial_boots;         // starts that a trial gets, 1 or more
};

// Memory of a client. `ClientFor` has it.
struct ClientMemory {
  uint8_t* roots;  // moved roots, one UpdateBundle field 65 each
  uint32_t roots_bytes;
  InstalledTarget* targets;  // of the installed release
  uint32_t target_count;
  uint8_t (*identities)[kSha256Bytes];  // of the keys of the former root
  uint32_t key_count;
};

// All that a client knows besides its journal. Small members come first: instructions of Thumb
// reach these with fewer bytes. All begin as zero.
struct ClientState {
  State volatile_;  // kWriting, kCandidate or kFailed, which a restart forgets
  uint8_t running_;
  bool is_loaded_;  // false also after the journal failed: its state is not certain
  bool has_installed_;
  bool is_checked_;  // every target of the release has its slot
  bool is_judged_;   // the verifier accepted the bundle
  bool asks_;
  bool too_many_roots_;
  Status fault_;  // that the sinks found
  const Product* product_;
  Verifier* verifier_;
  uint32_t kept_roots_;  // bytes of the moved roots in the data sector
  uint32_t new_roots_;   // and with those of this bundle
  uint32_t root_end_;    // and with the one that is passing
  uint32_t slot_;        // that is being written
  uint32_t left_;        // bytes that it still gets
  uint32_t written_;     // slots that are complete: 1 << index
  ClientMemory memory_;
  Record record_;
  Installed installed_;
  Release confirmed_;
  Release next_;
  FlashWriter writer_;
};

// Takes a bundle and updates the device. The verbs are those of Arm's PSA Firmware Update API:
//
//   load                                 once, after each start of the device
//   start, write..., finish              READY -> WRITING -> CANDIDATE
//   install, then restart the device     CANDIDATE -> STAGED -> TRIAL (the boot loader)
//   accept or reject                     TRIAL -> UPDATED, or REJECTED and FAILED after a restart
//   cancel                               WRITING, CANDIDATE -> FAILED
//   clean                                UPDATED, FAILED -> READY
class Client : private TargetSink, private RootSink, private ClientState {
 public:
  // Reads the journal and checks the data sector in force. Call it before all other verbs.
  // `running` is the slot that the boot loader has started (Decision::slot): 0 is A, 1 is B. If a
  // trial ended and the boot loader could not write that, this writes it.
  Status load(uint8_t running);

  // Begins a bundle of `size` bytes. Without a clock, `knows_time` is false.
  Status start(uint64_t size, bool knows_time, int64_t now);
  // Takes bytes of the bundle. `consumed` is smaller than their number if the status is not kOk.
  // After kNeedsConsent, pass the rest again once the question is approved.
  Status write(Bytes bytes, size_t* consumed);
  // Ends the bundle: copies the payloads that it leaves out, and compares all slots with the
  // metadata. After kNeedsConsent, call it again once the question is approved.
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
      : ClientState(), journal_(product->state, product->places) {
    product_ = product;
    verifier_ = verifier;
    memory_ = memory;
  }
  ~Client() = default;

 private:
  // TargetSink
  Answer open(const TargetInfo& target) override;
  bool write(Bytes content) override;
  bool close(bool good) override;
  // RootSink
  bool begin_root(size_t size) override;
  void root_bytes(Bytes bytes) override;
  void end_root(bool newer) override;

  State state() const;
  uint32_t other() const { return record_.slot ^ 1u; }
  bool is_in(State one, State other) const;
  Status end_trial();
  Status leave_trial(Record& next, State state);
  Status read_kept();
  bool read_sector(uint32_t sector, const uint8_t* sha256, DataHeader* header) const;
  bool read_next(DataHeader* header) const;
  [[gnu::noinline]] Status fail(Status status);
  Status store(Record& next);
  bool is_present(const uint8_t* release, const uint8_t* root) const;
  bool has_consent(Phase phase) const;
  Status check_release();
  uint32_t find_target(uint32_t slot) const;
  Status write_kept(uint32_t sector, uint8_t sha256[kSha256Bytes]);
  Status complete_slots();
  void record_root();
  Status write_next();

  Journal journal_;
};

// A client and its memory. `L` has the limits of the verifier; `kRootBytes` is the number of bytes
// for moved roots: about 450 for each root with two keys.
template <class L, uint32_t kRootBytes>
class ClientFor : public Client {
  static_assert(!L::kAnyOrder, "the client keeps roots in the order in which they arrive");

 public:
  explicit ClientFor(const Product* product)
      : Client(product, &verifier_for_,
               {roots_, kRootBytes, targets_, L::kTargets, identities_, L::kKeys}) {}

 private:
  VerifierFor<L> verifier_for_;
  uint8_t roots_[kRootBytes];
  InstalledTarget targets_[L::kTargets];
  uint8_t identities_[L::kKeys][kSha256Bytes];
};

}  // namespace software_update

#endif  // SOFTWARE_UPDATE_CLIENT_H_

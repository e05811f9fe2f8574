// Cuts the power at every flash operation of whole updates: client, journal and boot decision
// together.
//
// Arguments: a folder with anchor and bundles (power_cuts.py makes them), the number of
// seeds, the distance of the cuts (1: every operation), and that of the second cuts (0: one cut in
// a run). Prints the number of cuts. Ends with 1 at the first fault: a brick, a lost state, a
// version below the confirmed one, an update that does not end, a lost or an invented consent, or a
// broken rule of the flash.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "software_update/boot.h"
#include "software_update/client.h"
#include "testing/flash_model.h"

namespace software_update {
namespace {

struct Limits {
  static constexpr uint32_t kKeys = 4;
  static constexpr uint32_t kSignatures = 2;
  static constexpr uint32_t kTargets = 4;
  static constexpr uint32_t kLoosePayloads = 1;
  static constexpr uint32_t kRoots = 2;
  static constexpr uint32_t kAllowedTargets = 0;
  static constexpr uint32_t kNameBytes = 16;
  static constexpr uint32_t kVerifications = 16;
  static constexpr bool kReleaseManifest = true;
  static constexpr bool kCompression = false;
  static constexpr bool kAnyOrder = false;
};
using TestClient = ClientFor<Limits, 1024>;

bool takes_all(const uint8_t*, const uint8_t*, const uint8_t*) { return true; }
bool takes_point(const uint8_t*) { return true; }
const Crypto kCrypto = {takes_all, takes_point, sha256_blocks};

struct File {
  uint8_t bytes[8192];
  size_t size;
};

const char* folder;

void read_file(const char* name, File* file) {
  char path[512];
  snprintf(path, sizeof(path), "%s/%s", folder, name);
  FILE* stream = fopen(path, "rb");
  if (stream == nullptr) {
    printf("%s: cannot be read\n", path);
    exit(2);
  }
  file->size = fread(file->bytes, 1, sizeof(file->bytes), stream);
  fclose(stream);
}

// The end of an update in a script.
enum class Ending : uint8_t {
  kAccept,
  kForget,   // the application does not accept, and the device restarts
  kReject,   // the application rejects the trial
  kUnstage,  // the operator rejects the staged release
  kRefuse,   // the client must refuse the bundle
  kCancel,   // the operator cancels the candidate
};

struct Step {
  const char* bundle;
  uint32_t version;
  Ending ending;
};

constexpr uint32_t kSteps = 3;

struct Script {
  const char* name;
  Step steps[kSteps];
};

const Script kScripts[] = {
    {"accepted",
     {{"one", 1, Ending::kAccept}, {"two", 2, Ending::kAccept}, {"three", 3, Ending::kAccept}}},
    {"not accepted",
     {{"two", 2, Ending::kForget}, {"two", 2, Ending::kAccept}, {"one", 1, Ending::kRefuse}}},
    {"rejected",
     {{"two", 2, Ending::kReject}, {"two", 2, Ending::kUnstage}, {"three", 3, Ending::kAccept}}},
    {"rotation",
     {{"one", 1, Ending::kAccept},
      {"rotated_two", 2, Ending::kForget},
      {"rotated_three", 3, Ending::kAccept}}},
    {"bad",
     {{"rotated_bad_two", 2, Ending::kRefuse},
      {"three", 3, Ending::kRefuse},
      {"rotated_three", 3, Ending::kAccept}}},
    {"old root",
     {{"rotated_two", 2, Ending::kAccept},
      {"three", 3, Ending::kRefuse},
      {"rotated_three", 3, Ending::kAccept}}},
    {"personalized",
     {{"one", 1, Ending::kAccept},
      {"personal_two", 2, Ending::kAccept},
      {"two", 2, Ending::kCancel}}},
};

constexpr uint32_t kVersions = 4;  // 0 is the one of the factory
constexpr uint32_t kSlots = 2;
const char* const kTargetNames[kSlots] = {"app", "radio"};

uint64_t cuts = 0;
uint64_t runs = 0;

// A flash that can still be read.
class WornFlash : public Flash {
 public:
  explicit WornFlash(Flash* flash) : flash_(flash) {}
  bool read(uint32_t address, void* bytes, size_t size) override {
    return flash_->read(address, bytes, size);
  }
  bool program(uint32_t, const void*, size_t) override { return false; }
  bool erase(uint32_t) override { return false; }
  size_t program_unit() const override { return flash_->program_unit(); }
  size_t erase_unit() const override { return flash_->erase_unit(); }

 private:
  Flash* flash_;
};

template <uint32_t kUnit, uint32_t kSector, uint32_t kJournal, bool kEcc>
class World {
 public:
  World() {
    uint32_t at = 0;
    places_.journal_bytes = kJournal;
    places_.data_bytes = (1536 + kSector - 1) / kSector * kSector;
    for (uint32_t& each : places_.journal) at += kJournal, each = at - kJournal;
    for (uint32_t& each : places_.data) at += places_.data_bytes, each = at - places_.data_bytes;
    for (uint32_t i = 0; i < kSlots; ++i) {
      slots_[i].name = kTargetNames[i];
      slots_[i].size = (kSlotBytes + kSector - 1) / kSector * kSector;
      for (uint32_t& each : slots_[i].address) at += slots_[i].size, each = at - slots_[i].size;
    }
    places_.slot = slots_;
    places_.slots = kSlots;
    first_slot_ = slots_[0].address[0];
    if (at > kFlashBytes) exit(2);
    read_file("anchor", &anchor_);
    for (uint32_t version = 0; version < kVersions; ++version) {
      for (uint32_t i = 0; i < kSlots; ++i) {
        char name[32];
        snprintf(name, sizeof(name), "%s_%u", kTargetNames[i], version);
        read_file(name, &content_[version][i]);
      }
    }
    product_ = {&flash_, &flash_, &places_, &kCrypto, {anchor_.bytes, anchor_.size},
                "board", nullptr, kBoots};
  }

  void run(const Script& script, uint64_t seeds, uint64_t stride, uint64_t step) {
    script_ = &script;
    for (uint32_t i = 0; i < kSteps; ++i) read_file(script.steps[i].bundle, &bundles_[i]);
    const uint64_t all = play(0, Cut::kBefore, 0, Cut::kBefore, 0);
    for (uint64_t seed = 0; seed < seeds; ++seed) {
      for (uint64_t first = 1 + seed % stride; first <= all; first += stride) {
        for (uint8_t cut = 0; cut < 3; ++cut) {
          const uint64_t rest = play(first, static_cast<Cut>(cut), 0, Cut::kBefore, seed);
          if (step == 0) continue;
          for (uint64_t second = 1 + (7 * first + seed) % step; second <= rest; second += step) {
            for (uint8_t again = 0; again < 3; ++again) {
              play(first, static_cast<Cut>(cut), second, static_cast<Cut>(again), seed);
            }
          }
        }
      }
    }
  }

 private:
  static constexpr uint32_t kFlashBytes = 64 * 1024;
  static constexpr uint32_t kSlotBytes = 400;
  static constexpr uint8_t kBoots = 2;

  [[noreturn]] void fault(const char* what) {
    printf("%s: script %s, step %u, unit %u, sector %u, cuts %llu (%u) and %llu (%u), seed %llu\n",
           what, script_->name, step_, kUnit, kSector, static_cast<unsigned long long>(first_),
           static_cast<unsigned>(first_cut_), static_cast<unsigned long long>(second_),
           static_cast<unsigned>(second_cut_), static_cast<unsigned long long>(seed_));
    exit(1);
  }

  void check(bool good, const char* what) {
    if (!good) fault(what);
  }

  // Returns the number of operations after the last cut.
  uint64_t play(uint64_t first, Cut first_cut, uint64_t second, Cut second_cut, uint64_t seed) {
    ++runs;
    first_ = first;
    first_cut_ = first_cut;
    second_ = second;
    second_cut_ = second_cut;
    seed_ = seed;
    flash_.reset();
    for (uint32_t i = 0; i < kSlots; ++i) write_factory(i);
    flash_.cut_at(first, first_cut, seed + 13 * first);
    cuts_left_ = (first != 0) + (second != 0);
    confirmed_ = 0;
    confirming_ = 0;
    staged_ = false;
    trials_ = 0;
    ended_ = false;
    approved_ = maybe_approved_ = 0;
    for (step_ = 0; step_ < kSteps; ++step_) {
      play_step(script_->steps[step_], bundles_[step_]);
    }
    check(flash_.broken_rule() == nullptr, flash_.broken_rule());
    return flash_.operations();
  }

  void write_factory(uint32_t slot) {
    FlashWriter writer;
    writer.begin(&flash_, slots_[slot].address[0]);
    writer.write({content_[0][slot].bytes, content_[0][slot].size});
    writer.finish();
  }

  // Switches the power on again after a cut, and plans the second one.
  void restart() {
    ++cuts;
    flash_.restart();
    const bool again = second_ != 0 && cuts_left_ == 2;
    if (cuts_left_ > 0) --cuts_left_;
    flash_.cut_at(again ? second_ : 0, second_cut_, seed_ + 17 * second_ + first_);
    was_cut_ = true;
  }

  bool runs_version(uint32_t side, uint32_t version) {
    for (uint32_t i = 0; i < kSlots; ++i) {
      const File& file = content_[version][i];
      uint8_t found[kSlotBytes];
      if (!flash_.read(slots_[i].address[side], found, file.size)) return false;
      if (memcmp(found, file.bytes, file.size) != 0) return false;
    }
    return true;
  }

  // Starts the device until it has power. Returns the version that runs.
  uint32_t boot(Decision* decision) {
    for (;;) {
      const bool rehashes = (first_ + seed_) % 2 == 0;
      // In half of the runs, the fallback cannot be written, although the power is on.
      const bool is_worn = (first_ + seed_) % 4 < 2 && trials_ == kBoots;
      Flash* state = is_worn ? static_cast<Flash*>(&worn_) : &flash_;
      *decision = boot_decision(state, &flash_, places_, rehashes ? &kCrypto : nullptr);
      if (decision->trial) ++trials_;
      if (!flash_.is_off()) break;
      restart();
    }
    check(decision->start, "a brick: no slot starts");
    uint32_t version = kVersions;
    for (uint32_t each = 0; each < kVersions; ++each) {
      if (runs_version(decision->slot, each)) version = each;
    }
    check(version < kVersions, "a brick: a slot starts that is not complete");
    check(version >= confirmed_, "a version below the confirmed one starts");
    check(trials_ <= kBoots, "a trial has more starts than its budget");
    return version;
  }

  // Plays one step, as often as cuts demand it.
  void play_step(const Step& step, const File& bundle) {
    done_ = false;
    for (uint32_t starts = 0; starts < 60; ++starts) {
      Decision decision;
      const uint32_t version = boot(&decision);
      TestClient client(&product_);
      const Status loaded = client.load(decision.slot);
      if (!flash_.is_off()) {
        check(loaded == Status::kOk, "the client cannot load its state");
        check_state(client, decision, version);
        act(client, step, bundle);
      }
      if (flash_.is_off()) restart();
      if (done_) return;
    }
    fault("the update does not end");
  }

  void check_state(const TestClient& client, const Decision& decision, uint32_t version) {
    const Info info = client.query();
    if (confirming_ != 0 && info.floor.version == confirming_) confirmed_ = confirming_;
    check(info.floor.version == confirmed_,
          "a state is lost: the floor is not that of the confirmed release");
    check(confirmed_ == 0 || info.floor.counter == confirmed_,
          "a state is lost: the counter of the floor");
    confirming_ = 0;
    check(info.running == decision.slot, "another slot runs than the one that was started");
    check((info.slot != decision.slot) == (info.state == State::kTrial),
          "a state is lost: another slot is in force");
    check(decision.trial == (info.state == State::kTrial), "a state is lost: the trial");
    check(decision.trial || version == confirmed_,
          "a version that is not confirmed runs without a trial");
    if (staged_) {
      const bool tried = info.state == State::kTrial;
      check(tried || was_cut_ || trials_ == kBoots,
            "a state is lost: the staged release is not tried");
      if (!tried) staged_ = false;
    }
  }

  void act(TestClient& client, const Step& step, const File& bundle) {
    // Each pass is one life of the device; verbs that need a restart end it.
    for (;;) {
      switch (client.query().state) {
        case State::kReady:
          if (is_done(step)) return;
          if (!update(client, step, bundle)) return;
          break;
        case State::kTrial:
          finish_trial(client, step);
          return;
        case State::kUpdated:
        case State::kFailed:
          if (client.query().state == State::kFailed) {
            // A trial that failed makes its consent void; a cancelled candidate keeps it.
            if (client.query().status != Status::kCancelled &&
                client.query().status != Status::kRefused) {
              approved_ = maybe_approved_ = 0;
            }
            ended_ = ended_ || step.ending != Ending::kAccept;
          }
          if (client.clean() != Status::kOk) return;
          break;
        default:
          return;
      }
    }
  }

  bool is_done(const Step& step) {
    const bool accepted = step.ending == Ending::kAccept && confirmed_ == step.version;
    if (!accepted && !ended_) return false;
    ended_ = false;
    done_ = true;
    approved_ = maybe_approved_ = 0;
    return true;
  }

  // Plays the part of an update before the restart. Returns false if the life of the device is
  // over.
  bool update(TestClient& client, const Step& step, const File& bundle) {
    check(client.start(bundle.size, false, 0) == Status::kOk, "an update does not start");
    size_t at = 0;
    Status status = Status::kOk;
    bool finishing = false;
    while (!finishing || status == Status::kNeedsConsent) {
      if (at < bundle.size) {
        const size_t part = bundle.size - at < 100 ? bundle.size - at : 100;
        size_t used = 0;
        status = client.write(Bytes{bundle.bytes + at, part}, &used);
        at += used;
      } else {
        finishing = true;
        status = client.finish();
      }
      if (flash_.is_off()) return false;
      if (status == Status::kNeedsConsent) {
        if (!consent(client, Phase::kDownload)) return false;
      } else if (status != Status::kOk) {
        check(status == Status::kRefused, "an update fails");
        check(step.ending == Ending::kRefuse, "a good release is refused");
        return true;
      }
    }
    check(step.ending != Ending::kRefuse, "a release is taken that must be refused");
    check((maybe_approved_ & 1) != 0, "a consent is invented");
    if (step.ending == Ending::kCancel) {
      check(client.cancel() == Status::kOk, "a candidate cannot be cancelled");
      return true;
    }
    trials_ = 0;
    status = client.install();
    if (status == Status::kNeedsConsent) {
      if (!consent(client, Phase::kRestart)) return false;
      status = client.install();
    }
    if (flash_.is_off()) return false;
    check(status == Status::kOk, "a candidate cannot be installed");
    check((maybe_approved_ & 4) != 0, "a consent is invented");
    staged_ = true;
    was_cut_ = false;
    if (step.ending == Ending::kUnstage) {
      staged_ = false;
      if (client.reject() != Status::kOk) return false;
      check(client.query().state == State::kFailed,
            "a staged release that was rejected is not failed");
      return true;
    }
    return false;
  }

  bool consent(TestClient& client, Phase phase) {
    const uint8_t bit = static_cast<uint8_t>(1u << static_cast<uint8_t>(phase));
    check((approved_ & bit) == 0, "a consent is lost");
    Question question = client.question();
    check(question.asked && question.phase == phase, "a question is not the one of the phase");
    check(question.version == script_->steps[step_].version, "a question names another version");
    check(question.has_counter && question.counter == question.version,
          "a question names another counter");
    Question other = question;
    other.release[0] ^= 1;
    check(client.approve(other) == Status::kOtherQuestion, "an answer to another question counts");
    maybe_approved_ |= bit;
    if (client.approve(question) != Status::kOk) {
      check(flash_.is_off(), "an answer cannot be kept");
      return false;
    }
    approved_ |= bit;
    return true;
  }

  void finish_trial(TestClient& client, const Step& step) {
    if (step.ending != Ending::kForget) staged_ = false;
    switch (step.ending) {
      case Ending::kAccept:
        confirming_ = step.version;
        if (client.accept() == Status::kOk) confirmed_ = step.version;
        return;
      case Ending::kForget:
        return;
      case Ending::kReject:
      case Ending::kUnstage:
        client.reject();
        return;
      default:
        fault("a release is tried that was not installed");
    }
  }

  FlashModelOf<kFlashBytes, kUnit, kSector, kEcc> flash_;
  WornFlash worn_{&flash_};
  Slot slots_[kSlots];
  Places places_;
  uint32_t first_slot_;
  File anchor_;
  File content_[kVersions][kSlots];
  File bundles_[kSteps];
  Product product_;
  const Script* script_ = nullptr;

  uint32_t step_ = 0;
  uint64_t first_ = 0;
  Cut first_cut_ = Cut::kBefore;
  uint64_t second_ = 0;
  Cut second_cut_ = Cut::kBefore;
  uint64_t seed_ = 0;
  uint32_t cuts_left_ = 0;
  bool done_ = false;
  bool ended_ = false;    // the step has had its ending
  bool was_cut_ = false;  // since the release was staged
  bool staged_ = false;
  uint32_t trials_ = 0;      // starts of the present trial
  uint32_t confirmed_ = 0;   // the version that the device must keep
  uint32_t confirming_ = 0;  // the one whose acceptance was cut
  uint8_t approved_ = 0;     // phases whose approval was kept
  uint8_t maybe_approved_ = 0;
};

template <uint32_t kUnit, uint32_t kSector, uint32_t kJournal, bool kEcc>
void run_all(uint64_t seeds, uint64_t stride, uint64_t step) {
  static World<kUnit, kSector, kJournal, kEcc> world;
  for (const Script& script : kScripts) world.run(script, seeds, stride, step);
}

}  // namespace
}  // namespace software_update

int main(int count, char** arguments) {
  if (count != 5) {
    printf("usage: %s FOLDER SEEDS DISTANCE SECOND_DISTANCE\n", arguments[0]);
    return 2;
  }
  software_update::folder = arguments[1];
  const uint64_t seeds = strtoull(arguments[2], nullptr, 10);
  const uint64_t stride = strtoull(arguments[3], nullptr, 10);
  const uint64_t step = strtoull(arguments[4], nullptr, 10);
  // Two records in a journal sector; a journal sector of two flash sectors; large sectors; plain
  // NOR flash.
  software_update::run_all<32, 512, 512, true>(seeds, stride, step);
  software_update::run_all<16, 256, 512, true>(seeds, 2 * stride, 2 * step);
  software_update::run_all<8, 4096, 4096, true>(seeds, 4 * stride, 4 * step);
  software_update::run_all<4, 1024, 1024, false>(seeds, 8 * stride, 8 * step);
  printf("%llu cuts in %llu runs, no fault\n",
         static_cast<unsigned long long>(software_update::cuts),
         static_cast<unsigned long long>(software_update::runs));
  return 0;
}

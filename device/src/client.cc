#include "software_update/client.h"

#include <string.h>

#include "data.h"

namespace software_update {
namespace {

constexpr uint32_t kNoSlot = 0xffffffffu;

// Tag of UpdateBundle field 65, root_chain: (65 << 3) | 2 as a varint.
constexpr uint8_t kRootTag[] = {0x8a, 0x04};

uint8_t bit_of(Phase phase) { return static_cast<uint8_t>(1u << static_cast<uint8_t>(phase)); }

bool is_same(const uint8_t* one, const uint8_t* other) {
  return memcmp(one, other, kSha256Bytes) == 0;
}

bool is_tried(uint8_t state) {
  return state == static_cast<uint8_t>(State::kStaged) ||
         state == static_cast<uint8_t>(State::kTrial) ||
         state == static_cast<uint8_t>(State::kRejected);
}

}  // namespace

// State

State Client::state() const {
  return volatile_ == State::kReady ? static_cast<State>(record_.state) : volatile_;
}

Status Client::load(uint8_t running) {
  running_ = running;
  volatile_ = State::kReady;
  asks_ = false;
  confirmed_ = {};
  next_ = {};
  is_loaded_ = journal_.load(&record_);
  if (!is_loaded_) return Status::kStorageFailed;
  const Status ended = end_trial();
  if (ended != Status::kOk) return ended;
  const Status kept = read_kept();
  DataHeader header;
  if (is_tried(record_.state) && read_data(product_->state, *product_->crypto, *product_->places,
                                           record_.data ^ 1u, record_.next_sha256, &header)) {
    next_.known = true;
    next_.version = header.version;
    memcpy(next_.digest, header.targets_sha256, kSha256Bytes);
  }
  return kept;
}

// Ends a trial whose release does not run: the boot loader fell back, and could not write that.
// Otherwise, `accept` would confirm the release that has just failed.
Status Client::end_trial() {
  const State state = static_cast<State>(record_.state);
  const bool is_trial = state == State::kTrial || state == State::kRejected;
  if (!is_trial || running_ != record_.slot) return Status::kOk;
  Record next = record_;
  next.state = static_cast<uint8_t>(State::kFailed);
  next.status =
      static_cast<uint8_t>(state == State::kTrial ? Status::kTrialFailed : Status::kRejected);
  next.boots = 0;
  next.consent = 0;
  return store(next);
}

// Reads the data sector in force: the installed manifest and the moved roots. Without a good one,
// the device takes no release, because it would not know which versions and roots are too old.
Status Client::read_kept() {
  has_installed_ = false;
  kept_roots_ = 0;
  new_roots_ = 0;
  if (record_.has_data == 0) return Status::kOk;
  Flash* flash = product_->state;
  DataHeader header;
  if (!read_data(flash, *product_->crypto, *product_->places, record_.data, record_.data_sha256,
                 &header)) {
    return Status::kStorageFailed;
  }
  if (header.targets > memory_.target_count || header.identities > memory_.key_count ||
      header.roots_bytes > memory_.roots_bytes) {
    return Status::kStorageFailed;
  }
  const uint32_t address = product_->places->data[record_.data];
  const bool is_read =
      flash->read(address + static_cast<uint32_t>(sizeof(header)), memory_.targets,
                  header.targets * sizeof(InstalledTarget)) &&
      flash->read(address + identities_offset(header), memory_.identities,
                  header.identities * kSha256Bytes) &&
      flash->read(address + roots_offset(header), memory_.roots, header.roots_bytes);
  if (!is_read) return Status::kStorageFailed;
  kept_roots_ = header.roots_bytes;
  new_roots_ = kept_roots_;
  has_installed_ = header.has_installed != 0;
  installed_.version = header.version;
  memcpy(installed_.targets_sha256, header.targets_sha256, kSha256Bytes);
  installed_.has_counter = header.has_counter != 0;
  installed_.counter = header.counter;
  installed_.minimum_counter = header.minimum_counter;
  installed_.is_for_other_hardware = header.is_for_other_hardware != 0;
  installed_.has_user_manifest = header.has_user_manifest != 0;
  installed_.user_manifest_length = header.user_manifest_length;
  memcpy(installed_.user_manifest_sha256, header.user_manifest_sha256, kSha256Bytes);
  installed_.former.stated = true;
  installed_.former.version = header.former_version;
  memcpy(installed_.former.sha256, header.former_sha256, kSha256Bytes);
  installed_.former.threshold = header.former_threshold;
  installed_.former.keys = header.identities;
  installed_.former.identities = memory_.identities;
  installed_.targets = header.targets;
  installed_.target = memory_.targets;
  confirmed_.known = has_installed_;
  confirmed_.version = installed_.version;
  memcpy(confirmed_.digest, installed_.targets_sha256, kSha256Bytes);
  return Status::kOk;
}

// Ends an update that is not staged. Only memory changes: a bundle of a stranger must not wear the
// flash.
Status Client::fail(Status status) {
  volatile_ = State::kFailed;
  asks_ = false;
  record_.status = static_cast<uint8_t>(status);
  return status;
}

Status Client::store(const Record& record) {
  Record next = record;
  is_loaded_ = journal_.store(&next);
  if (!is_loaded_) return Status::kStorageFailed;
  record_ = next;
  return Status::kOk;
}

// Bundle

Status Client::start(uint64_t size, bool knows_time, int64_t now) {
  if (!is_loaded_ || state() != State::kReady) return Status::kBadState;
  const Status kept = read_kept();
  if (kept != Status::kOk) return kept;
  is_checked_ = false;
  is_judged_ = false;
  asks_ = false;
  too_many_roots_ = false;
  fault_ = Status::kOk;
  slot_ = kNoSlot;
  written_ = 0;
  record_.status = static_cast<uint8_t>(Status::kOk);
  volatile_ = State::kWriting;
  Device device = {};
  device.crypto = product_->crypto;
  device.anchor = product_->anchor;
  device.moved_roots = {memory_.roots, kept_roots_};
  device.installed = has_installed_ ? &installed_ : nullptr;
  device.hardware_id = product_->hardware_id;
  device.knows_time = knows_time;
  device.now = now;
  device.targets = this;
  device.roots = this;
  device.decompressor = product_->decompressor;
  verifier_->begin(device, size);
  return Status::kOk;
}

Status Client::write(Bytes bytes, size_t* consumed) {
  *consumed = 0;
  if (!is_loaded_ || state() != State::kWriting) return Status::kBadState;
  asks_ = false;
  *consumed = verifier_->feed(bytes);
  if (fault_ != Status::kOk) return fail(fault_);
  return asks_ ? Status::kNeedsConsent : Status::kOk;
}

Status Client::finish() {
  if (!is_loaded_ || state() != State::kWriting) return Status::kBadState;
  if (asks_ && !has_consent(Phase::kDownload)) return Status::kNeedsConsent;
  if (!is_judged_) {
    const Result result = verifier_->finish();
    record_.outcome = static_cast<uint8_t>(result.outcome);
    record_.verdict = static_cast<uint8_t>(result.verdict);
    record_.beyond = static_cast<uint8_t>(result.beyond);
    if (fault_ != Status::kOk) return fail(fault_);
    if (result.outcome == Outcome::kStorageFailed) return fail(Status::kStorageFailed);
    if (result.outcome != Outcome::kVerdict || result.verdict != Verdict::kAccept)
      return fail(Status::kRefused);
    is_judged_ = true;
  }
  const Status checked = check_release();
  if (checked != Status::kOk) return fail(checked);
  asks_ = !has_consent(Phase::kDownload);
  if (asks_) return Status::kNeedsConsent;
  const Status completed = complete_slots();
  if (completed != Status::kOk) return fail(completed);
  const Status kept = write_next();
  if (kept != Status::kOk) return fail(kept);
  volatile_ = State::kCandidate;
  return Status::kOk;
}

// Checks, before anything is written, that the device can take the whole release.
Status Client::check_release() {
  if (is_checked_) return Status::kOk;
  if (too_many_roots_) return Status::kTooManyRoots;
  uint32_t expected = 0;
  for (uint32_t i = 0; i < verifier_->targets(); ++i) {
    const VerifiedTarget& target = verifier_->target(i);
    if (!target.is_user_manifest) {
      ++expected;
    } else if (!target.is_present) {
      // Its release counter and hardware are part of the question.
      record_.outcome = static_cast<uint8_t>(Outcome::kBeyondDevice);
      record_.beyond = static_cast<uint8_t>(Beyond::kOrder);
      return Status::kRefused;
    }
  }
  for (uint32_t slot = 0; slot < product_->places->slots; ++slot) {
    uint32_t index = 0;
    if (!find_target(slot, &index)) return Status::kMissingTarget;
    if (verifier_->installed_length(index) > product_->places->slot[slot].size)
      return Status::kSlotTooSmall;
    --expected;
  }
  if (expected != 0) return Status::kUnknownTarget;
  is_checked_ = true;
  return Status::kOk;
}

// Finds the target of a slot in the release.
bool Client::find_target(uint32_t slot, uint32_t* target) const {
  uint8_t name[kSha256Bytes];
  hash_name(*product_->crypto, product_->places->slot[slot].name, name);
  for (uint32_t i = 0; i < verifier_->targets(); ++i) {
    *target = i;
    if (is_same(verifier_->target(i).name, name)) return true;
  }
  return false;
}

// Slots that the bundle leaves out get the content that runs. All slots are read back.
Status Client::complete_slots() {
  Flash* flash = product_->slots;
  for (uint32_t i = 0; i < product_->places->slots; ++i) {
    const Slot& slot = product_->places->slot[i];
    uint32_t index = 0;
    if (!find_target(i, &index)) return Status::kMissingTarget;
    const uint32_t length = static_cast<uint32_t>(verifier_->installed_length(index));
    if ((written_ & (1u << i)) == 0) {
      writer_.begin(flash, slot.address[other()]);
      uint8_t block[kSha256BlockBytes];
      for (uint32_t at = 0; at < length; at += static_cast<uint32_t>(sizeof(block))) {
        const uint32_t part =
            length - at < sizeof(block) ? length - at : static_cast<uint32_t>(sizeof(block));
        if (!flash->read(slot.address[record_.slot] + at, block, part))
          return Status::kStorageFailed;
        if (!writer_.write({block, part})) return Status::kStorageFailed;
      }
      if (!writer_.finish()) return Status::kStorageFailed;
    }
    if (!has_sha256(flash, *product_->crypto, slot.address[other()], length,
                    verifier_->installed_sha256(index))) {
      return Status::kStorageFailed;
    }
  }
  return Status::kOk;
}

// The root to record with the release. A release that is installed again keeps the root that it was
// first accepted under; recovery.py has the reason (root_to_record).
FormerRoot Client::former_of(const uint8_t* release) {
  if (has_installed_ && is_same(release, installed_.targets_sha256)) return installed_.former;
  FormerRoot former = {};
  former.stated = true;
  former.version = verifier_->root_version();
  memcpy(former.sha256, verifier_->root_sha256(), kSha256Bytes);
  former.threshold = verifier_->root_threshold();
  for (uint32_t i = 0; i < verifier_->root_keys() && i < memory_.key_count; ++i) {
    memcpy(memory_.identities[i], verifier_->root_key_identity(i), kSha256Bytes);
    ++former.keys;
  }
  former.identities = memory_.identities;
  return former;
}

// Writes the installed manifest of the new release to the data sector that is not in force.
Status Client::write_next() {
  Installed next = {};
  next.version = verifier_->targets_version();
  memcpy(next.targets_sha256, verifier_->release_digest(), kSha256Bytes);
  next.has_counter = verifier_->has_counter();
  next.counter = verifier_->counter();
  next.minimum_counter = verifier_->minimum_counter();
  next.is_for_other_hardware = verifier_->is_for_other_hardware();
  // The tables of the installed release are not needed any more; `start` reads them again.
  for (uint32_t i = 0; i < verifier_->targets(); ++i) {
    const VerifiedTarget& target = verifier_->target(i);
    if (target.is_user_manifest) {
      next.has_user_manifest = true;
      next.user_manifest_length = verifier_->installed_length(i);
      memcpy(next.user_manifest_sha256, verifier_->installed_sha256(i), kSha256Bytes);
      continue;
    }
    if (next.targets == memory_.target_count) return Status::kStorageFailed;
    InstalledTarget& kept = memory_.targets[next.targets];
    kept.length = verifier_->installed_length(i);
    memcpy(kept.name, target.name, kSha256Bytes);
    memcpy(kept.sha256, verifier_->installed_sha256(i), kSha256Bytes);
    ++next.targets;
  }
  next.target = memory_.targets;
  next.former = former_of(next.targets_sha256);
  const Status status = write_kept(record_.data ^ 1u, &next, record_.next_sha256);
  record_.next.version = next.version;
  record_.next.has_counter = next.has_counter;
  record_.next.counter = next.counter;
  next_.known = true;
  next_.version = next.version;
  memcpy(next_.digest, next.targets_sha256, kSha256Bytes);
  return status;
}

Status Client::write_kept(uint32_t sector, const Installed* installed,
                          uint8_t sha256[kSha256Bytes]) {
  const Bytes roots = {memory_.roots, new_roots_};
  if (data_size(installed, roots) > product_->places->data_bytes) return Status::kTooManyRoots;
  return write_data(product_->state, *product_->crypto, *product_->places, sector, installed, roots,
                    sha256)
             ? Status::kOk
             : Status::kStorageFailed;
}

// TargetSink

TargetSink::Answer Client::open(const TargetInfo& target) {
  slot_ = kNoSlot;
  // The verifier reads it; no slot has it.
  if (verifier_->target(target.index).is_user_manifest) return Answer::kWrite;
  fault_ = check_release();
  if (fault_ != Status::kOk) return Answer::kFail;
  asks_ = !has_consent(Phase::kDownload);
  if (asks_) return Answer::kWait;
  for (uint32_t i = 0; i < product_->places->slots; ++i) {
    uint32_t index = 0;
    if (find_target(i, &index) && index == target.index) slot_ = i;
  }
  left_ = static_cast<uint32_t>(target.length);
  writer_.begin(product_->slots, product_->places->slot[slot_].address[other()]);
  return Answer::kWrite;
}

bool Client::write(Bytes content) {
  if (slot_ == kNoSlot) return true;
  if (content.size > left_) return false;
  left_ -= static_cast<uint32_t>(content.size);
  return writer_.write(content);
}

bool Client::close(bool good) {
  if (slot_ == kNoSlot || !good) return true;
  written_ |= 1u << slot_;
  return writer_.finish();
}

// RootSink: keeps the bytes of each new root as a field 65.

bool Client::begin_root(size_t size) {
  uint8_t head[sizeof(kRootTag) + 5];
  size_t used = sizeof(kRootTag);
  memcpy(head, kRootTag, sizeof(kRootTag));
  uint32_t rest = static_cast<uint32_t>(size);
  for (; rest >= 0x80u; rest >>= 7u) head[used++] = static_cast<uint8_t>(rest | 0x80u);
  head[used++] = static_cast<uint8_t>(rest);
  root_end_ = new_roots_;
  root_bytes({head, used});
  return true;
}

// Bytes that do not fit only matter if the root is a new one.
void Client::root_bytes(Bytes bytes) {
  if (root_end_ > memory_.roots_bytes || bytes.size > memory_.roots_bytes - root_end_) {
    root_end_ = memory_.roots_bytes + 1;
    return;
  }
  memcpy(memory_.roots + root_end_, bytes.data, bytes.size);
  root_end_ += static_cast<uint32_t>(bytes.size);
}

void Client::end_root(bool newer) {
  if (!newer) return;
  if (root_end_ > memory_.roots_bytes) {
    too_many_roots_ = true;
  } else {
    new_roots_ = root_end_;
  }
}

// Consent

bool Client::has_consent(Phase phase) const {
  return (record_.consent & bit_of(phase)) != 0 &&
         is_same(record_.release, verifier_->release_digest()) &&
         is_same(record_.root, verifier_->root_sha256());
}

Question Client::question() const {
  Question question = {};
  if (state() == State::kCandidate) {
    question.phase = Phase::kRestart;
    question.asked = !has_consent(Phase::kRestart);
  } else {
    question.phase = Phase::kDownload;
    question.asked = asks_ && !has_consent(Phase::kDownload);
  }
  if (!question.asked) return question;
  memcpy(question.release, verifier_->release_digest(), kSha256Bytes);
  memcpy(question.root, verifier_->root_sha256(), kSha256Bytes);
  question.version = verifier_->targets_version();
  question.has_counter = verifier_->has_counter();
  question.counter = verifier_->counter();
  return question;
}

Status Client::approve(const Question& question) {
  const State now = state();
  const bool is_open = now == State::kCandidate || (now == State::kWriting && asks_);
  if (!is_loaded_ || !is_open) return Status::kBadState;
  const bool is_this = question.asked && is_same(question.release, verifier_->release_digest()) &&
                       is_same(question.root, verifier_->root_sha256());
  if (!is_this) return Status::kOtherQuestion;
  Record next = record_;
  if (!is_same(next.release, question.release) || !is_same(next.root, question.root))
    next.consent = 0;
  next.consent |= bit_of(question.phase);
  memcpy(next.release, question.release, kSha256Bytes);
  memcpy(next.root, question.root, kSha256Bytes);
  if (new_roots_ != kept_roots_) {
    // The device moves to the new root now, whether the release turns out to be good or not.
    const Status kept =
        write_kept(record_.data ^ 1u, has_installed_ ? &installed_ : nullptr, next.data_sha256);
    if (kept != Status::kOk) return fail(kept);
    next.data ^= 1u;
    next.has_data = 1;
  }
  const Status stored = store(next);
  if (stored == Status::kOk) kept_roots_ = new_roots_;
  return stored;
}

// Trial

Status Client::install() {
  if (!is_loaded_ || state() != State::kCandidate) return Status::kBadState;
  if (!has_consent(Phase::kRestart)) return Status::kNeedsConsent;
  Record next = record_;
  next.state = static_cast<uint8_t>(State::kStaged);
  next.boots = product_->trial_boots;
  const Status stored = store(next);
  if (stored == Status::kOk) volatile_ = State::kReady;
  return stored;
}

Status Client::accept() {
  if (!is_loaded_ || state() != State::kTrial) return Status::kBadState;
  DataHeader header;
  if (!read_data(product_->state, *product_->crypto, *product_->places, record_.data ^ 1u,
                 record_.next_sha256, &header)) {
    return Status::kStorageFailed;
  }
  Record next = record_;
  next.state = static_cast<uint8_t>(State::kUpdated);
  next.slot ^= 1u;
  next.data ^= 1u;
  next.has_data = 1;
  memcpy(next.data_sha256, record_.next_sha256, kSha256Bytes);
  next.floor.version = record_.next.version;
  if (record_.next.has_counter != 0) {
    next.floor.has_counter = 1;
    next.floor.counter = record_.next.counter;
  }
  next.boots = 0;
  next.consent = 0;
  const Status stored = store(next);
  if (stored == Status::kOk) {
    confirmed_ = next_;
    next_ = {};
  }
  return stored;
}

Status Client::reject() {
  const State now = state();
  if (!is_loaded_ || (now != State::kStaged && now != State::kTrial)) return Status::kBadState;
  Record next = record_;
  next.state = static_cast<uint8_t>(now == State::kTrial ? State::kRejected : State::kFailed);
  next.status = static_cast<uint8_t>(Status::kRejected);
  next.boots = 0;
  next.consent = 0;
  return store(next);
}

Status Client::cancel() {
  const State now = state();
  if (!is_loaded_ || (now != State::kWriting && now != State::kCandidate)) return Status::kBadState;
  fail(Status::kCancelled);
  return Status::kOk;
}

Status Client::clean() {
  const State now = state();
  if (!is_loaded_ || (now != State::kFailed && now != State::kUpdated)) return Status::kBadState;
  next_ = {};
  if (volatile_ == State::kFailed) {
    volatile_ = State::kReady;
    return Status::kOk;
  }
  Record next = record_;
  next.state = static_cast<uint8_t>(State::kReady);
  return store(next);
}

// Query

Info Client::query() const {
  Info info = {};
  info.state = state();
  info.slot = record_.slot;
  info.running = running_;
  info.boots = record_.boots;
  info.floor = record_.floor;
  info.status = static_cast<Status>(record_.status);
  info.result = {static_cast<Outcome>(record_.outcome), static_cast<Verdict>(record_.verdict),
                 static_cast<Beyond>(record_.beyond)};
  return info;
}

Release Client::confirmed() const { return confirmed_; }

Release Client::next() const { return next_; }

}  // namespace software_update

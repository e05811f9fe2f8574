#include "software_update/client.h"

#include <string.h>

#include "data.h"
#include "root_key.h"

namespace software_update {
namespace {

constexpr uint32_t kNoSlot = 0xffffffffu;

uint8_t bit_of(Phase phase) { return static_cast<uint8_t>(1u << static_cast<uint8_t>(phase)); }

bool is_tried(uint8_t state) {
  return state == static_cast<uint8_t>(State::kStaged) ||
         state == static_cast<uint8_t>(State::kTrial) ||
         state == static_cast<uint8_t>(State::kRejected);
}

void name_release(const Installed& installed, Release* release) {
  release->known = true;
  release->version = installed.version;
  copy_sha256(release->digest, installed.targets_sha256);
}

}  // namespace

// State

State Client::state() const {
  return volatile_ == State::kReady ? static_cast<State>(record_.state) : volatile_;
}

// Whether the verbs of these states are allowed.
bool Client::is_in(State one, State other) const {
  const State now = state();
  return is_loaded_ && (now == one || now == other);
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
  if (is_tried(record_.state) && read_next(&header)) name_release(header.installed, &next_);
  return kept;
}

// Ends a trial whose release does not run: the boot loader fell back, and could not write that.
// Otherwise, `accept` would confirm the release that has just failed.
Status Client::end_trial() {
  const bool is_trial = is_in(State::kTrial, State::kRejected);
  if (!is_trial || running_ != record_.slot) return Status::kOk;
  Record next = record_;
  next.status =
      static_cast<uint8_t>(state() == State::kTrial ? Status::kTrialFailed : Status::kRejected);
  return leave_trial(next, State::kFailed);
}

// Stores a record without what only a trial needs.
Status Client::leave_trial(Record& next, State state) {
  next.state = static_cast<uint8_t>(state);
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
  DataHeader header;
  if (!read_sector(record_.data, record_.data_sha256, &header)) return Status::kStorageFailed;
  if (header.installed.targets > memory_.target_count ||
      header.installed.former.keys > memory_.key_count ||
      header.roots_bytes > memory_.roots_bytes) {
    return Status::kStorageFailed;
  }
  installed_ = header.installed;
  installed_.target = memory_.targets;
  installed_.former.identities = memory_.identities;
  const struct {
    void* into;
    uint32_t size;
  } parts[] = {
      {memory_.targets, static_cast<uint32_t>(installed_.targets * sizeof(InstalledTarget))},
      {memory_.identities, static_cast<uint32_t>(installed_.former.keys * kSha256Bytes)},
      {memory_.roots, header.roots_bytes},
  };
  uint32_t address = product_->places->data[record_.data] + static_cast<uint32_t>(sizeof(header));
  for (const auto& part : parts) {
    if (!product_->state->read(address, part.into, part.size)) return Status::kStorageFailed;
    address += part.size;
  }
  kept_roots_ = header.roots_bytes;
  new_roots_ = kept_roots_;
  has_installed_ = header.has_installed != 0;
  name_release(installed_, &confirmed_);
  confirmed_.known = has_installed_;
  return Status::kOk;
}

bool Client::read_sector(uint32_t sector, const uint8_t* sha256, DataHeader* header) const {
  return read_data({product_->state, product_->crypto, product_->places}, sector, sha256, header);
}

// Reads the header of the data sector that is not in force.
bool Client::read_next(DataHeader* header) const {
  return read_sector(record_.data ^ 1u, record_.next_sha256, header);
}

// Ends an update that is not staged. Only memory changes: a bundle of a stranger must not wear the
// flash.
Status Client::fail(Status status) {
  volatile_ = State::kFailed;
  asks_ = false;
  record_.status = static_cast<uint8_t>(status);
  return status;
}

Status Client::store(Record& next) {
  is_loaded_ = journal_.store(&next);
  if (!is_loaded_) return Status::kStorageFailed;
  record_ = next;
  return Status::kOk;
}

// Bundle

Status Client::start(uint64_t size, bool knows_time, int64_t now) {
  if (!is_in(State::kReady, State::kReady)) return Status::kBadState;
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
  if (!is_in(State::kWriting, State::kWriting)) return Status::kBadState;
  asks_ = false;
  *consumed = verifier_->feed(bytes);
  if (fault_ != Status::kOk) return fail(fault_);
  return asks_ ? Status::kNeedsConsent : Status::kOk;
}

Status Client::finish() {
  if (!is_in(State::kWriting, State::kWriting)) return Status::kBadState;
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
    const uint32_t index = find_target(slot);
    if (index == verifier_->targets()) return Status::kMissingTarget;
    if (verifier_->installed(index).length > product_->places->slot[slot].size)
      return Status::kSlotTooSmall;
    --expected;
  }
  if (expected != 0) return Status::kUnknownTarget;
  is_checked_ = true;
  return Status::kOk;
}

// The index of the target of a slot in the release; the number of targets if it is not there.
uint32_t Client::find_target(uint32_t slot) const {
  uint8_t name[kSha256Bytes];
  hash_name(*product_->crypto, product_->places->slot[slot].name, name);
  uint32_t index = 0;
  while (index < verifier_->targets() && !is_same(verifier_->target(index).name, name)) ++index;
  return index;
}

// Slots that the bundle leaves out get the content that runs. All slots are read back.
Status Client::complete_slots() {
  Flash* flash = product_->slots;
  for (uint32_t i = 0; i < product_->places->slots; ++i) {
    const Slot& slot = product_->places->slot[i];
    const uint32_t index = find_target(i);
    if (index == verifier_->targets()) return Status::kMissingTarget;
    const uint32_t to = slot.address[other()];
    const Content& content = verifier_->installed(index);
    const uint32_t length = static_cast<uint32_t>(content.length);
    if ((written_ & (1u << i)) == 0) {
      writer_.begin(flash, to);
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
    if (!has_sha256(flash, *product_->crypto, to, length, content.sha256)) {
      return Status::kStorageFailed;
    }
  }
  return Status::kOk;
}

// Records the root in force with the release. A release that is installed again keeps the root that
// it was first accepted under; recovery.py has the reason (root_to_record).
void Client::record_root() {
  FormerRoot& former = installed_.former;
  former.stated = true;
  former.version = verifier_->root_version();
  copy_sha256(former.sha256, verifier_->root_sha256());
  former.threshold = verifier_->root_threshold();
  former.keys = 0;
  for (; former.keys < memory_.key_count; ++former.keys) {
    const uint8_t* identity = verifier_->root_key_identity(former.keys);
    if (identity == nullptr) break;
    copy_sha256(memory_.identities[former.keys], identity);
  }
  former.identities = memory_.identities;
}

// Writes the installed manifest of the new release to the data sector that is not in force. That of
// the installed release is not needed any more in memory; `start` reads it again.
Status Client::write_next() {
  Installed& next = installed_;
  if (!has_installed_ || !is_same(verifier_->release_digest(), next.targets_sha256)) record_root();
  next.version = verifier_->targets_version();
  copy_sha256(next.targets_sha256, verifier_->release_digest());
  const ReleaseFacts facts = verifier_->release_facts();
  next.has_counter = facts.counter != 0;
  next.counter = facts.counter;
  next.minimum_counter = facts.minimum_counter;
  next.is_for_other_hardware = facts.is_for_other_hardware;
  next.has_user_manifest = false;
  next.targets = 0;
  next.target = memory_.targets;
  for (uint32_t i = 0; i < verifier_->targets(); ++i) {
    const VerifiedTarget& target = verifier_->target(i);
    const Content& content = verifier_->installed(i);
    if (target.is_user_manifest) {
      next.has_user_manifest = true;
      next.user_manifest_length = content.length;
      copy_sha256(next.user_manifest_sha256, content.sha256);
      continue;
    }
    if (next.targets == memory_.target_count) return Status::kStorageFailed;
    InstalledTarget& kept = memory_.targets[next.targets];
    kept.length = content.length;
    copy_sha256(kept.name, target.name);
    copy_sha256(kept.sha256, content.sha256);
    ++next.targets;
  }
  has_installed_ = true;
  const Status status = write_kept(record_.data ^ 1u, record_.next_sha256);
  record_.next.version = next.version;
  record_.next.has_counter = next.has_counter;
  record_.next.counter = next.counter;
  name_release(next, &next_);
  return status;
}

// Writes `installed_`, if there is one, and the moved roots.
Status Client::write_kept(uint32_t sector, uint8_t sha256[kSha256Bytes]) {
  DataHeader header;
  memset(&header, 0, sizeof(header));
  header.layout = DataHeader::kLayout;
  header.roots_bytes = new_roots_;
  if (has_installed_) {
    header.has_installed = 1;
    header.installed = installed_;
  }
  if (data_size(header) > product_->places->data_bytes) return Status::kTooManyRoots;
  return write_data({product_->state, product_->crypto, product_->places}, sector, header,
                    memory_.roots, sha256)
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
    if (find_target(i) == target.index) slot_ = i;
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
  // The tag as a varint, (65 << 3) | 2. The size follows it.
  uint8_t head[7] = {0x8a, 0x04};
  size_t used = 2;
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

// Whether these are the release of the bundle and the root in force.
bool Client::is_present(const uint8_t* release, const uint8_t* root) const {
  return is_same(release, verifier_->release_digest()) && is_same(root, verifier_->root_sha256());
}

bool Client::has_consent(Phase phase) const {
  return (record_.consent & bit_of(phase)) != 0 && is_present(record_.release, record_.root);
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
  copy_sha256(question.release, verifier_->release_digest());
  copy_sha256(question.root, verifier_->root_sha256());
  question.version = verifier_->targets_version();
  question.counter = verifier_->release_facts().counter;
  question.has_counter = question.counter != 0;
  return question;
}

Status Client::approve(const Question& question) {
  if (!is_in(asks_ ? State::kWriting : State::kCandidate, State::kCandidate))
    return Status::kBadState;
  if (!question.asked || !is_present(question.release, question.root))
    return Status::kOtherQuestion;
  Record next = record_;
  if (!is_present(next.release, next.root)) next.consent = 0;
  next.consent |= bit_of(question.phase);
  copy_sha256(next.release, question.release);
  copy_sha256(next.root, question.root);
  if (new_roots_ != kept_roots_) {
    // The device moves to the new root now, whether the release turns out to be good or not.
    const Status kept = write_kept(record_.data ^ 1u, next.data_sha256);
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
  if (!is_in(State::kCandidate, State::kCandidate)) return Status::kBadState;
  if (!has_consent(Phase::kRestart)) return Status::kNeedsConsent;
  Record next = record_;
  next.state = static_cast<uint8_t>(State::kStaged);
  next.boots = product_->trial_boots;
  const Status stored = store(next);
  if (stored == Status::kOk) volatile_ = State::kReady;
  return stored;
}

Status Client::accept() {
  if (!is_in(State::kTrial, State::kTrial)) return Status::kBadState;
  DataHeader header;
  if (!read_next(&header)) return Status::kStorageFailed;
  Record next = record_;
  next.slot ^= 1u;
  next.data ^= 1u;
  next.has_data = 1;
  copy_sha256(next.data_sha256, record_.next_sha256);
  next.floor.version = record_.next.version;
  if (record_.next.has_counter != 0) {
    next.floor.has_counter = 1;
    next.floor.counter = record_.next.counter;
  }
  const Status stored = leave_trial(next, State::kUpdated);
  if (stored == Status::kOk) {
    confirmed_ = next_;
    next_ = {};
  }
  return stored;
}

Status Client::reject() {
  if (!is_in(State::kStaged, State::kTrial)) return Status::kBadState;
  Record next = record_;
  next.status = static_cast<uint8_t>(Status::kRejected);
  return leave_trial(next, state() == State::kTrial ? State::kRejected : State::kFailed);
}

Status Client::cancel() {
  if (!is_in(State::kWriting, State::kCandidate)) return Status::kBadState;
  fail(Status::kCancelled);
  return Status::kOk;
}

Status Client::clean() {
  if (!is_in(State::kFailed, State::kUpdated)) return Status::kBadState;
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

// The payloads of a bundle (TUF specification 1.0.34, 5.7). The same decisions as in
// tools/software_update/bundle/reader.py and verify/payloads.py.

#include <string.h>

#include "root_key.h"
#include "software_update/format_limits.h"
#include "software_update/verifier.h"

namespace software_update {

// Names

void Verifier::begin_name() {
  name_size_ = 0;
  is_name_ascii_ = true;
  name_reader_.begin();
  part_hash_.begin(*device_.crypto);
  if (memory_.allowed != nullptr) {
    memory_.allowed->begin_name(root_in_force().index);
  }
}

void Verifier::name_content(Bytes piece) {
  part_hash_.update(piece);
  name_reader_.feed(piece);
  if (memory_.allowed != nullptr) {
    memory_.allowed->feed_name(piece);
  }
  for (size_t i = 0; i < piece.size; ++i) {
    const uint8_t byte = piece.data[i];
    if (byte >= 0x80) {
      is_name_ascii_ = false;
    }
    if (name_size_ < memory_.name_bytes) {
      memory_.name[name_size_] = byte;
    }
    ++name_size_;
  }
}

// Says whether the name that has arrived last is that of the release manifest. `memory_.name` has
// room for it.
bool Verifier::is_user_manifest() const { return is_text(memory_.name, name_size_, kUserManifest); }

// The end of a name in the envelope. Names of targets may follow in the same entry. In Python's
// memory, text that is not ASCII takes up to four bytes a character, and the limit of all names
// counts these.
Verdict Verifier::end_name() {
  part_hash_.finish(id_);
  has_name_ = true;
  is_entry_text_ = reader_.is_text();
  is_entry_targets_ = is_text(memory_.name, name_size_, kTargetsRole);
  name_bytes_ += is_name_ascii_ ? name_size_ : 4 * name_size_;
  return name_bytes_ > kMaxEnvelopeNamesBytes ? Verdict::kTooLarge : Verdict::kAccept;
}

Verdict Verifier::end_entry() const {
  return has_name_ && has_value_ && is_entry_text_ ? Verdict::kAccept : Verdict::kMalformed;
}

// Content

void Verifier::begin_payload(size_t size) {
  has_value_ = true;
  payload_size_ = size;
  payload_target_ = has_name_ ? find_target(id_) : nullptr;
  is_offered_ = false;
  is_written_ = false;
  is_decompressed_ = false;
  part_hash_.begin(*device_.crypto);
  // A name may follow its content.
  const bool may_be_user_manifest = !has_name_ || is_user_manifest();
  reads_release_ = has_release() && may_be_user_manifest && memory_.release->begin_payload(size);
  open_payload();
}

// Asks the sink whether it takes the payload, if that is as long as listed. Only trusted metadata
// count.
void Verifier::open_payload() {
  reader_.resume();
  is_opening_ = false;
  const VerifiedTarget* target = payload_target_;
  if (target == nullptr || target->length != payload_size_ || target->is_present || !is_trusted()) {
    return;
  }
  // Nothing is written that cannot be decompressed.
  const bool is_compressed = target->is_compressed;
  if ((is_compressed && !can_decompress()) || (device_.targets != nullptr && !ask_sink())) {
    return;
  }
  is_decompressed_ = is_compressed;
  if (is_compressed) {
    memory_.compression->begin(device_, next_target_, is_written_ ? device_.targets : nullptr);
  }
}

bool Verifier::is_trusted() {
  // Judging may find that the device cannot.
  return is_open() && judge_metadata() == Verdict::kAccept && is_open();
}

// Returns false if the payload has to wait, or cannot be written.
bool Verifier::ask_sink() {
  if (name_size_ > memory_.name_bytes) {
    go_beyond(Beyond::kNameBytes);
    return false;
  }
  const Content& content = installed(next_target_);
  const TargetSink::Answer answer = device_.targets->open(
      {{memory_.name, name_size_}, next_target_, content.length, content.sha256});
  is_written_ = answer == TargetSink::Answer::kWrite;
  is_offered_ = is_written_ || answer == TargetSink::Answer::kSkip;
  if (answer == TargetSink::Answer::kWait) {
    is_opening_ = true;
    reader_.pause();
  } else if (!is_offered_) {
    fail_storage();
  }
  return is_offered_;
}

void Verifier::payload_content(Bytes piece) {
  part_hash_.update(piece);
  if (reads_release_) {
    memory_.release->feed(piece);
  }
  if (is_decompressed_) {
    memory_.compression->feed(piece);
  } else if (is_written_ && !device_.targets->write(piece)) {
    fail_storage();
  }
}

void Verifier::end_payload_content() {
  part_hash_.finish(leaf_);
  decompression_ = Verdict::kAccept;
  if (is_decompressed_) {
    const Result found = memory_.compression->finish(next_target_);
    decompression_ = found.verdict;
    if (found.outcome == Outcome::kBeyondDevice) {
      go_beyond(found.beyond);
    } else if (found.outcome == Outcome::kStorageFailed) {
      fail_storage();
    }
  }
  if (is_written_) {
    const bool is_good = decompression_ == Verdict::kAccept &&
                         compare(*payload_target_, payload_size_, leaf_) == Verdict::kAccept;
    if (!device_.targets->close(is_good)) {
      fail_storage();
    }
  }
}

void Verifier::fail_storage() {
  storage_failed_ = true;
  reader_.stop();
}

// The end of a payload and its name.
Verdict Verifier::end_payload() {
  const Verdict entry = end_entry();
  if (entry != Verdict::kAccept) {
    return entry;
  }
  VerifiedTarget* target = find_target(id_);
  if (is_repeated(target)) {
    return Verdict::kDuplicateField;
  }
  if (payloads_ == kMaxTargets) {
    return Verdict::kTooLarge;
  }
  ++payloads_;
  if (reads_release_ && is_user_manifest()) {
    memory_.release->end_payload(payload_size_, leaf_);
  }
  if (target == nullptr) {
    add_loose();
    return Verdict::kAccept;
  }
  target->is_present = true;
  if (!is_offered_) {
    is_not_offered_ = true;
  }
  if (payload_fault_ == Verdict::kAccept) {
    payload_fault_ = compare(*target, payload_size_, leaf_);
    if (payload_fault_ == Verdict::kAccept) {
      payload_fault_ = decompression_;
      if (target->is_compressed && !is_decompressed_) {
        is_undecided_ = true;
      }
    }
  }
  return Verdict::kAccept;
}

bool Verifier::is_repeated(const VerifiedTarget* target) const {
  if (target != nullptr) {
    return target->is_present;
  }
  for (uint32_t i = 0; i < loose_; ++i) {
    if (is_same(memory_.loose[i].name, id_)) {
      return true;
    }
  }
  return false;
}

void Verifier::add_loose() {
  if (loose_ == memory_.loose_count) {
    return go_beyond(Beyond::kLoosePayloads);
  }
  LoosePayload& payload = memory_.loose[loose_];
  payload.length = payload_size_;
  copy_sha256(payload.name, id_);
  copy_sha256(payload.sha256, leaf_);
  ++loose_;
}

VerifiedTarget* Verifier::find_target(const uint8_t* name) {
  // Payloads are often in the order of the metadata, and each is looked for at its begin and end.
  // Of two targets of the same name, always the first.
  if (is_duplicate_) {
    next_target_ = 0;
  }
  for (uint32_t i = 0; i < targets_; ++i) {
    VerifiedTarget& target = memory_.targets[next_target_];
    if (is_same(target.name, name)) {
      return &target;
    }
    next_target_ = next_target_ + 1 < targets_ ? next_target_ + 1 : 0;
  }
  return nullptr;
}

// Judging

Verdict Verifier::compare(const VerifiedTarget& target, uint64_t length, const uint8_t* sha256) {
  if (length != target.length) {
    return Verdict::kLengthMismatch;
  }
  return is_same(sha256, target.sha256) ? Verdict::kAccept : Verdict::kHashMismatch;
}

// 5.7.2: the payloads are the ones that the metadata list. The first fault in the order of the
// bundle counts, then a missing payload, then an unlisted one.
Verdict Verifier::judge_payloads() {
  bool is_unlisted = false;
  Verdict verdict = judge_loose(is_unlisted);
  if (verdict == Verdict::kAccept) {
    verdict = payload_fault_;
  }
  if (is_undecided_) {
    go_beyond(can_decompress() ? Beyond::kOrder : Beyond::kCompression);
  }
  const bool has_content = has_release() && memory_.release->facts().has_content;
  for (uint32_t i = 0; i < targets_ && verdict == Verdict::kAccept; ++i) {
    const VerifiedTarget& target = memory_.targets[i];
    const bool is_here = target.is_present || (target.is_user_manifest && has_content);
    if (!is_here && !is_installed(i)) {
      verdict = Verdict::kMissingPayload;
    }
  }
  if (verdict == Verdict::kAccept && is_unlisted) {
    verdict = Verdict::kUnlistedPayload;
  }
  if (verdict == Verdict::kAccept && device_.targets != nullptr && is_not_offered_) {
    go_beyond(Beyond::kOrder);
  }
  return verdict;
}

// Payloads that were before the metadata, or are not in them.
Verdict Verifier::judge_loose(bool& is_unlisted) {
  Verdict verdict = Verdict::kAccept;
  for (uint32_t i = 0; i < loose_ && verdict == Verdict::kAccept; ++i) {
    const LoosePayload& payload = memory_.loose[i];
    const VerifiedTarget* target = find_target(payload.name);
    if (target == nullptr) {
      is_unlisted = true;
      continue;
    }
    is_not_offered_ = true;
    verdict = compare(*target, payload.length, payload.sha256);
    if (verdict == Verdict::kAccept && target->is_compressed) {
      is_undecided_ = true;
    }
  }
  return verdict;
}

// Says whether the device has the content of a target, under the same name. It keeps its
// user_manifest apart.
bool Verifier::is_installed(uint32_t index) {
  const Installed* installed = device_.installed;
  const VerifiedTarget& target = memory_.targets[index];
  if (installed == nullptr || target.is_user_manifest) {
    return false;
  }
  const Content& content = this->installed(index);
  for (uint32_t i = 0; i < installed->targets; ++i) {
    const InstalledTarget& found = installed->target[i];
    if (is_same(found.name, target.name) && found.length == content.length &&
        is_same(found.sha256, content.sha256)) {
      return true;
    }
  }
  return false;
}

}  // namespace software_update

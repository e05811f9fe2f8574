// Targets metadata (TUF specification 1.0.34, 5.6). The same decisions as in
// tools/software_update/verify/targets.py and target_list.py.

#include <string.h>

#include "field_table.h"
#include "root_key.h"
#include "software_update/format_limits.h"
#include "software_update/verifier.h"

namespace software_update {

// Reading

void Verifier::begin_targets(size_t size) {
  has_value_ = true;
  // The end of the entry decides on these: a fault in its name comes first.
  is_targets_too_large_ = size > kMaxTargetsMetadataBytes;
  skips_targets_ = has_targets_ || is_targets_too_large_;
  if (skips_targets_) {
    return reader_.skip();
  }
  begin_signed(targets_list_, &targets_common_);
  names_roots_ = chain_count_ + has_incoming_;
}

void Verifier::end_targets() {
  if (skips_targets_) {
    return;
  }
  signed_hash_.finish(targets_sha256_);
  targets_form_ = form_fault_ != Verdict::kAccept ? form_fault_ : check_common();
}

Verdict Verifier::end_targets_entry() {
  const Verdict entry = end_entry();
  if (entry != Verdict::kAccept) {
    return entry;
  }
  if (!is_entry_targets_) {
    return Verdict::kUnexpectedField;
  }
  if (has_targets_) {
    return Verdict::kDuplicateField;
  }
  if (is_targets_too_large_) {
    return Verdict::kTooLarge;
  }
  has_targets_ = true;
  mark_loose();
  return Verdict::kAccept;
}

// A payload before the metadata counts as one of its target from now on.
void Verifier::mark_loose() {
  for (uint32_t i = 0; i < loose_; ++i) {
    VerifiedTarget* target = find_target(memory_.loose[i].name);
    if (target != nullptr) {
      target->is_present = true;
    }
  }
}

Verdict Verifier::begin_target() {
  if (targets_ == memory_.target_count) {
    go_beyond(Beyond::kTargets);
    return Verdict::kAccept;
  }
  target_ = &memory_.targets[targets_];
  memset(target_, 0, sizeof(*target_));
  begin_name();
  hash_count_ = 0;
  good_hash_count_ = 0;
  algorithm_ = 0;
  original_sha256_size_ = 0;
  return Verdict::kAccept;
}

void Verifier::end_hash() {
  if (!is_sha256_) {
    return;
  }
  ++hash_count_;
  if (leaf_size_ == kSha256Bytes) {
    uint8_t* sha256 = good_hash_count_ == 0 ? target_->sha256 : leaf_ + kSha256Bytes;
    copy_sha256(sha256, leaf_);
    ++good_hash_count_;
  }
}

void Verifier::begin_compression() {
  if (memory_.compression == nullptr) {
    return go_beyond(Beyond::kCompression);
  }
  target_->is_compressed = true;
  memory_.compression->original(targets_).length = 0;
}

void Verifier::end_target() {
  if (beyond_ != Beyond::kNothing) {
    return;
  }
  VerifiedTarget& target = *target_;
  target.is_user_manifest = is_user_manifest();
  target.folded_name = name_reader_.folded_hash();
  if (name_fault_ == Verdict::kAccept) {
    name_fault_ = name_fault(target);
  }
  if (hash_fault_ == Verdict::kAccept) {
    hash_fault_ = hash_fault(target);
  }
  for (uint32_t i = 0; i < targets_ && !is_duplicate_; ++i) {
    is_duplicate_ = memory_.targets[i].folded_name == target.folded_name;
  }
  if (target.is_user_manifest) {
    ++listed_.count;
    listed_.hashes = good_hash_count_;
    listed_.length = target.length;
    listed_.sha256 = target.sha256;
    copy_sha256(listed_.second_sha256, leaf_ + kSha256Bytes);
  }
  ++targets_;
}

Verdict Verifier::name_fault(const VerifiedTarget& target) const {
  if (!name_reader_.is_safe()) {
    return Verdict::kUnsafeName;
  }
  const bool is_allowed =
      memory_.allowed == nullptr || memory_.allowed->is_allowed(target.is_user_manifest);
  return is_allowed ? Verdict::kAccept : Verdict::kTargetNotAllowed;
}

Verdict Verifier::hash_fault(const VerifiedTarget& target) const {
  if (hash_count_ != 1 || good_hash_count_ != 1) {
    return Verdict::kHashUnsupported;
  }
  return target.is_compressed ? memory_.compression->check(targets_, target.is_user_manifest,
                                                           algorithm_, original_sha256_size_)
                              : Verdict::kAccept;
}

// Judging

Verdict Verifier::judge_targets() {
  if (!has_targets_) {
    return Verdict::kMissingRoleMetadata;
  }
  if (targets_form_ != Verdict::kAccept) {
    return targets_form_;
  }
  // 5.6.3: an arbitrary software attack.
  const RootFacts& root = root_in_force();
  if ((root.bad_roles & kInTargets) != 0) {
    return Verdict::kThresholdInvalid;
  }
  if (!is_met(*targets_list_, targets_sha256_, root, kInTargets)) {
    return Verdict::kThresholdNotMet;
  }
  // 5.6.5: a freeze attack.
  if (is_expired(targets_common_)) {
    return Verdict::kTargetsExpired;
  }
  const Verdict version = judge_version();
  if (version != Verdict::kAccept) {
    return version;
  }
  const Verdict release = judge_release();
  return release == Verdict::kAccept ? judge_list() : release;
}

// 5.6.4: a rollback attack.
Verdict Verifier::judge_version() const {
  const Installed* installed = device_.installed;
  if (installed == nullptr || versions_start_again()) {
    return Verdict::kAccept;
  }
  if (targets_common_.version < installed->version) {
    return Verdict::kTargetsRollback;
  }
  const bool is_same_version = targets_common_.version == installed->version;
  return is_same_version && !is_same(targets_sha256_, installed->targets_sha256)
             ? Verdict::kTargetsMixUp
             : Verdict::kAccept;
}

Verdict Verifier::judge_release() {
  if (has_release()) {
    const Verdict verdict = memory_.release->judge(listed_);
    if (memory_.release->facts().kind == ReleaseKind::kBeyond) {
      go_beyond(Beyond::kReleaseManifest);
    }
    return verdict;
  }
  if (listed_.count != 0) {
    go_beyond(Beyond::kReleaseManifest);
  }
  // A release without a counter cannot follow one that has a counter.
  return device_.installed != nullptr && device_.installed->has_counter ? Verdict::kReleaseRollback
                                                                        : Verdict::kAccept;
}

Verdict Verifier::judge_list() {
  if (targets_ == 0) {
    return Verdict::kNoTargets;
  }
  // The names were compared with the allowed targets of the root that was in force then.
  if (memory_.allowed != nullptr && names_roots_ != chain_count_ + has_incoming_) {
    judge_names_again();
  }
  if (name_fault_ != Verdict::kAccept) {
    return name_fault_;
  }
  return is_duplicate_ ? Verdict::kDuplicateTarget : hash_fault_;
}

// The names are gone: only a root that allows all of them can be judged, after one that did.
void Verifier::judge_names_again() {
  const bool has_list = !memory_.allowed->list(root_in_force().index).is_empty();
  if (has_list || name_fault_ == Verdict::kTargetNotAllowed) {
    go_beyond(Beyond::kOrder);
  }
}

const Content& Verifier::installed(uint32_t index) const {
  const VerifiedTarget& target = memory_.targets[index];
  if (target.is_compressed) {
    return memory_.compression->original(index);
  }
  return target;
}

}  // namespace software_update

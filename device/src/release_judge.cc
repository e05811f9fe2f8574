// Decides whether the device may install the release that a release manifest describes. The same
// decisions as in tools/software_update/verify/targets.py.

#include "software_update/release_judge.h"

#include <string.h>

#include "root_key.h"
#include "software_update/format_limits.h"

namespace software_update {

void ReleaseJudge::begin(const Device& device) {
  device_ = &device;
  has_payload_ = false;
  payload_ = ReleaseFacts();
  facts_ = ReleaseFacts();
}

bool ReleaseJudge::begin_payload(size_t size) {
  const bool reads = !has_payload_ && size <= kMaxUserManifestBytes;
  if (reads) {
    reader_->begin(device_->hardware_id);
  }
  return reads;
}

void ReleaseJudge::end_payload(size_t size, const uint8_t* sha256) {
  has_payload_ = true;
  length_ = size;
  memcpy(sha256_, sha256, sizeof(sha256_));
  payload_.kind = reader_->finish();
  if (payload_.kind == ReleaseKind::kRelease) {
    payload_.counter = reader_->counter();
    payload_.minimum_counter = reader_->minimum_counter();
    payload_.is_for_other_hardware = device_->hardware_id != nullptr && reader_->lists_hardware() &&
                                     !reader_->lists_this_hardware();
  }
}

Verdict ReleaseJudge::judge(const ListedUserManifest& listed) {
  facts_ = ReleaseFacts();
  if (listed.count == 1) {
    if (listed.length > kMaxUserManifestBytes) {
      return Verdict::kTooLarge;
    }
    facts_.has_content = find(listed);
  }
  // The payloads have no right user_manifest then, and the comparison with them says so.
  if (listed.count != 0 && !facts_.has_content) {
    return Verdict::kAccept;
  }
  return facts_.kind == ReleaseKind::kMalformed ? Verdict::kMalformed : judge_counter();
}

// Finds the user_manifest that the metadata list: in the bundle, or on the device.
bool ReleaseJudge::find(const ListedUserManifest& listed) {
  if (has_payload_ && is_listed(listed, length_, sha256_)) {
    facts_ = payload_;
    return true;
  }
  const Installed* installed = device_->installed;
  if (installed == nullptr || !installed->has_user_manifest ||
      !is_listed(listed, installed->user_manifest_length, installed->user_manifest_sha256)) {
    return false;
  }
  if (installed->has_counter) {
    facts_.kind = ReleaseKind::kRelease;
    facts_.counter = installed->counter;
    facts_.minimum_counter = installed->minimum_counter;
    facts_.is_for_other_hardware = installed->is_for_other_hardware;
  }
  return true;
}

bool ReleaseJudge::is_listed(const ListedUserManifest& listed, uint64_t length,
                             const uint8_t* sha256) {
  return length == listed.length && ((listed.hashes >= 1 && is_same(sha256, listed.sha256)) ||
                                     (listed.hashes >= 2 && is_same(sha256, listed.second_sha256)));
}

// A release without a manifest has no counter, so it cannot follow one that has.
Verdict ReleaseJudge::judge_counter() const {
  const Installed* installed = device_->installed;
  const uint32_t before = installed != nullptr && installed->has_counter ? installed->counter : 0;
  if (facts_.counter < before) {
    return Verdict::kReleaseRollback;
  }
  if (installed != nullptr && before < facts_.minimum_counter) {
    return Verdict::kReleaseGap;
  }
  return facts_.is_for_other_hardware ? Verdict::kWrongHardware : Verdict::kAccept;
}

}  // namespace software_update

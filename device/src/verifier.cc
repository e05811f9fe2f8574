#include "software_update/verifier.h"

#include <string.h>

#include "field_table.h"
#include "root_key.h"
#include "software_update/format_limits.h"

namespace software_update {
namespace {

constexpr uint8_t kHasKeyId = 1;
constexpr uint8_t kHasValue = 2;

// The range of a Timestamp, years 1 to 9999.
constexpr int64_t kMinSeconds = -62135596800;
constexpr int64_t kMaxSeconds = 253402300799;
constexpr char kOldSpecVersion[] = "0.0.1";
constexpr uint32_t kMaxDigits = 9;
constexpr uint32_t kNanosPerSecond = 1000000000;

// 0.0.1 or 1.x.y, as in metadata.py. TUF specification 4.3: a client must not take another version.
bool is_readable_spec_version(const uint8_t* text, uint32_t size) {
  if (is_text(text, size, kOldSpecVersion)) {
    return true;
  }
  // Three numbers of at most nine digits: no byte is read that `leaf_` does not keep.
  uint32_t numbers = 0;
  uint32_t digits = 0;
  for (uint32_t i = 0; i < size; ++i) {
    if (text[i] == '.' && digits != 0 && numbers < 2) {
      ++numbers;
      digits = 0;
    } else if (text[i] < '0' || text[i] > '9' || digits == kMaxDigits) {
      return false;
    } else {
      ++digits;
    }
  }
  return numbers == 2 && digits != 0 && text[0] == '1' && text[1] == '.';
}

}  // namespace

bool is_text(const uint8_t* text, size_t size, const char* expected) {
  return size == strlen(expected) && memcmp(text, expected, size) == 0;
}

bool Verifier::begin(const Device& device, uint64_t size) {
  // Not an assignment: that could take as much of the stack.
  memset(static_cast<VerifierState*>(this), 0, sizeof(VerifierState));
  device_ = device;
  if (has_release()) {
    memory_.release->begin(device_);
  }
  const bool has_roots = load_roots();
  reader_.begin(*this, MessageId::kUpdateBundle, kBundle, static_cast<size_t>(size));
  if (size > SIZE_MAX) {
    go_beyond(Beyond::kSize);
  }
  if (!has_roots) {
    go_beyond(Beyond::kDevice);
  }
  return has_roots;
}

size_t Verifier::feed(Bytes bytes) {
  if (!is_open()) {
    return bytes.size;
  }
  if (is_opening_) {
    open_payload();
  }
  const size_t used = reader_.feed(bytes);
  // After the end of the verification, the rest does not matter.
  return is_opening_ ? used : bytes.size;
}

Result Verifier::metadata_result() {
  return result(is_open() ? judge_metadata() : envelope_fault_);
}

Result Verifier::finish() {
  feed({nullptr, 0});
  if (is_open() && !reader_.is_done()) {
    envelope_fault_ = Verdict::kMalformed;
  }
  Verdict verdict = envelope_fault_;
  if (is_open()) {
    verdict = judge_metadata();
    if (verdict == Verdict::kAccept) {
      verdict = judge_payloads();
    }
  }
  return result(verdict);
}

// Says whether nothing has decided on the result up to here.
bool Verifier::is_open() const {
  return beyond_ == Beyond::kNothing && !storage_failed_ && envelope_fault_ == Verdict::kAccept;
}

Result Verifier::result(Verdict verdict) const {
  if (storage_failed_) {
    return {Outcome::kStorageFailed, Verdict::kMalformed, Beyond::kNothing};
  }
  const bool is_beyond = beyond_ != Beyond::kNothing;
  return {is_beyond ? Outcome::kBeyondDevice : Outcome::kVerdict,
          is_beyond ? Verdict::kMalformed : verdict, beyond_};
}

void Verifier::go_beyond(Beyond beyond) {
  if (beyond_ == Beyond::kNothing) {
    beyond_ = beyond;
  }
  reader_.stop();
}

Verdict Verifier::judge_metadata() {
  const Verdict roots = judge_roots();
  return roots == Verdict::kAccept ? judge_targets() : roots;
}

// The fields of a bundle and of the metadata in it

Verdict Verifier::number(FieldId field, uint64_t value) {
  const uint32_t small = static_cast<uint32_t>(value);
  switch (field) {
    case FieldId::kTimestampSeconds:
      common_->seconds = static_cast<int64_t>(value);
      break;
    case FieldId::kTimestampNanos:
      common_->nanos = small;
      break;
    case FieldId::kCommonMetadataVersion:
      common_->version = small;
      break;
    case FieldId::kKeyKeyType:
      key_type_ = small;
      check_key_order();
      break;
    case FieldId::kKeyScheme:
      key_scheme_ = small;
      check_key_order();
      break;
    case FieldId::kSignatureRequirementThreshold:
      if (role_ == kInRoot) {
        spare_->root_threshold = small;
      } else if (role_ == kInTargets) {
        spare_->targets_threshold = small;
      }
      break;
    case FieldId::kHashFunction:
      is_sha256_ = small == kHashFunctionSha256;
      break;
    case FieldId::kCompressionAlgorithm:
      algorithm_ = small;
      break;
    case FieldId::kCompressionOriginalLength:
      memory_.compression->original(targets_).length = value;
      break;
    case FieldId::kTargetFileLength:
      target_->length = value;
      break;
    default:
      break;
  }
  return Verdict::kAccept;
}

Verdict Verifier::begin(FieldId field, size_t size) {
  // The device keeps only roots.
  if (is_device_ && field <= FieldId::kUpdateBundleRootMetadata) {
    return Verdict::kUnexpectedField;
  }
  switch (field) {
    case FieldId::kUpdateBundleRootMetadata:
    case FieldId::kUpdateBundleRootChain:
      return begin_root(field == FieldId::kUpdateBundleRootChain, size);
    case FieldId::kUpdateBundleTargetsMetadata:
    case FieldId::kUpdateBundleTargetPayloads:
      has_name_ = false;
      has_value_ = false;
      break;
    case FieldId::kTargetsEntryKey:
    case FieldId::kPayloadEntryKey:
      begin_name();
      break;
    case FieldId::kTargetsEntryValue:
      begin_targets(size);
      break;
    case FieldId::kPayloadEntryValue:
      begin_payload(size);
      break;
    case FieldId::kSignedRootMetadataSerializedRootMetadata:
    case FieldId::kSignedTargetsMetadataSerializedTargetsMetadata:
      is_serialized_ = true;
      break;
    case FieldId::kSignedRootMetadataSignatures:
    case FieldId::kSignedTargetsMetadataSignatures:
      begin_signature();
      break;
    case FieldId::kSignatureKeyId:
    case FieldId::kSignatureSig:
      begin_signature_part(field == FieldId::kSignatureKeyId ? kHasKeyId : kHasValue, size);
      break;
    case FieldId::kCommonMetadataExpires:
      common_->expires = true;
      break;
    case FieldId::kCommonMetadataSpecVersion:
    case FieldId::kCommonMetadataRole:
      begin_leaf(size);
      break;
    case FieldId::kHashHash:
      leaf_size_ = static_cast<uint32_t>(size);
      capture(leaf_, kSha256Bytes);
      break;
    case FieldId::kCompressionOriginalSha256:
      original_sha256_size_ = static_cast<uint8_t>(size);
      capture(memory_.compression->original(targets_).sha256, kSha256Bytes);
      break;
    case FieldId::kRootMetadataKeys:
      begin_key();
      break;
    case FieldId::kKeyKeyval:
      begin_key_value(size);
      break;
    case FieldId::kSignatureRequirementKeyIds:
      part_hash_.begin(*device_.crypto);
      begin_key_id(size);
      break;
    case FieldId::kKeyMappingKeyId:
      begin_key_id(size);
      break;
    case FieldId::kRootMetadataRootSignatureRequirement:
      role_ = kInRoot;
      break;
    case FieldId::kRootMetadataTargetsSignatureRequirement:
      role_ = kInTargets;
      break;
    case FieldId::kRootMetadataTimestampSignatureRequirement:
    case FieldId::kRootMetadataSnapshotSignatureRequirement:
      role_ = 0;
      break;
    case FieldId::kRootMetadataAllowedTargets:
      if (memory_.allowed == nullptr) {
        go_beyond(Beyond::kAllowedTargets);
      } else {
        memory_.allowed->begin_entry(spare_->index);
      }
      break;
    case FieldId::kTargetsMetadataTargetFiles:
      return begin_target();
    case FieldId::kTargetFileFileName:
      begin_name();
      break;
    case FieldId::kTargetFileHashes:
      is_sha256_ = false;
      leaf_size_ = 0;
      break;
    case FieldId::kTargetFileCompression:
      begin_compression();
      break;
    default:
      break;
  }
  return Verdict::kAccept;
}

void Verifier::content(FieldId field, Bytes piece) {
  const size_t kept = piece.size < capture_left_ ? piece.size : capture_left_;
  if (kept != 0) {
    memcpy(capture_, piece.data, kept);
    capture_ += kept;
    capture_left_ -= kept;
  }
  switch (field) {
    case FieldId::kPayloadEntryValue:
      return payload_content(piece);
    case FieldId::kKeyKeyval:
    case FieldId::kSignatureRequirementKeyIds:
      return part_hash_.update(piece);
    case FieldId::kRootMetadataAllowedTargets:
      return memory_.allowed->feed_entry(spare_->index, piece);
    case FieldId::kTargetsEntryKey:
    case FieldId::kPayloadEntryKey:
    case FieldId::kTargetFileFileName:
      return name_content(piece);
    default:
      break;
  }
}

Verdict Verifier::end(FieldId field) {
  capture_left_ = 0;
  switch (field) {
    case FieldId::kUpdateBundleRootMetadata:
    case FieldId::kUpdateBundleRootChain:
      end_root(field == FieldId::kUpdateBundleRootChain);
      break;
    case FieldId::kUpdateBundleTargetsMetadata:
      return end_targets_entry();
    case FieldId::kUpdateBundleTargetPayloads:
      return end_payload();
    case FieldId::kTargetsEntryKey:
    case FieldId::kPayloadEntryKey:
      return end_name();
    case FieldId::kTargetsEntryValue:
      end_targets();
      break;
    case FieldId::kPayloadEntryValue:
      end_payload_content();
      break;
    case FieldId::kSignedRootMetadataSerializedRootMetadata:
    case FieldId::kSignedTargetsMetadataSerializedTargetsMetadata:
      is_serialized_ = false;
      break;
    case FieldId::kSignedRootMetadataSignatures:
    case FieldId::kSignedTargetsMetadataSignatures:
      end_signature();
      break;
    case FieldId::kCommonMetadataSpecVersion:
      common_->has_spec_version = is_readable_spec_version(leaf_, leaf_size_);
      break;
    case FieldId::kCommonMetadataRole:
      common_->has_role =
          is_text(leaf_, leaf_size_, common_ == &targets_common_ ? kTargetsRole : kRootRole);
      break;
    case FieldId::kRootMetadataKeys:
      end_key();
      break;
    case FieldId::kSignatureRequirementKeyIds:
      add_role_key();
      break;
    case FieldId::kRootMetadataAllowedTargets:
      memory_.allowed->end_entry(spare_->index);
      break;
    case FieldId::kTargetsMetadataTargetFiles:
      end_target();
      break;
    case FieldId::kTargetFileFileName:
      part_hash_.finish(target_->name);
      break;
    case FieldId::kTargetFileHashes:
      end_hash();
      break;
    default:
      break;
  }
  return Verdict::kAccept;
}

void Verifier::fault(FieldId field, Verdict verdict) {
  // No `end` of the field with the fault follows.
  capture_left_ = 0;
  switch (field) {
    case FieldId::kSignedRootMetadataSerializedRootMetadata:
    case FieldId::kSignedTargetsMetadataSerializedTargetsMetadata:
    case FieldId::kUpdateBundleRootMetadata:
    case FieldId::kUpdateBundleRootChain:
    case FieldId::kTargetsEntryValue:
      // A fault of the outer message replaces one in the signed bytes, which Python reads later.
      form_fault_ = verdict;
      is_serialized_ = false;
      break;
    default:
      envelope_fault_ = verdict;
      reader_.stop();
      break;
  }
}

void Verifier::raw(Bytes piece) {
  if (is_serialized_) {
    signed_hash_.update(piece);
  }
  if (is_root_) {
    device_.roots->root_bytes(piece);
  }
}

// Copies the content of the field that begins now, as much of it as fits.
void Verifier::capture(uint8_t* into, size_t capacity) {
  capture_ = into;
  capture_left_ = capacity;
}

void Verifier::begin_leaf(size_t size) {
  leaf_size_ = static_cast<uint32_t>(size);
  capture(leaf_, sizeof(leaf_));
}

// Signed messages

void Verifier::begin_signed(SignatureList* list, CommonFacts* common) {
  list_ = list;
  list_->count = 0;
  common_ = common;
  *common_ = {0, 0, 0, false, false, false};
  form_fault_ = Verdict::kAccept;
  signed_hash_.begin(*device_.crypto);
}

void Verifier::begin_signature() {
  signature_parts_ = 0;
  has_signature_room_ = list_->count < memory_.signature_count;
}

// A signature counts only if key id and value have the lengths of ECDSA on P-256, so no other is
// kept.
void Verifier::begin_signature_part(uint8_t part, size_t size) {
  const bool is_key_id = part == kHasKeyId;
  if (size != (is_key_id ? kSha256Bytes : kP256SignatureBytes)) {
    return;
  }
  signature_parts_ = signature_parts_ | part;
  if (has_signature_room_) {
    MetadataSignature& entry = list_->entries[list_->count];
    capture(is_key_id ? entry.key_id : entry.value, static_cast<size_t>(size));
  }
}

void Verifier::end_signature() {
  if (signature_parts_ != (kHasKeyId | kHasValue)) {
    return;
  }
  if (!has_signature_room_) {
    return go_beyond(Beyond::kSignatures);
  }
  list_->entries[list_->count].state = kNotVerified;
  ++list_->count;
}

// TUF specification 4.3: the fields that metadata of every role have.
Verdict Verifier::check_common() const {
  const CommonFacts& common = *common_;
  if (common.expires && (common.seconds < kMinSeconds || common.seconds > kMaxSeconds ||
                         common.nanos >= kNanosPerSecond)) {
    return Verdict::kMalformed;
  }
  if (!common.has_role) {
    return Verdict::kWrongRole;
  }
  if (!common.has_spec_version) {
    return Verdict::kUnsupportedSpecVersion;
  }
  return common.version == 0 ? Verdict::kInvalidVersion : Verdict::kAccept;
}

// Says whether a threshold of the keys of `role` have signed (TUF specification 5.3.4 and 5.6.3). A
// key counts once, however often it signs.
bool Verifier::is_met(SignatureList& list, const uint8_t* sha256, const RootFacts& root,
                      uint8_t role) {
  const uint32_t threshold = role == kInRoot ? root.root_threshold : root.targets_threshold;
  uint32_t signers = 0;
  for (uint32_t k = 0; k < root.key_count && signers < threshold; ++k) {
    const RootKey& key = root.keys[k];
    bool has_signed = false;
    for (uint32_t i = 0; i < list.count && (key.flags & role) != 0 && !has_signed; ++i) {
      MetadataSignature& signature = list.entries[i];
      has_signed = is_same(signature.key_id, key.id) && is_good(signature, sha256, key);
    }
    signers += has_signed;
  }
  return signers >= threshold;
}

// Verifies a signature, once: its key id names one key only.
bool Verifier::is_good(MetadataSignature& signature, const uint8_t* sha256, const RootKey& key) {
  if (signature.state == kNotVerified) {
    if (verifications_ == memory_.verifications) {
      go_beyond(Beyond::kVerifications);
      return false;
    }
    ++verifications_;
    signature.state = device_.crypto->verify_p256(key.point, sha256, signature.value)
                          ? kGoodSignature
                          : kBadSignature;
  }
  return signature.state == kGoodSignature;
}

bool Verifier::is_expired(const CommonFacts& common) const {
  return device_.knows_time && common.expires &&
         (common.seconds < device_.now || (common.seconds == device_.now && common.nanos == 0));
}

}  // namespace software_update

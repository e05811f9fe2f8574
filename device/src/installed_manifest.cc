#include "software_update/installed_manifest.h"

#include <string.h>

#include "field_table.h"
#include "software_update/format_limits.h"

namespace software_update {

void InstalledManifestReader::begin(const Crypto& crypto, const char* hardware_id,
                                    const InstalledMemory& memory, size_t size) {
  memory_ = memory;
  crypto_ = &crypto;
  hardware_id_ = hardware_id;
  memset(&installed_, 0, sizeof(installed_));
  installed_.target = memory.targets;
  metadata_ = 0;
  leaf_size_ = 0;
  is_value_ = false;
  has_key_ = false;
  has_role_ = false;
  has_root_version_ = false;
  invalid_ = false;
  memory.release->begin(hardware_id);
  targets_hash_.begin(crypto);
  reader_.begin(*this, MessageId::kManifest, FieldId::kManifestTargetsMetadata, size);
}

bool InstalledManifestReader::finish(Installed& installed) {
  reader_.feed({nullptr, 0});
  targets_hash_.finish(installed_.targets_sha256);
  if (installed_.has_user_manifest) {
    const ReleaseKind kind = memory_.release->finish();
    invalid_ = invalid_ || kind == ReleaseKind::kMalformed || kind == ReleaseKind::kBeyond;
    installed_.has_counter = kind == ReleaseKind::kRelease;
  }
  if (installed_.has_counter) {
    const ReleaseReader& release = *memory_.release;
    installed_.counter = release.counter();
    installed_.minimum_counter = release.minimum_counter();
    installed_.is_for_other_hardware =
        hardware_id_ != nullptr && release.lists_hardware() && !release.lists_this_hardware();
  }
  installed = installed_;
  return reader_.is_done() && !invalid_ && metadata_ == 1 && has_key_ && has_role_ &&
         installed_.version != 0 && has_root_version_ == installed_.former.stated;
}

Verdict InstalledManifestReader::number(FieldId field, uint64_t value) {
  switch (field) {
    case FieldId::kManifestRootVersion:
      installed_.former.version = static_cast<uint32_t>(value);
      has_root_version_ = true;
      invalid_ = invalid_ || value == 0;
      break;
    case FieldId::kCommonMetadataVersion:
      installed_.version = static_cast<uint32_t>(value);
      break;
    case FieldId::kTargetFileLength:
      length_ = value;
      break;
    case FieldId::kHashFunction:
      hash_function_ = static_cast<uint32_t>(value);
      break;
    case FieldId::kCompressionOriginalLength:
      original_length_ = value;
      break;
    default:
      break;
  }
  return Verdict::kAccept;
}

Verdict InstalledManifestReader::begin(FieldId field, size_t size) {
  leaf_size_ = 0;
  switch (field) {
    case FieldId::kManifestTargetsMetadata:
      ++metadata_;
      break;
    case FieldId::kManifestUserManifest:
      installed_.has_user_manifest = true;
      installed_.user_manifest_length = size;
      part_hash_.begin(*crypto_);
      break;
    case FieldId::kTargetsMetadataEntryValue:
      is_value_ = true;
      break;
    case FieldId::kTargetsMetadataTargetFiles:
      begin_target();
      break;
    case FieldId::kTargetFileFileName:
      part_hash_.begin(*crypto_);
      break;
    case FieldId::kTargetFileHashes:
      hash_function_ = 0;
      break;
    default:
      break;
  }
  return Verdict::kAccept;
}

void InstalledManifestReader::content(FieldId field, Bytes piece) {
  if (field == FieldId::kManifestUserManifest) {
    part_hash_.update(piece);
    memory_.release->feed(piece);
    return;
  }
  if (field == FieldId::kTargetFileFileName) {
    part_hash_.update(piece);
  }
  if (leaf_size_ < kSha256Bytes) {
    const size_t room = kSha256Bytes - static_cast<size_t>(leaf_size_);
    memcpy(leaf_ + leaf_size_, piece.data, piece.size < room ? piece.size : room);
  }
  leaf_size_ += piece.size;
}

Verdict InstalledManifestReader::end(FieldId field) {
  switch (field) {
    case FieldId::kManifestUserManifest:
      part_hash_.finish(installed_.user_manifest_sha256);
      break;
    case FieldId::kManifestRootSha256:
      installed_.former.stated = true;
      invalid_ = invalid_ || !has_digest();
      memcpy(installed_.former.sha256, leaf_, kSha256Bytes);
      break;
    case FieldId::kTargetsMetadataEntryKey:
      has_key_ = leaf_is("targets");
      break;
    case FieldId::kTargetsMetadataEntryValue:
      is_value_ = false;
      break;
    case FieldId::kCommonMetadataRole:
      has_role_ = leaf_is("targets");
      break;
    case FieldId::kTargetFileFileName:
      part_hash_.finish(name_sha256_);
      is_user_manifest_ = leaf_is("user_manifest");
      break;
    case FieldId::kTargetFileHashes:
      if (hash_function_ == kHashFunctionSha256 && has_digest()) {
        add(leaf_);
      }
      break;
    case FieldId::kTargetFileCompression:
      is_compressed_ = true;
      has_original_ = has_digest();
      memcpy(original_sha256_, leaf_, kSha256Bytes);
      break;
    case FieldId::kTargetsMetadataTargetFiles:
      end_target();
      break;
    default:
      break;
  }
  return Verdict::kAccept;
}

void InstalledManifestReader::fault(FieldId, Verdict) { invalid_ = true; }

void InstalledManifestReader::raw(Bytes piece) {
  if (is_value_) {
    targets_hash_.update(piece);
  }
}

void InstalledManifestReader::begin_target() {
  first_ = installed_.targets;
  length_ = 0;
  original_length_ = 0;
  is_compressed_ = false;
  is_user_manifest_ = false;
  part_hash_.begin(*crypto_);
  part_hash_.finish(name_sha256_);
}

void InstalledManifestReader::add(const uint8_t* sha256) {
  if (installed_.targets == memory_.capacity) {
    invalid_ = true;
    return;
  }
  memcpy(memory_.targets[installed_.targets].sha256, sha256, kSha256Bytes);
  ++installed_.targets;
}

void InstalledManifestReader::end_target() {
  if (is_compressed_) {
    installed_.targets = first_;
    length_ = original_length_;
    if (has_original_) {
      add(original_sha256_);
    }
  }
  // The user_manifest is kept apart.
  if (is_user_manifest_) {
    installed_.targets = first_;
  }
  for (uint32_t i = first_; i < installed_.targets; ++i) {
    memory_.targets[i].length = length_;
    memcpy(memory_.targets[i].name, name_sha256_, kSha256Bytes);
  }
}

bool InstalledManifestReader::leaf_is(const char* text) const {
  return leaf_size_ == strlen(text) && memcmp(leaf_, text, strlen(text)) == 0;
}

}  // namespace software_update

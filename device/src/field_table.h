// The fields of the messages of a bundle and of a device's manifest.
// Generated from format/messages.py, format/limits.py and bundle/envelope.py.

#ifndef SOFTWARE_UPDATE_SRC_FIELD_TABLE_H_
#define SOFTWARE_UPDATE_SRC_FIELD_TABLE_H_

#include <stdint.h>

#include "field.h"

namespace software_update {

// The messages, in the order of kFirstField.
enum class MessageId : uint8_t {
  kUpdateBundle,
  kTargetsEntry,
  kPayloadEntry,
  kSignature,
  kSignedRootMetadata,
  kSignedTargetsMetadata,
  kTimestamp,
  kCommonMetadata,
  kKey,
  kKeyMapping,
  kSignatureRequirement,
  kRootMetadata,
  kHash,
  kCompression,
  kTargetFile,
  kTargetsMetadata,
  kTargetsMetadataEntry,
  kManifest,
};

// The fields of all messages, in the order of kFields.
enum class FieldId : uint8_t {
  kUpdateBundleTargetsMetadata,
  kUpdateBundleTargetPayloads,
  kUpdateBundleRootMetadata,
  kUpdateBundleRootChain,
  kTargetsEntryKey,
  kTargetsEntryValue,
  kPayloadEntryKey,
  kPayloadEntryValue,
  kSignatureKeyId,
  kSignatureSig,
  kSignedRootMetadataSerializedRootMetadata,
  kSignedRootMetadataSignatures,
  kSignedTargetsMetadataSerializedTargetsMetadata,
  kSignedTargetsMetadataSignatures,
  kTimestampSeconds,
  kTimestampNanos,
  kCommonMetadataSpecVersion,
  kCommonMetadataVersion,
  kCommonMetadataExpires,
  kCommonMetadataRole,
  kKeyKeyType,
  kKeyScheme,
  kKeyKeyval,
  kKeyMappingKeyId,
  kKeyMappingKey,
  kSignatureRequirementKeyIds,
  kSignatureRequirementThreshold,
  kRootMetadataCommonMetadata,
  kRootMetadataConsistentSnapshot,
  kRootMetadataKeys,
  kRootMetadataRootSignatureRequirement,
  kRootMetadataTimestampSignatureRequirement,
  kRootMetadataSnapshotSignatureRequirement,
  kRootMetadataTargetsSignatureRequirement,
  kRootMetadataAllowedTargets,
  kRootMetadataDevKeys,
  kHashFunction,
  kHashHash,
  kCompressionAlgorithm,
  kCompressionOriginalLength,
  kCompressionOriginalSha256,
  kTargetFileFileName,
  kTargetFileLength,
  kTargetFileHashes,
  kTargetFileCompression,
  kTargetsMetadataCommonMetadata,
  kTargetsMetadataTargetFiles,
  kTargetsMetadataEntryKey,
  kTargetsMetadataEntryValue,
  kManifestTargetsMetadata,
  kManifestUserManifest,
  kManifestRootVersion,
  kManifestRootSha256,
};

constexpr Field kFields[] = {
    // UpdateBundle
    {3, Kind::kMessage, 1, kNoLimit, static_cast<uint8_t>(MessageId::kTargetsEntry)},  // targets_metadata
    {4, Kind::kMessage, 2, kNoLimit, static_cast<uint8_t>(MessageId::kPayloadEntry)},  // target_payloads
    {5, Kind::kContained, 0, kPowerOfTwo | 19, static_cast<uint8_t>(MessageId::kSignedRootMetadata)},  // root_metadata
    {65, Kind::kContained, 3, kPowerOfTwo | 19, static_cast<uint8_t>(MessageId::kSignedRootMetadata)},  // root_chain
    // TargetsEntry
    {1, Kind::kBytes, 0, kPowerOfTwo | 12, 0},  // key
    {2, Kind::kContained, 0, kNoLimit, static_cast<uint8_t>(MessageId::kSignedTargetsMetadata)},  // value
    // PayloadEntry
    {1, Kind::kBytes, 0, kPowerOfTwo | 12, 0},  // key
    {2, Kind::kBytes, 0, kNoLimit, 0},  // value
    // Signature
    {1, Kind::kBytes, 0, 8, 0},  // key_id
    {2, Kind::kBytes, 0, kPowerOfTwo | 12, 0},  // sig
    // SignedRootMetadata
    {1, Kind::kContained, 0, kPowerOfTwo | 19, static_cast<uint8_t>(MessageId::kRootMetadata)},  // serialized_root_metadata
    {2, Kind::kMessage, 4, kNoLimit, static_cast<uint8_t>(MessageId::kSignature)},  // signatures
    // SignedTargetsMetadata
    {1, Kind::kContained, 0, kPowerOfTwo | 25, static_cast<uint8_t>(MessageId::kTargetsMetadata)},  // serialized_targets_metadata
    {2, Kind::kMessage, 5, kNoLimit, static_cast<uint8_t>(MessageId::kSignature)},  // signatures
    // Timestamp
    {1, Kind::kNumber, 0, kNoLimit, 0},  // seconds
    {2, Kind::kNumber, 0, 31, 0},  // nanos
    // CommonMetadata
    {1, Kind::kText, 0, 8, 0},  // spec_version
    {2, Kind::kNumber, 0, 32, 0},  // version
    {3, Kind::kMessage, 0, kNoLimit, static_cast<uint8_t>(MessageId::kTimestamp)},  // expires
    {4, Kind::kText, 0, 8, 0},  // role
    // Key
    {1, Kind::kNumber, 0, 31, 0},  // key_type
    {2, Kind::kNumber, 0, 31, 0},  // scheme
    {3, Kind::kBytes, 0, kPowerOfTwo | 12, 0},  // keyval
    // KeyMapping
    {1, Kind::kBytes, 0, 8, 0},  // key_id
    {2, Kind::kMessage, 0, kNoLimit, static_cast<uint8_t>(MessageId::kKey)},  // key
    // SignatureRequirement
    {1, Kind::kBytes, 6, 8, 0},  // key_ids
    {2, Kind::kNumber, 0, 32, 0},  // threshold
    // RootMetadata
    {1, Kind::kMessage, 0, kNoLimit, static_cast<uint8_t>(MessageId::kCommonMetadata)},  // common_metadata
    {2, Kind::kNumber, 0, 1, 0},  // consistent_snapshot
    {3, Kind::kMessage, 7, kNoLimit, static_cast<uint8_t>(MessageId::kKeyMapping)},  // keys
    {4, Kind::kMessage, 0, kNoLimit, static_cast<uint8_t>(MessageId::kSignatureRequirement)},  // root_signature_requirement
    {5, Kind::kMessage, 0, kNoLimit, static_cast<uint8_t>(MessageId::kSignatureRequirement)},  // timestamp_signature_requirement
    {6, Kind::kMessage, 0, kNoLimit, static_cast<uint8_t>(MessageId::kSignatureRequirement)},  // snapshot_signature_requirement
    {7, Kind::kMessage, 0, kNoLimit, static_cast<uint8_t>(MessageId::kSignatureRequirement)},  // targets_signature_requirement
    {254, Kind::kText, 8, kPowerOfTwo | 6, 0},  // allowed_targets
    {255, Kind::kNumber, 0, 1, 0},  // dev_keys
    // Hash
    {1, Kind::kNumber, 0, 31, 0},  // function
    {2, Kind::kBytes, 0, 8, 0},  // hash
    // Compression
    {1, Kind::kNumber, 0, 31, 0},  // algorithm
    {2, Kind::kNumber, 0, kNoLimit, 0},  // original_length
    {3, Kind::kBytes, 0, 8, 0},  // original_sha256
    // TargetFile
    {1, Kind::kText, 0, kPowerOfTwo | 12, 0},  // file_name
    {2, Kind::kNumber, 0, kNoLimit, 0},  // length
    {3, Kind::kMessage, 9, kNoLimit, static_cast<uint8_t>(MessageId::kHash)},  // hashes
    {254, Kind::kMessage, 0, kNoLimit, static_cast<uint8_t>(MessageId::kCompression)},  // compression
    // TargetsMetadata
    {1, Kind::kMessage, 0, kNoLimit, static_cast<uint8_t>(MessageId::kCommonMetadata)},  // common_metadata
    {2, Kind::kMessage, 10, kNoLimit, static_cast<uint8_t>(MessageId::kTargetFile)},  // target_files
    // TargetsMetadataEntry
    {1, Kind::kText, 0, kPowerOfTwo | 12, 0},  // key
    {2, Kind::kMessage, 0, kNoLimit, static_cast<uint8_t>(MessageId::kTargetsMetadata)},  // value
    // Manifest
    {1, Kind::kMessage, 11, kNoLimit, static_cast<uint8_t>(MessageId::kTargetsMetadataEntry)},  // targets_metadata
    {2, Kind::kBytes, 0, kPowerOfTwo | 20, 0},  // user_manifest
    {65, Kind::kNumber, 0, 32, 0},  // root_version
    {66, Kind::kBytes, 0, 8, 0},  // root_sha256
};

// The index of the first field of each message, and the number of all fields.
constexpr uint8_t kFirstField[] = {0, 4, 6, 8, 10, 12, 14, 16, 20, 23, 25, 27, 36, 38, 41, 45, 47, 49, 53};

// How often a repeated field may appear in one message. UINT32_MAX: the envelope has its own rule.
constexpr uint32_t kMostRepeated[] = {UINT32_MAX, UINT32_MAX, 256, 64, 64, 64, 64, 16, 2, 65536, 16};
constexpr uint8_t kRepeatedFields = sizeof(kMostRepeated) / sizeof(kMostRepeated[0]);

}  // namespace software_update

#endif  // SOFTWARE_UPDATE_SRC_FIELD_TABLE_H_

// The fields of the messages of a bundle and of a device's manifest.
// Generated from messages.py, limits.py and envelope.py.
// Renew it with: ./bazelw run //tools/workshop/device:update

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

constexpr uint8_t index_of(MessageId message) { return static_cast<uint8_t>(message); }

constexpr Field kFields[] = {
    // UpdateBundle
    {3, Kind::kMessage, 1, kNoLimit, index_of(MessageId::kTargetsEntry)},
    {4, Kind::kMessage, 2, kNoLimit, index_of(MessageId::kPayloadEntry)},
    {5, Kind::kContained, 0, kPowerOfTwo | 19, index_of(MessageId::kSignedRootMetadata)},
    {65, Kind::kContained, 3, kPowerOfTwo | 19, index_of(MessageId::kSignedRootMetadata)},
    // TargetsEntry
    {1, Kind::kBytes, 0, kPowerOfTwo | 12, 0},
    {2, Kind::kContained, 0, kNoLimit, index_of(MessageId::kSignedTargetsMetadata)},
    // PayloadEntry
    {1, Kind::kBytes, 0, kPowerOfTwo | 12, 0},
    {2, Kind::kBytes, 0, kNoLimit, 0},
    // Signature
    {1, Kind::kBytes, 0, 8, 0},
    {2, Kind::kBytes, 0, kPowerOfTwo | 12, 0},
    // SignedRootMetadata
    {1, Kind::kContained, 0, kPowerOfTwo | 19, index_of(MessageId::kRootMetadata)},
    {2, Kind::kMessage, 4, kNoLimit, index_of(MessageId::kSignature)},
    // SignedTargetsMetadata
    {1, Kind::kContained, 0, kPowerOfTwo | 25, index_of(MessageId::kTargetsMetadata)},
    {2, Kind::kMessage, 5, kNoLimit, index_of(MessageId::kSignature)},
    // Timestamp
    {1, Kind::kNumber, 0, kNoLimit, 0},
    {2, Kind::kNumber, 0, 31, 0},
    // CommonMetadata
    {1, Kind::kText, 0, 8, 0},
    {2, Kind::kNumber, 0, 32, 0},
    {3, Kind::kMessage, 0, kNoLimit, index_of(MessageId::kTimestamp)},
    {4, Kind::kText, 0, 8, 0},
    // Key
    {1, Kind::kNumber, 0, 31, 0},
    {2, Kind::kNumber, 0, 31, 0},
    {3, Kind::kBytes, 0, kPowerOfTwo | 12, 0},
    // KeyMapping
    {1, Kind::kBytes, 0, 8, 0},
    {2, Kind::kMessage, 0, kNoLimit, index_of(MessageId::kKey)},
    // SignatureRequirement
    {1, Kind::kBytes, 6, 8, 0},
    {2, Kind::kNumber, 0, 32, 0},
    // RootMetadata
    {1, Kind::kMessage, 0, kNoLimit, index_of(MessageId::kCommonMetadata)},
    {2, Kind::kNumber, 0, 1, 0},
    {3, Kind::kMessage, 7, kNoLimit, index_of(MessageId::kKeyMapping)},
    {4, Kind::kMessage, 0, kNoLimit, index_of(MessageId::kSignatureRequirement)},
    {5, Kind::kMessage, 0, kNoLimit, index_of(MessageId::kSignatureRequirement)},
    {6, Kind::kMessage, 0, kNoLimit, index_of(MessageId::kSignatureRequirement)},
    {7, Kind::kMessage, 0, kNoLimit, index_of(MessageId::kSignatureRequirement)},
    {254, Kind::kText, 8, kPowerOfTwo | 6, 0},
    {255, Kind::kNumber, 0, 1, 0},
    // Hash
    {1, Kind::kNumber, 0, 31, 0},
    {2, Kind::kBytes, 0, 8, 0},
    // Compression
    {1, Kind::kNumber, 0, 31, 0},
    {2, Kind::kNumber, 0, kNoLimit, 0},
    {3, Kind::kBytes, 0, 8, 0},
    // TargetFile
    {1, Kind::kText, 0, kPowerOfTwo | 12, 0},
    {2, Kind::kNumber, 0, kNoLimit, 0},
    {3, Kind::kMessage, 9, kNoLimit, index_of(MessageId::kHash)},
    {254, Kind::kMessage, 0, kNoLimit, index_of(MessageId::kCompression)},
    // TargetsMetadata
    {1, Kind::kMessage, 0, kNoLimit, index_of(MessageId::kCommonMetadata)},
    {2, Kind::kMessage, 10, kNoLimit, index_of(MessageId::kTargetFile)},
    // TargetsMetadataEntry
    {1, Kind::kText, 0, kPowerOfTwo | 12, 0},
    {2, Kind::kMessage, 0, kNoLimit, index_of(MessageId::kTargetsMetadata)},
    // Manifest
    {1, Kind::kMessage, 11, kNoLimit, index_of(MessageId::kTargetsMetadataEntry)},
    {2, Kind::kBytes, 0, kPowerOfTwo | 20, 0},
    {65, Kind::kNumber, 0, 32, 0},
    {66, Kind::kBytes, 0, 8, 0},
};

// The index of the first field of each message, and the number of all fields.
constexpr uint8_t kFirstField[] = {
    0,   // UpdateBundle
    4,   // TargetsEntry
    6,   // PayloadEntry
    8,   // Signature
    10,  // SignedRootMetadata
    12,  // SignedTargetsMetadata
    14,  // Timestamp
    16,  // CommonMetadata
    20,  // Key
    23,  // KeyMapping
    25,  // SignatureRequirement
    27,  // RootMetadata
    36,  // Hash
    38,  // Compression
    41,  // TargetFile
    45,  // TargetsMetadata
    47,  // TargetsMetadataEntry
    49,  // Manifest
    53,  // all
};

// How often a repeated field may appear in one message: a limit of field.h.
constexpr uint8_t kMostRepeated[] = {
    kNoLimit,          // targets_metadata
    kNoLimit,          // target_payloads
    kPowerOfTwo | 8,   // root_chain
    kPowerOfTwo | 6,   // SignedRootMetadata.signatures
    kPowerOfTwo | 6,   // SignedTargetsMetadata.signatures
    kPowerOfTwo | 6,   // SignatureRequirement.key_ids
    kPowerOfTwo | 6,   // RootMetadata.keys
    kPowerOfTwo | 4,   // RootMetadata.allowed_targets
    kPowerOfTwo | 1,   // TargetFile.hashes
    kPowerOfTwo | 16,  // TargetsMetadata.target_files
    kPowerOfTwo | 4,   // Manifest.targets_metadata
};
constexpr uint8_t kRepeatedFields = sizeof(kMostRepeated) / sizeof(kMostRepeated[0]);

}  // namespace software_update

#endif  // SOFTWARE_UPDATE_SRC_FIELD_TABLE_H_

// The limits of a bundle and the numbers of its format. A device's own limits are lower.
// Generated from limits.py and the modules below.
// Renew it with: ./bazelw run //tools/workshop/device:update

#ifndef SOFTWARE_UPDATE_FORMAT_LIMITS_H_
#define SOFTWARE_UPDATE_FORMAT_LIMITS_H_

#include <stdint.h>

namespace software_update {

// limits.py
constexpr uint32_t kMaxRootMetadataBytes = 524288;
constexpr uint32_t kMaxTargetsMetadataBytes = 33554432;
constexpr uint32_t kMaxRootChain = 256;
constexpr uint32_t kMaxKeys = 64;
constexpr uint32_t kMaxSignatures = 64;
constexpr uint32_t kMaxTargets = 65536;
constexpr uint32_t kMaxAllowedTargets = 16;
constexpr uint32_t kMaxAllowedTargetBytes = 64;
constexpr uint32_t kMaxHashes = 2;
constexpr uint32_t kMaxUnknownRootFields = 256;
constexpr uint32_t kMaxUnknownTargetsFields = 65536;
constexpr uint32_t kMaxNameBytes = 255;
constexpr uint32_t kMaxEnvelopeNameBytes = 4096;
constexpr uint32_t kMaxEnvelopeNamesBytes = 16711680;
constexpr uint64_t kMaxOriginalBytes = 68719476736ull;
constexpr uint32_t kMaxWindowBytes = 8388608;
constexpr uint32_t kMaxVersion = 4294967295u;
constexpr uint32_t kMaxManifestEntries = 16;
constexpr uint32_t kMaxUserManifestBytes = 1048576;
constexpr uint32_t kMaxManifestBytes = 34604032;

// release_manifest.py
constexpr uint32_t kMaxCounter = 4294967295u;
constexpr uint32_t kMaxLanguageCharacters = 35;

// strict_json.py
constexpr uint32_t kMaxJsonDepth = 32;

// messages.py
constexpr uint32_t kHashFunctionSha256 = 1;
constexpr uint32_t kCompressionZstd = 1;
constexpr uint32_t kKeyTypeEcdsaP256 = 3;

// envelope.py
constexpr uint32_t kTargetsField = 3;
constexpr uint32_t kPayloadField = 4;
constexpr uint32_t kRootField = 5;
constexpr uint32_t kRootChainField = 65;
constexpr uint32_t kKeyField = 1;
constexpr uint32_t kValueField = 2;

}  // namespace software_update

#endif  // SOFTWARE_UPDATE_FORMAT_LIMITS_H_

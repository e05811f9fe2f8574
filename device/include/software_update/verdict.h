// The verdicts of the verifier.
// Generated from format/verdicts.py.
// Renew it with: ./bazelw run //tools/workshop/device:update

#ifndef SOFTWARE_UPDATE_VERDICT_H_
#define SOFTWARE_UPDATE_VERDICT_H_

#include <stdint.h>

namespace software_update {

// The results of a verification, in the order of the checks. docs/reference/verdicts.md explains
// them.
enum class Verdict : uint8_t {
  kAccept,
  kMalformed,
  kUnexpectedField,
  kDuplicateField,
  kTooLarge,
  kMissingRoleMetadata,
  kWrongRole,
  kUnsupportedSpecVersion,
  kInvalidVersion,
  kKeyIdMismatch,
  kKeyTypeMismatch,
  kInvalidKey,
  kSharedKey,
  kThresholdInvalid,
  kThresholdNotMet,
  kRootVersionGap,
  kRootRollback,
  kRootMixUp,
  kRootExpired,
  kTargetsExpired,
  kTargetsRollback,
  kTargetsMixUp,
  kReleaseRollback,
  kReleaseGap,
  kWrongHardware,
  kNoTargets,
  kUnsafeName,
  kTargetNotAllowed,
  kDuplicateTarget,
  kHashUnsupported,
  kLengthMismatch,
  kHashMismatch,
  kDecompressionFailed,
  kMissingPayload,
  kUnlistedPayload,
};

constexpr uint8_t kVerdicts = 35;

// Returns the name of a verdict as reports write it, such as "HASH_MISMATCH".
const char* verdict_name(Verdict verdict);

}  // namespace software_update

#endif  // SOFTWARE_UPDATE_VERDICT_H_

// The names of the verdicts.

#include "software_update/verdict.h"

// A verdict that this file does not know fails the build. Teach the verifier to give it, then name
// it here.
#pragma GCC diagnostic error "-Wswitch"

namespace software_update {

const char* verdict_name(Verdict verdict) {
  switch (verdict) {
    case Verdict::kAccept:
      return "ACCEPT";
    case Verdict::kMalformed:
      return "MALFORMED";
    case Verdict::kUnexpectedField:
      return "UNEXPECTED_FIELD";
    case Verdict::kDuplicateField:
      return "DUPLICATE_FIELD";
    case Verdict::kTooLarge:
      return "TOO_LARGE";
    case Verdict::kMissingRoleMetadata:
      return "MISSING_ROLE_METADATA";
    case Verdict::kWrongRole:
      return "WRONG_ROLE";
    case Verdict::kUnsupportedSpecVersion:
      return "UNSUPPORTED_SPEC_VERSION";
    case Verdict::kInvalidVersion:
      return "INVALID_VERSION";
    case Verdict::kKeyIdMismatch:
      return "KEY_ID_MISMATCH";
    case Verdict::kKeyTypeMismatch:
      return "KEY_TYPE_MISMATCH";
    case Verdict::kInvalidKey:
      return "INVALID_KEY";
    case Verdict::kSharedKey:
      return "SHARED_KEY";
    case Verdict::kThresholdInvalid:
      return "THRESHOLD_INVALID";
    case Verdict::kThresholdNotMet:
      return "THRESHOLD_NOT_MET";
    case Verdict::kRootVersionGap:
      return "ROOT_VERSION_GAP";
    case Verdict::kRootRollback:
      return "ROOT_ROLLBACK";
    case Verdict::kRootMixUp:
      return "ROOT_MIX_UP";
    case Verdict::kRootExpired:
      return "ROOT_EXPIRED";
    case Verdict::kTargetsExpired:
      return "TARGETS_EXPIRED";
    case Verdict::kTargetsRollback:
      return "TARGETS_ROLLBACK";
    case Verdict::kTargetsMixUp:
      return "TARGETS_MIX_UP";
    case Verdict::kReleaseRollback:
      return "RELEASE_ROLLBACK";
    case Verdict::kReleaseGap:
      return "RELEASE_GAP";
    case Verdict::kWrongHardware:
      return "WRONG_HARDWARE";
    case Verdict::kNoTargets:
      return "NO_TARGETS";
    case Verdict::kUnsafeName:
      return "UNSAFE_NAME";
    case Verdict::kTargetNotAllowed:
      return "TARGET_NOT_ALLOWED";
    case Verdict::kDuplicateTarget:
      return "DUPLICATE_TARGET";
    case Verdict::kHashUnsupported:
      return "HASH_UNSUPPORTED";
    case Verdict::kLengthMismatch:
      return "LENGTH_MISMATCH";
    case Verdict::kHashMismatch:
      return "HASH_MISMATCH";
    case Verdict::kDecompressionFailed:
      return "DECOMPRESSION_FAILED";
    case Verdict::kMissingPayload:
      return "MISSING_PAYLOAD";
    case Verdict::kUnlistedPayload:
      return "UNLISTED_PAYLOAD";
  }
  return "";
}

}  // namespace software_update

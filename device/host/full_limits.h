// The limits of the format: with them, every bundle has a verdict. For programs on a host.

#ifndef SOFTWARE_UPDATE_DEVICE_HOST_FULL_LIMITS_H_
#define SOFTWARE_UPDATE_DEVICE_HOST_FULL_LIMITS_H_

#include <stdint.h>

#include "software_update/format_limits.h"

namespace software_update {

// A release manifest of 1 MiB may have more unknown keys; the search for the same key is quadratic.
constexpr uint32_t kMostReleaseKeys = 16384;

struct FullLimits {
  // The keys, and the key ids of the two roles that are not among them.
  static constexpr uint32_t kKeys = 3 * kMaxKeys;
  static constexpr uint32_t kSignatures = kMaxSignatures;
  static constexpr uint32_t kTargets = kMaxTargets;
  static constexpr uint32_t kLoosePayloads = kMaxTargets;
  static constexpr uint32_t kRoots = kMaxRootChain;
  static constexpr uint32_t kAllowedTargets = kMaxAllowedTargets;
  static constexpr uint32_t kNameBytes = kMaxNameBytes;
  static constexpr uint32_t kVerifications = UINT32_MAX;
  static constexpr bool kReleaseManifest = true;
  static constexpr uint32_t kReleaseKeys = kMostReleaseKeys;
  static constexpr bool kCompression = true;
  static constexpr bool kAnyOrder = true;
};

}  // namespace software_update

#endif  // SOFTWARE_UPDATE_DEVICE_HOST_FULL_LIMITS_H_

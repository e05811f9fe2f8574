// The limits of bundles for this device.
#pragma once

#include <stdint.h>

namespace software_update {

struct DeviceLimits {
  static constexpr uint32_t kKeys = 4;
  static constexpr uint32_t kSignatures = 4;
  static constexpr uint32_t kTargets = 8;
  static constexpr uint32_t kLoosePayloads = 1;
  static constexpr uint32_t kRoots = 4;
  static constexpr uint32_t kRootBytes = 2048;
  static constexpr uint32_t kAllowedTargets = 0;
  static constexpr uint32_t kNameBytes = 64;
  static constexpr uint32_t kVerifications = 16;
  static constexpr bool kReleaseManifest = true;
  static constexpr bool kCompression = false;
  static constexpr bool kAnyOrder = false;
};

}  // namespace software_update

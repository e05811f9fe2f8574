// Tests that the header of a software_update_device_limits is the template argument of a verifier.

#include "device_limits.h"

#include "software_update/verifier.h"

static_assert(software_update::DeviceLimits::kTargets == 8, "limits.json states it");
static_assert(software_update::DeviceLimits::kSignatures == 4, "the default");

int main() {
  static software_update::VerifierFor<software_update::DeviceLimits> verifier;
  return verifier.targets() == 0 ? 0 : 1;
}

// The parts of the device library that a firmware links, chosen by macros, to measure them. Nothing
// starts it.

#ifdef WITH_P256M
#include "crypto/p256m.h"
#endif
#if defined(WITH_BOOT)
#include "software_update/boot.h"
#elif defined(WITH_CLIENT)
#include "software_update/client.h"
#endif
#include "software_update/bytes.h"
#ifdef WITH_VERIFIER
#include "software_update/verifier.h"
#endif

namespace software_update {
namespace {

#ifdef WITH_VERIFIER
// The limits for which the goals are stated.
struct Limits {
  static constexpr uint32_t kKeys = 4;
  static constexpr uint32_t kSignatures = 4;
  static constexpr uint32_t kTargets = 8;
  static constexpr uint32_t kLoosePayloads = 2;
  static constexpr uint32_t kRoots = 16;
  static constexpr uint32_t kNameBytes = 32;
  static constexpr uint32_t kVerifications = 32;
  static constexpr bool kAnyOrder = false;
#ifdef WITH_RELEASE_MANIFEST
  static constexpr bool kReleaseManifest = true;
#else
  static constexpr bool kReleaseManifest = false;
#endif
#ifdef WITH_ALLOWED_TARGETS
  static constexpr uint32_t kAllowedTargets = 8;
#else
  static constexpr uint32_t kAllowedTargets = 0;
#endif
#ifdef WITH_COMPRESSION
  static constexpr bool kCompression = true;
#else
  static constexpr bool kCompression = false;
#endif
};
#endif

}  // namespace

#ifdef WITH_CLIENT
// Not constant, so that the compiler knows nothing about it.
Product product;
ClientFor<Limits, 1024> client(&product);

#elif defined(WITH_VERIFIER)
VerifierFor<Limits> verifier;
#endif

}  // namespace software_update

extern "C" {

#if defined(WITH_BOOT)

uint8_t run(const software_update_boot* boot) { return software_update_boot_decision(boot).slot; }

#elif defined(WITH_CLIENT)

// Each verb once.
int run(const uint8_t* bytes, size_t size, size_t* consumed) {
  using software_update::client;
  using software_update::Status;
  software_update::product.crypto = &software_update::kP256m;
  const Status statuses[] = {
      client.load(0),
      client.start(size, false, 0),
      client.write({bytes, size}, consumed),
      client.finish(),
      client.approve(client.question()),
      client.install(),
      client.accept(),
      client.reject(),
      client.cancel(),
      client.clean(),
  };
  for (const Status status : statuses) {
    if (status != Status::kOk) {
      return static_cast<int>(status);
    }
  }
  return static_cast<int>(client.query().state);
}

#elif defined(WITH_VERIFIER)

int run(software_update::Device* device, const uint8_t* bytes, size_t size) {
#ifdef WITH_P256M
  device->crypto = &software_update::kP256m;
#endif
  if (!software_update::verifier.begin(*device, size)) {
    return 1;
  }
  software_update::verifier.feed({bytes, size});
  if (software_update::verifier.metadata_result().outcome != software_update::Outcome::kVerdict) {
    return 2;
  }
  return static_cast<int>(software_update::verifier.finish().verdict);
}

#elif defined(WITH_P256M)

const software_update::Crypto* run() { return &software_update::kP256m; }

#endif
}

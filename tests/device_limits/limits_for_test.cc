// Verifiers with the limits of three files, as a function that Python can call.

#include "crypto/p256m.h"
#include "large_limits.h"
#include "software_update/verifier.h"
#include "tiny_limits.h"
#include "usual_limits.h"

namespace software_update {
namespace {

// Takes every payload.
struct AnySink final : TargetSink {
  Answer open(const TargetInfo&) override { return Answer::kWrite; }
  bool write(Bytes) override { return true; }
  bool close(bool) override { return true; }
};

// Has room for the new roots of a bundle, as the client stores them: each after a field's header.
class RootRoom final : public RootSink {
 public:
  explicit RootRoom(size_t room) : room_(room) {}
  bool begin_root(size_t size) override {
    size_ = size + 3;
    for (size_t rest = size; rest >= 0x80; rest >>= 7) {
      ++size_;
    }
    return true;
  }
  void root_bytes(Bytes) override {}
  void end_root(bool newer) override {
    if (newer) {
      fits_ = fits_ && size_ <= room_;
      room_ -= fits_ ? size_ : 0;
    }
  }
  bool fits() const { return fits_; }

 private:
  size_t room_;
  size_t size_ = 0;
  bool fits_ = true;
};

// Returns 256 if the bundle is beyond the device, otherwise the verdict.
template <class L>
int judge(Bytes bundle, Bytes root) {
  static VerifierFor<L> verifier;
  AnySink sink;
  RootRoom roots(L::kRootBytes);
  Device device = {};
  device.crypto = &kP256m;
  device.anchor = root;
  device.targets = &sink;
  device.roots = &roots;
  verifier.begin(device, bundle.size);
  verifier.feed(bundle);
  const Result found = verifier.finish();
  return found.outcome == Outcome::kVerdict && roots.fits() ? static_cast<int>(found.verdict) : 256;
}

}  // namespace

extern "C" int judge_with(int limits, const uint8_t* bundle, size_t size, const uint8_t* root,
                          size_t root_size) {
  int (*const judges[])(Bytes, Bytes) = {judge<TinyLimits>, judge<UsualLimits>, judge<LargeLimits>};
  return judges[limits]({bundle, size}, {root, root_size});
}

}  // namespace software_update

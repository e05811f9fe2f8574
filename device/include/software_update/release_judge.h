// Decides whether a device may install the release that a release manifest describes. The verifier
// uses it; a product does not.

#ifndef SOFTWARE_UPDATE_RELEASE_JUDGE_H_
#define SOFTWARE_UPDATE_RELEASE_JUDGE_H_

#include <stddef.h>
#include <stdint.h>

#include "software_update/bytes.h"
#include "software_update/device.h"
#include "software_update/release_manifest.h"

namespace software_update {

// The entries of user_manifest in the targets metadata.
struct ListedUserManifest {
  uint32_t count;
  uint8_t hashes;  // SHA-256 of the last entry: at most 2
  uint64_t length;
  const uint8_t* sha256;
  uint8_t second_sha256[kSha256Bytes];
};

// The parts of a release manifest that decide. The counters are 0 if the release has none.
struct ReleaseFacts {
  ReleaseKind kind;
  bool has_content;  // of the user_manifest as listed
  bool is_for_other_hardware;
  uint32_t counter;
  uint32_t minimum_counter;
};

// A device without release manifests does not link it: the verifier calls it through this
// interface.
class ReleasePart {
 public:
  virtual void begin(const Device& device) = 0;
  // A payload that may be the user_manifest. Returns false if it is not needed.
  virtual bool begin_payload(size_t size) = 0;
  virtual void feed(Bytes piece) = 0;
  // The end of a payload that is the user_manifest.
  virtual void end_payload(size_t size, const uint8_t* sha256) = 0;
  virtual Verdict judge(const ListedUserManifest& listed) = 0;
  // The facts after `judge`.
  virtual const ReleaseFacts& facts() const = 0;

 protected:
  ~ReleasePart() = default;
};

class ReleaseJudge : public ReleasePart {
 public:
  void begin(const Device& device) final;
  bool begin_payload(size_t size) final;
  void feed(Bytes piece) final { reader_->feed(piece); }
  void end_payload(size_t size, const uint8_t* sha256) final;
  Verdict judge(const ListedUserManifest& listed) final;
  const ReleaseFacts& facts() const final { return facts_; }

 protected:
  explicit ReleaseJudge(ReleaseReader* reader) : reader_(reader) {}
  ~ReleaseJudge() = default;

 private:
  // `inline` if only one source file uses it: the compiler keeps no copy for others then.
  inline bool find(const ListedUserManifest& listed);
  static inline bool is_listed(const ListedUserManifest& listed, uint64_t length,
                               const uint8_t* sha256);
  inline Verdict judge_counter() const;

  ReleaseReader* reader_;
  const Device* device_;
  ReleaseFacts payload_;
  ReleaseFacts facts_;
  size_t length_;  // of the payload
  uint8_t sha256_[kSha256Bytes];
  bool has_payload_;
};

}  // namespace software_update

#endif  // SOFTWARE_UPDATE_RELEASE_JUDGE_H_

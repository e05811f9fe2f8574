// Reads a release manifest (JSON) as it arrives. Gives the same result as parse_release in
// tools/software_update/format/release_manifest.py.

#ifndef SOFTWARE_UPDATE_RELEASE_MANIFEST_H_
#define SOFTWARE_UPDATE_RELEASE_MANIFEST_H_

#include <stddef.h>
#include <stdint.h>

#include "software_update/bytes.h"
#include "software_update/utf8.h"

namespace software_update {

// The kinds of content of a user_manifest.
enum class ReleaseKind : uint8_t {
  kAnotherFile,  // it does not claim to be a release manifest
  kRelease,
  kMalformed,    // it claims to be a release manifest, and is not a valid one
  kBeyond,       // valid as far as this device can tell, but it has more unknown keys than fit
};

// Call `begin`, then `feed` for each piece, then `finish` once, then ask.
class ReleaseReader {
 public:
  // `hardware_id` is the device's, UTF-8 with a zero at its end; null: not compared.
  void begin(const char* hardware_id);
  void feed(Bytes piece);
  ReleaseKind finish();

  // These count after kRelease.
  uint32_t counter() const { return counter_; }
  // 0: the manifest states none.
  uint32_t minimum_counter() const { return minimum_counter_; }
  bool lists_hardware() const { return lists_hardware_; }
  // Whether the device's hardware id is listed.
  bool lists_this_hardware() const { return lists_this_hardware_; }

 protected:
  // `keys` is memory for the hashes of `capacity` keys of open objects: unknown ones and languages.
  ReleaseReader(uint64_t* keys, size_t capacity) : keys_(keys), capacity_(capacity) {}
  ~ReleaseReader() = default;

 private:
  static constexpr uint8_t kMaxDepth = 32;
  static constexpr uint8_t kTextBytes = 36;
  static constexpr uint8_t kClaimLanes = 7;

  void search_claims(uint8_t byte);
  void add(uint8_t byte);

  uint64_t* keys_;
  size_t capacity_;
  const char* hardware_id_;
  uint32_t counter_;
  uint32_t minimum_counter_;
  bool lists_hardware_;
  bool lists_this_hardware_;
  // The rest is the reader's own (src/release_manifest.cc).
  bool claimed_;
  uint8_t claims_[kClaimLanes];
  uint8_t text_[kTextBytes];
  uint8_t scopes_[kMaxDepth + 1];
  Utf8Checker utf8_;
};

// A reader with room for `kKeys` keys. 24 are enough for texts in 24 languages.
template <size_t kKeys>
class ReleaseReaderFor final : public ReleaseReader {
 public:
  ReleaseReaderFor() : ReleaseReader(memory_, kKeys) {}

 private:
  uint64_t memory_[kKeys];
};

}  // namespace software_update

#endif  // SOFTWARE_UPDATE_RELEASE_MANIFEST_H_

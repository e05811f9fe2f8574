// Reads the manifest of a device as the Python tools write it (`bundle verify --write-installed`).
// For programs on a host, tests and factories; a device keeps `Installed`.

#ifndef SOFTWARE_UPDATE_INSTALLED_MANIFEST_H_
#define SOFTWARE_UPDATE_INSTALLED_MANIFEST_H_

#include <stddef.h>
#include <stdint.h>

#include "software_update/bytes.h"
#include "software_update/crypto.h"
#include "software_update/installed.h"
#include "software_update/message_reader.h"
#include "software_update/release_manifest.h"
#include "software_update/sha256.h"

namespace software_update {

// Memory for the targets of the installed release. A target with two SHA-256 takes two entries.
struct InstalledMemory {
  InstalledTarget* targets;
  uint32_t capacity;
  ReleaseReader* release;
};

// Call `begin`, then `feed` for each piece, then `finish` once.
class InstalledManifestReader final : private MessageHandler {
 public:
  // Expects a manifest of `size` bytes. `hardware_id` is the device's; null: not compared.
  void begin(const Crypto& crypto, const char* hardware_id, const InstalledMemory& memory,
             size_t size);
  void feed(Bytes piece) { reader_.feed(piece); }
  // Returns false if it is not the manifest of a device, or does not fit the memory. Does not check
  // spec_version and expires of the targets metadata, which a device has accepted. The manifest
  // names a root without its keys: `former.keys` is 0.
  bool finish(Installed& installed);

 private:
  Verdict number(FieldId field, uint64_t value) override;
  Verdict begin(FieldId field, size_t size) override;
  void content(FieldId field, Bytes piece) override;
  Verdict end(FieldId field) override;
  void fault(FieldId field, Verdict verdict) override;
  void raw(Bytes piece) override;

  void begin_target();
  void add(const uint8_t* sha256);
  void end_target();
  bool has_digest() const { return leaf_size_ == kSha256Bytes; }
  bool leaf_is(const char* text) const;

  InstalledMemory memory_;
  Installed installed_;
  MessageReader reader_;
  Sha256 targets_hash_;  // of the targets metadata
  Sha256 part_hash_;     // of a name, or of the user_manifest
  const Crypto* crypto_;
  const char* hardware_id_;
  uint64_t leaf_size_;  // of the field that is read, also if `leaf_` has less
  uint64_t length_;
  uint64_t original_length_;
  uint32_t first_;  // index of the target's first entry
  uint32_t hash_function_;
  uint32_t metadata_;      // entries of targets metadata
  bool is_value_;          // inside the targets metadata
  bool is_user_manifest_;  // the target's name
  bool is_compressed_;
  bool has_original_;
  bool has_key_;
  bool has_role_;
  bool has_root_version_;
  bool invalid_;
  uint8_t name_sha256_[kSha256Bytes];
  uint8_t original_sha256_[kSha256Bytes];
  uint8_t leaf_[kSha256Bytes];
};

}  // namespace software_update

#endif  // SOFTWARE_UPDATE_INSTALLED_MANIFEST_H_

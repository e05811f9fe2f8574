// Reads and writes data sectors, and compares the content of flash.

#ifndef SOFTWARE_UPDATE_SRC_DATA_H_
#define SOFTWARE_UPDATE_SRC_DATA_H_

#include "software_update/flash.h"
#include "software_update/flash_writer.h"
#include "software_update/installed.h"
#include "software_update/sha256.h"
#include "software_update/slots.h"

namespace software_update {

// Returns whether `size` bytes at `address` have this SHA-256.
bool has_sha256(Flash* flash, const Crypto& crypto, uint32_t address, uint32_t size,
                const uint8_t sha256[kSha256Bytes]);

// Computes the SHA-256 of the name of a target.
void hash_name(const Crypto& crypto, const char* name, uint8_t sha256[kSha256Bytes]);

// The beginning of a data sector. The targets, the keys of the former root and the moved roots
// follow.
struct DataHeader {
  uint32_t layout;  // kLayout
  uint32_t targets;
  uint32_t identities;
  uint32_t roots_bytes;
  uint32_t version;
  uint32_t counter;
  uint8_t has_installed;  // 0: only moved roots
  uint8_t has_counter;
  uint8_t has_user_manifest;
  uint8_t is_for_other_hardware;
  uint32_t minimum_counter;
  uint32_t former_version;
  uint32_t former_threshold;
  uint64_t user_manifest_length;
  uint8_t targets_sha256[kSha256Bytes];
  uint8_t user_manifest_sha256[kSha256Bytes];
  uint8_t former_sha256[kSha256Bytes];

  static constexpr uint32_t kLayout = 0x31445253;  // "SRD1"
};
static_assert(sizeof(DataHeader) == 144, "the layout of data sectors is fixed");
static_assert(sizeof(InstalledTarget) == 72, "the layout of data sectors is fixed");

constexpr uint32_t identities_offset(const DataHeader& header) {
  return static_cast<uint32_t>(sizeof(DataHeader) + header.targets * sizeof(InstalledTarget));
}

constexpr uint32_t roots_offset(const DataHeader& header) {
  return static_cast<uint32_t>(identities_offset(header) + header.identities * kSha256Bytes);
}

// Reads the header of a data sector. Returns false if the sector does not have this SHA-256.
bool read_data(Flash* flash, const Crypto& crypto, const Places& places, uint32_t sector,
               const uint8_t sha256[kSha256Bytes], DataHeader* header);

// Computes the size of a data sector's content in bytes. `installed` may be null.
size_t data_size(const Installed* installed, Bytes roots);

// Writes a data sector and compares its content. `installed` may be null. Returns false if the
// flash failed; `sha256` is the digest of the content, which must fit.
bool write_data(Flash* flash, const Crypto& crypto, const Places& places, uint32_t sector,
                const Installed* installed, Bytes roots, uint8_t sha256[kSha256Bytes]);

}  // namespace software_update

#endif  // SOFTWARE_UPDATE_SRC_DATA_H_

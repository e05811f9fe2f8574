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
// follow. The pointers in `installed` mean nothing in flash.
struct DataHeader {
  uint32_t layout;  // kLayout
  uint32_t roots_bytes;
  uint32_t has_installed;  // 0: only moved roots, and `installed` is zero
  Installed installed;

  static constexpr uint32_t kLayout = 0x32445253;  // "SRD2"
};
static_assert(sizeof(void*) != 4 || sizeof(DataHeader) == 176,
              "the layout of data sectors is fixed");
static_assert(sizeof(InstalledTarget) == 72, "the layout of data sectors is fixed");

// The data sectors of a device.
struct DataSectors {
  Flash* flash;
  const Crypto* crypto;
  const Places* places;
};

// Computes the size of a data sector's content in bytes.
uint64_t data_size(const DataHeader& header);

// Reads the header of a data sector. Returns false if the sector does not have this SHA-256.
bool read_data(const DataSectors& sectors, uint32_t sector, const uint8_t sha256[kSha256Bytes],
               DataHeader* header);

// Writes a data sector and compares its content. Returns false if the flash failed; `sha256` is the
// digest of the content, which must fit.
bool write_data(const DataSectors& sectors, uint32_t sector, const DataHeader& header,
                const uint8_t* roots, uint8_t sha256[kSha256Bytes]);

}  // namespace software_update

#endif  // SOFTWARE_UPDATE_SRC_DATA_H_

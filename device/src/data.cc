#include "data.h"

#include <string.h>

namespace software_update {

namespace {

bool hash_flash(Flash* flash, const Crypto& crypto, uint32_t address, uint32_t size,
                uint8_t sha256[kSha256Bytes]) {
  Sha256 hash;
  uint8_t block[kSha256BlockBytes];
  hash.begin(crypto);
  while (size > 0) {
    const uint32_t part = size < sizeof(block) ? size : static_cast<uint32_t>(sizeof(block));
    if (!flash->read(address, block, part)) return false;
    hash.update({block, part});
    address += part;
    size -= part;
  }
  hash.finish(sha256);
  return true;
}

}  // namespace

bool has_sha256(Flash* flash, const Crypto& crypto, uint32_t address, uint32_t size,
                const uint8_t sha256[kSha256Bytes]) {
  uint8_t found[kSha256Bytes];
  return hash_flash(flash, crypto, address, size, found) &&
         memcmp(found, sha256, sizeof(found)) == 0;
}

void hash_name(const Crypto& crypto, const char* name, uint8_t sha256[kSha256Bytes]) {
  Sha256 hash;
  hash.begin(crypto);
  hash.update({reinterpret_cast<const uint8_t*>(name), strlen(name)});
  hash.finish(sha256);
}

uint64_t data_size(const DataHeader& header) {
  return sizeof(header) + uint64_t{header.installed.targets} * sizeof(InstalledTarget) +
         uint64_t{header.installed.former.keys} * kSha256Bytes + header.roots_bytes;
}

bool read_data(const DataSectors& sectors, uint32_t sector, const uint8_t sha256[kSha256Bytes],
               DataHeader* header) {
  const uint32_t address = sectors.places->data[sector];
  if (!sectors.flash->read(address, header, sizeof(*header)) ||
      header->layout != DataHeader::kLayout)
    return false;
  const uint64_t size = data_size(*header);
  return size <= sectors.places->data_bytes &&
         has_sha256(sectors.flash, *sectors.crypto, address, static_cast<uint32_t>(size), sha256);
}

bool write_data(const DataSectors& sectors, uint32_t sector, const DataHeader& header,
                const uint8_t* roots, uint8_t sha256[kSha256Bytes]) {
  const Installed& installed = header.installed;
  const Bytes parts[] = {
      {reinterpret_cast<const uint8_t*>(&header), sizeof(header)},
      {reinterpret_cast<const uint8_t*>(installed.target),
       installed.targets * sizeof(InstalledTarget)},
      {reinterpret_cast<const uint8_t*>(installed.former.identities),
       installed.former.keys * kSha256Bytes},
      {roots, header.roots_bytes},
  };
  const uint32_t address = sectors.places->data[sector];
  FlashWriter writer;
  Sha256 hash;
  writer.begin(sectors.flash, address);
  hash.begin(*sectors.crypto);
  for (const Bytes& part : parts) {
    hash.update(part);
    if (!writer.write(part)) return false;
  }
  hash.finish(sha256);
  return writer.finish() && has_sha256(sectors.flash, *sectors.crypto, address,
                                       static_cast<uint32_t>(data_size(header)), sha256);
}

}  // namespace software_update

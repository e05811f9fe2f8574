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

bool read_data(Flash* flash, const Crypto& crypto, const Places& places, uint32_t sector,
               const uint8_t sha256[kSha256Bytes], DataHeader* header) {
  const uint32_t address = places.data[sector];
  if (!flash->read(address, header, sizeof(*header)) || header->layout != DataHeader::kLayout)
    return false;
  const uint64_t size = sizeof(*header) + uint64_t{header->targets} * sizeof(InstalledTarget) +
                        uint64_t{header->identities} * kSha256Bytes + header->roots_bytes;
  return size <= places.data_bytes &&
         has_sha256(flash, crypto, address, static_cast<uint32_t>(size), sha256);
}

size_t data_size(const Installed* installed, Bytes roots) {
  const size_t manifest = installed == nullptr ? 0
                                               : installed->targets * sizeof(InstalledTarget) +
                                                     installed->former.keys * kSha256Bytes;
  return sizeof(DataHeader) + manifest + roots.size;
}

bool write_data(Flash* flash, const Crypto& crypto, const Places& places, uint32_t sector,
                const Installed* installed, Bytes roots, uint8_t sha256[kSha256Bytes]) {
  DataHeader header;
  memset(&header, 0, sizeof(header));
  header.layout = DataHeader::kLayout;
  header.roots_bytes = static_cast<uint32_t>(roots.size);
  if (installed != nullptr) {
    header.has_installed = 1;
    header.targets = installed->targets;
    header.identities = installed->former.keys;
    header.version = installed->version;
    header.counter = installed->counter;
    header.has_counter = installed->has_counter;
    header.minimum_counter = installed->minimum_counter;
    header.has_user_manifest = installed->has_user_manifest;
    header.is_for_other_hardware = installed->is_for_other_hardware;
    header.former_version = installed->former.version;
    header.former_threshold = installed->former.threshold;
    header.user_manifest_length = installed->user_manifest_length;
    memcpy(header.targets_sha256, installed->targets_sha256, kSha256Bytes);
    memcpy(header.user_manifest_sha256, installed->user_manifest_sha256, kSha256Bytes);
    memcpy(header.former_sha256, installed->former.sha256, kSha256Bytes);
  }
  const Bytes parts[] = {
      {reinterpret_cast<const uint8_t*>(&header), sizeof(header)},
      {installed == nullptr ? nullptr : reinterpret_cast<const uint8_t*>(installed->target),
       header.targets * sizeof(InstalledTarget)},
      {installed == nullptr ? nullptr
                            : reinterpret_cast<const uint8_t*>(installed->former.identities),
       header.identities * kSha256Bytes},
      roots,
  };
  FlashWriter writer;
  Sha256 hash;
  const size_t size = data_size(installed, roots);
  writer.begin(flash, places.data[sector]);
  hash.begin(crypto);
  for (const Bytes& part : parts) {
    hash.update(part);
    if (!writer.write(part)) return false;
  }
  hash.finish(sha256);
  return writer.finish() &&
         has_sha256(flash, crypto, places.data[sector], static_cast<uint32_t>(size), sha256);
}

}  // namespace software_update

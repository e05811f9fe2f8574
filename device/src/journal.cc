#include "software_update/journal.h"

#include <string.h>

namespace software_update {
namespace {

constexpr uint32_t kCrcBytes = 4;
constexpr uint32_t kMaxUnit = 32;
constexpr uint32_t kMaxImage = 192;  // a record and its CRC-32 in units of 32 bytes
static_assert(sizeof(Record) + kCrcBytes <= kMaxImage, "a record fits into its image");

// CRC-32 (ISO-HDLC: reflected polynomial 0xedb88320), four bits at a time.
uint32_t crc32(const uint8_t* bytes, size_t size) {
  static constexpr uint32_t kTable[16] = {0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac,
                                          0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
                                          0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
                                          0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c};
  uint32_t crc = 0xffffffffu;
  for (size_t i = 0; i < size; ++i) {
    crc ^= bytes[i];
    crc = (crc >> 4u) ^ kTable[crc & 15u];
    crc = (crc >> 4u) ^ kTable[crc & 15u];
  }
  return ~crc;
}

uint32_t round_up(uint32_t size, uint32_t unit) { return (size + unit - 1) & ~(unit - 1); }

uint32_t image_bytes(const Flash& flash) {
  return round_up(sizeof(Record) + kCrcBytes, static_cast<uint32_t>(flash.program_unit()));
}

bool is_blank(const uint8_t* bytes, size_t size) {
  for (size_t i = 0; i < size; ++i) {
    if (bytes[i] != 0xff) return false;
  }
  return true;
}

}  // namespace

uint32_t Journal::stride() const {
  return image_bytes(*flash_) + static_cast<uint32_t>(flash_->program_unit());
}

uint32_t Journal::capacity() const { return places_->journal_bytes / stride(); }

uint32_t Journal::address(Position position) const {
  return places_->journal[position.sector] + position.index * stride();
}

// Reads each byte twice: weak bits are garbage, whatever they seem to say. A seal that cannot be
// read is one nevertheless: its programming began after the record was complete.
Journal::Content Journal::read(Position position, Record* record) {
  uint8_t bytes[kMaxImage];
  uint8_t seal[kMaxUnit];
  const uint32_t image = image_bytes(*flash_);
  const uint32_t start = address(position);
  const size_t unit = flash_->program_unit();
  const bool sealed = !flash_->read(start + image, seal, unit) || !is_blank(seal, unit);
  if (!flash_->read(start, bytes, image)) return Content::kGarbage;
  for (uint32_t at = 0; at < image; at += kCrcBytes) {
    uint8_t again[kCrcBytes];
    if (!flash_->read(start + at, again, kCrcBytes)) return Content::kGarbage;
    if (memcmp(bytes + at, again, kCrcBytes) != 0) return Content::kGarbage;
  }
  if (!sealed && is_blank(bytes, image)) return Content::kBlank;
  uint32_t crc = 0;
  memcpy(&crc, bytes + image - kCrcBytes, kCrcBytes);
  if (crc != crc32(bytes, image - kCrcBytes)) return Content::kGarbage;
  memcpy(record, bytes, sizeof(*record));
  if (record->layout != Record::kLayout) return Content::kGarbage;
  return sealed ? Content::kSealed : Content::kUnsealed;
}

bool Journal::program(Position position, const Record& record) {
  uint8_t bytes[kMaxImage];
  const uint32_t image = image_bytes(*flash_);
  const uint32_t unit = static_cast<uint32_t>(flash_->program_unit());
  const uint32_t last = unit < kCrcBytes ? kCrcBytes : unit;
  const uint32_t start = address(position);
  memset(bytes, 0xff, sizeof(bytes));
  memcpy(bytes, &record, sizeof(record));
  const uint32_t crc = crc32(bytes, image - kCrcBytes);
  memcpy(bytes + image - kCrcBytes, &crc, kCrcBytes);
  if (!flash_->program(start, bytes, image - last)) return false;
  if (!flash_->program(start + image - last, bytes + image - last, last)) return false;
  Record written;
  if (read(position, &written) != Content::kUnsealed) return false;
  if (memcmp(&written, &record, sizeof(record)) != 0) return false;
  memset(bytes, 0, unit);
  return flash_->program(start + image, bytes, unit);
}

bool Journal::erase(uint32_t sector) {
  for (uint32_t at = 0; at < places_->journal_bytes;
       at += static_cast<uint32_t>(flash_->erase_unit())) {
    if (!flash_->erase(places_->journal[sector] + at)) return false;
  }
  return true;
}

bool Journal::load(Record* record) {
  memset(record, 0, sizeof(*record));
  record->layout = Record::kLayout;
  if (flash_->program_unit() > kMaxUnit || capacity() < 2) return false;
  bool any = false;  // a record
  bool any_sealed = false;
  bool settled = true;  // the newest record has its seal, and nothing follows it
  bool used = false;    // anything was programmed
  Position newest = {0, 0};
  Position sealed = {0, 0};
  uint32_t sealed_sequence = 0;
  uint32_t end[2] = {0, 0};  // behind the last position of each sector that is not blank
  for (uint32_t sector = 0; sector < 2; ++sector) {
    for (uint32_t index = 0; index < capacity(); ++index) {
      Record found;
      const Content content = read({sector, index}, &found);
      if (content == Content::kBlank) continue;
      used = true;
      end[sector] = index + 1;
      if (content == Content::kGarbage) continue;
      // Of two records with the same number, the later one counts: a cut left the earlier one.
      if (!any || found.sequence >= record->sequence) {
        any = true;
        newest = {sector, index};
        settled = content == Content::kSealed;
        *record = found;
      }
      if (content == Content::kSealed && (!any_sealed || found.sequence >= sealed_sequence)) {
        any_sealed = true;
        sealed = {sector, index};
        sealed_sequence = found.sequence;
      }
    }
  }
  sequence_ = any ? record->sequence : 0;
  next_ = {newest.sector, end[newest.sector]};
  home_ = any_sealed ? sealed.sector : newest.sector;
  if (!any) {
    home_ = 1;
    next_ = {1, capacity()};
    return !used || store(record);
  }
  if (settled && newest.index + 1 == end[newest.sector]) return true;
  // An unsealed record in a full sector without a sealed one never took effect: the other sector
  // counts.
  if (any_sealed && sealed.sector != newest.sector && next_.index == capacity()) {
    if (read(sealed, record) != Content::kSealed) return false;
    next_ = {sealed.sector, capacity()};
  }
  return store(record);
}

bool Journal::store(Record* record) {
  record->layout = Record::kLayout;
  record->sequence = ++sequence_;
  for (;;) {
    if (next_.index >= capacity()) {
      const uint32_t other = 1 - next_.sector;
      if (other == home_) return false;
      if (!erase(other)) return false;
      next_ = {other, 0};
      record->sequence = ++sequence_;  // above that of a cut record in the full sector
    }
    const Position position = next_;
    ++next_.index;
    if (program(position, *record)) {
      home_ = position.sector;
      return true;
    }
  }
}

}  // namespace software_update

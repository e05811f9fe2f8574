#include "software_update/journal.h"

#include <string.h>

namespace software_update {
namespace {

constexpr uint32_t kCrcBytes = 4;
constexpr uint32_t kMaxUnit = 32;
constexpr uint32_t kMaxImage = 192;  // a record and its CRC-32 in units of 32 bytes
constexpr uint32_t kImageBytes = sizeof(Record) + kCrcBytes;
static_assert(sizeof(Record) + kCrcBytes <= kMaxImage, "a record fits into its image");

// CRC-32 (ISO-HDLC: reflected polynomial 0xedb88320), bit by bit: records are short and few.
uint32_t crc32(const uint8_t* bytes, size_t size) {
  uint32_t crc = 0xffffffffu;
  for (size_t i = 0; i < size; ++i) {
    crc ^= bytes[i];
    for (uint32_t bit = 0; bit < 8; ++bit) {
      crc = (crc >> 1u) ^ ((crc & 1u) != 0 ? 0xedb88320u : 0);
    }
  }
  return ~crc;
}

bool is_blank(const uint8_t* bytes, size_t size) {
  for (size_t i = 0; i < size; ++i) {
    if (bytes[i] != 0xff) return false;
  }
  return true;
}

}  // namespace

uint32_t Journal::address(Position position) const {
  return places_->journal[position.sector] + position.index * (image_ + unit_);
}

// Reads each byte twice: weak bits are garbage, whatever they seem to say. A seal that cannot be
// read is one nevertheless: its programming began after the record was complete.
Journal::Content Journal::read(Position position, Record* record) {
  uint8_t bytes[kMaxImage];
  uint8_t seal[kMaxUnit];
  const uint32_t image = image_;
  const uint32_t start = address(position);
  const bool sealed = !flash_->read(start + image, seal, unit_) || !is_blank(seal, unit_);
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
  const uint32_t image = image_;
  const uint32_t last = unit_ < kCrcBytes ? kCrcBytes : unit_;
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
  memset(bytes, 0, unit_);
  return flash_->program(start + image, bytes, unit_);
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
  unit_ = static_cast<uint32_t>(flash_->program_unit());
  image_ = (kImageBytes + unit_ - 1) & ~(unit_ - 1);
  capacity_ = places_->journal_bytes / (image_ + unit_);
  if (unit_ > kMaxUnit || capacity_ < 2) return false;
  bool any = false;  // a record
  bool any_sealed = false;
  bool settled = true;  // the newest record has its seal, and nothing follows it
  bool used = false;    // anything was programmed
  Position newest = {0, 0};
  Position sealed = {0, 0};
  uint32_t sealed_sequence = 0;
  uint32_t end[2] = {0, 0};  // behind the last position of each sector that is not blank
  for (uint32_t sector = 0; sector < 2; ++sector) {
    for (uint32_t index = 0; index < capacity_; ++index) {
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
    next_ = {1, capacity_};
    return !used || store(record);
  }
  if (settled && newest.index + 1 == end[newest.sector]) return true;
  // An unsealed record in a full sector without a sealed one never took effect: the other sector
  // counts.
  if (any_sealed && sealed.sector != newest.sector && next_.index == capacity_) {
    if (read(sealed, record) != Content::kSealed) return false;
    next_ = {sealed.sector, capacity_};
  }
  return store(record);
}

bool Journal::store(Record* record) {
  record->layout = Record::kLayout;
  record->sequence = ++sequence_;
  for (;;) {
    if (next_.index >= capacity_) {
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

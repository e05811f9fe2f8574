// The grammar of target names, and the allowed targets of a root. The same rules as in
// tools/software_update/format/names.py and allowed_targets.py.

#ifndef SOFTWARE_UPDATE_NAMES_H_
#define SOFTWARE_UPDATE_NAMES_H_

#include <stddef.h>
#include <stdint.h>

#include "software_update/bytes.h"
#include "software_update/format_limits.h"

namespace software_update {

// A target name that arrives in pieces. Nothing of it is kept. Call `begin`, then `feed`, then ask.
class NameReader {
 public:
  void begin();
  void feed(Bytes piece);
  // Says whether the name can be used as a path below a folder. Its text need not be valid UTF-8.
  bool is_safe() const { return !unsafe_ && is_part(); }
  // A hash of the name without its case (64-bit FNV-1a). Two safe names that differ at most in case
  // have the same hash. Others have the same hash only if a signer makes them so.
  uint64_t folded_hash() const { return hash_; }

 private:
  // Of `part_`: neither empty nor "." nor "..".
  static constexpr uint8_t kGoodPart = 3;

  bool is_part() const { return part_ == kGoodPart; }

  uint64_t hash_;
  uint16_t size_;  // bytes up to here, at most 256
  uint8_t part_;   // the part after the last '/': as many '.' and nothing else, or kGoodPart
  bool unsafe_;
};

// An entry of the allowed targets: a name, or a prefix that ends in "/*".
struct AllowedTarget {
  uint8_t size;
  uint8_t text[kMaxAllowedTargetBytes];
};

// The allowed targets of a root, in memory that the owner has: `capacity` entries, at most 16.
// Call `begin`; for each entry `begin_entry`, `feed_entry`, `end_entry`; then ask.
class AllowedTargets {
 public:
  void begin(AllowedTarget* entries, size_t capacity);
  void begin_entry();
  void feed_entry(Bytes piece);
  void end_entry();
  // Says whether the list is valid: at most 16 entries, none twice, each a safe name or prefix.
  // Counts only if `is_complete`.
  bool is_valid() const { return !invalid_; }
  // Says whether all entries fit the memory.
  bool is_complete() const { return count_ <= capacity_; }
  // The entries that fit.
  size_t kept() const { return count_ < capacity_ ? count_ : capacity_; }
  // Says whether the list has no entry.
  bool is_empty() const { return count_ == 0; }
  const AllowedTarget* entries() const { return entries_; }

 private:
  bool is_good_entry(const AllowedTarget& entry) const;

  AllowedTarget* entries_;
  size_t capacity_;
  size_t count_;  // entries up to here, also those that do not fit
  size_t entry_;  // bytes of the entry up to here
  bool invalid_;
};

// Decides whether a list allows a name that arrives in pieces. The list must be valid. Entries that
// did not fit its memory are not compared: the answer counts only if the list is complete.
class AllowedMatcher {
 public:
  void begin(const AllowedTargets& allowed);
  void feed(Bytes piece);
  // A list without entries allows all names, and every list allows user_manifest.
  bool is_allowed(bool is_user_manifest) const;

 private:
  const AllowedTargets* allowed_;
  size_t position_;
  uint16_t equal_;  // a bit for each entry that is the same up to here
  bool matched_;    // whether a prefix matches
};

}  // namespace software_update

#endif  // SOFTWARE_UPDATE_NAMES_H_

// Reads a release manifest (JSON) as it arrives. Gives the same result as parse_release in
// tools/software_update/format/release_manifest.py.

#ifndef SOFTWARE_UPDATE_RELEASE_MANIFEST_H_
#define SOFTWARE_UPDATE_RELEASE_MANIFEST_H_

#include <stddef.h>
#include <stdint.h>

#include "software_update/bytes.h"
#include "software_update/format_limits.h"
#include "software_update/utf8.h"

namespace software_update {

// The kinds of content of a user_manifest.
enum class ReleaseKind : uint8_t {
  kAnotherFile,  // it does not claim to be a release manifest
  kRelease,
  kMalformed,  // it claims to be a release manifest, and is not a valid one
  kBeyond,     // valid as far as this device can tell, but it has more unknown keys than fit
};

// All that a reader knows of the file. All begin as zero.
struct ReleaseReaderState {
  static constexpr uint8_t kTextBytes = kMaxLanguageCharacters + 1;
  enum class State : uint8_t;
  enum Expected : uint8_t;

  // Small members come first: instructions of Thumb reach these with fewer bytes.
  State state_;
  Expected expected_;  // of the value that comes next, or is being read
  uint8_t depth_;
  uint8_t code_digits_;
  uint8_t text_size_;    // at most kTextBytes, also of a longer text
  uint8_t zeros_;        // 1 << the zeros before the next byte; 0 after more than 7
  uint8_t claim_bytes_;  // of the beginning of the schemas that have just arrived
  uint8_t encoding_;     // of these: 1 << the zeros between two characters
  bool is_key_;
  bool is_counter_;   // whether the number is an integer in range, or 0
  bool is_manifest_;  // the schema says so
  bool invalid_;      // in a way that counts if `is_manifest_`
  bool overflow_;     // some keys did not fit
  bool claimed_;      // the beginning of the schemas is somewhere in the file
  bool lists_hardware_;
  bool lists_this_hardware_;
  uint16_t code_;       // of \u, as far as it has arrived
  uint16_t surrogate_;  // a high one that waits for its low one; 0: none
  Utf8Checker utf8_;
  size_t keys_size_;
  uint32_t
      seen_[3];  // bits for known keys: of the open advisory; of the manifest; of the open language
  const char* hardware_id_;
  uint32_t numbers_[3];  // release counter, the minimum before it, and duration
  // The text or number that is being read.
  const char* rest_;  // of the hardware id, null if it is another one; or of true, false or null
  uint32_t number_;
  uint64_t hash_;
  uint8_t text_[kTextBytes];
  uint8_t scopes_[kMaxJsonDepth + 1];
};

// Call `begin`, then `feed` for each piece, then `finish` once, then ask.
class ReleaseReader : private ReleaseReaderState {
 public:
  // `hardware_id` is the device's, UTF-8 with a zero at its end; null: not compared.
  void begin(const char* hardware_id);
  void feed(Bytes piece);
  ReleaseKind finish();

  // These count after kRelease.
  uint32_t counter() const { return numbers_[0]; }
  // 0: the manifest states none.
  uint32_t minimum_counter() const { return numbers_[1]; }
  bool lists_hardware() const { return lists_hardware_; }
  // Whether the device's hardware id is listed.
  bool lists_this_hardware() const { return lists_this_hardware_; }

 protected:
  // `keys` is memory for the hashes of `capacity` keys of open objects: unknown ones and languages.
  ReleaseReader(uint64_t* keys, size_t capacity) : keys_(keys), capacity_(capacity) {}
  ~ReleaseReader() = default;

 private:
  // `inline` if only one source file uses it: the compiler keeps no copy for others then.
  struct Words;
  static const Words kWordsOf[];
  static const uint32_t kRequired[];
  static const Expected kValueOf[];

  inline void search_claims(uint8_t byte);
  inline void add(uint8_t byte);
  inline void add_structure(uint8_t byte);
  inline void add_text(uint8_t byte);
  inline void add_escape(uint8_t byte);
  inline void add_hex_digit(uint8_t byte);
  inline bool add_number(uint8_t byte);
  inline void begin_value(uint8_t byte);
  inline void begin_text(bool is_key);
  inline void open(bool is_object);
  inline void close(bool is_object);
  inline void end_text();
  inline void end_key();
  inline void end_number();
  inline void take_code(uint32_t code);
  inline void take_byte(uint8_t byte);
  inline void take_lone_surrogate();
  inline void reject_if(bool is_invalid);
  inline bool expect(Expected first, Expected last);
  inline void note_key();
  inline bool is_object() const;
  uint32_t find(uint8_t place) const;
  inline bool is_language() const;
  inline bool is_date() const;

  uint64_t* keys_;  // of open objects, the innermost last; the lowest bits are the depth
  size_t capacity_;
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

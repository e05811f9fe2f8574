#include "software_update/release_manifest.h"

#include <string.h>

#include "text_hash.h"

namespace software_update {
namespace {

constexpr char kSchemaText[] = "software_update.release.v1";
constexpr uint8_t kSchemaBytes = sizeof(kSchemaText) - 1;
// The schemas' common beginning.
constexpr uint8_t kFamilyBytes = kSchemaBytes - 2;
constexpr uint8_t kMaxSubtagBytes = 8;
constexpr uint8_t kObject = 0x80;
constexpr uint64_t kDepthBits = 0x3f;

constexpr uint8_t depth_of(uint64_t key) { return static_cast<uint8_t>(key & kDepthBits); }

constexpr char kSeverities[] = "low medium high critical";
constexpr char kKinds[] = "security feature both";

// The place of a text in a list of names with a space between two; -1 if it is not there.
int find(const char* names, const uint8_t* text, size_t size) {
  for (int index = 0;; ++index) {
    size_t i = 0;
    while (i < size && names[i] > ' ' && static_cast<uint8_t>(names[i]) == text[i]) {
      ++i;
    }
    if (i == size && names[i] <= ' ') {
      return index;
    }
    while (names[i] > ' ') {
      ++i;
    }
    if (names[i] == '\0') {
      return -1;
    }
    names += i + 1;
  }
}

}  // namespace

enum class ReleaseReader::State : uint8_t {
  kBroken,
  kValue,
  kFirstValue,  // or the end of the array
  kKey,
  kFirstKey,  // or the end of the object
  kColon,
  kAfterValue,
  kText,
  kEscape,
  kHex,
  kLiteral,
  // Parts of a number, by what came last.
  kMinus,
  kZero,
  kInteger,
  kPoint,
  kFraction,
  kExponent,
  kExponentSign,
  kExponentDigits,
};

// The values that the manifest may have in a place. An object of one of the last four kinds has
// keys that count.
enum ReleaseReader::Expected : uint8_t {
  kAny,
  kPlainText,
  kSchema,
  kSeverity,
  kKind,
  kDate,
  kHardwareId,
  kCounter,
  kMinimumCounter,
  kDuration,
  kBoolean,
  kListOfTexts,
  kHardwareIds,
  kAdvisories,
  kManifest,
  kAdvisory,
  kLanguage,
  kTexts,
};

// The keys that count in one kind of object.
struct ReleaseReader::KnownKeys {
  const char* names;
  uint8_t expected[15];
  uint16_t required;  // a bit for each key
};

const ReleaseReader::KnownKeys ReleaseReader::kKnownKeys[] = {
    {"schema product version release_counter minimum_release_counter hardware_ids notes severity "
     "support_until kind advisories duration unavailable_functions reversible texts",
     {kSchema, kPlainText, kPlainText, kCounter, kMinimumCounter, kHardwareIds, kPlainText,
      kSeverity, kDate, kKind, kAdvisories, kDuration, kListOfTexts, kBoolean, kTexts},
     0xf},
    {"id severity text action", {kPlainText, kSeverity, kPlainText, kPlainText}, 0x7},
    {"notes unavailable_functions", {kPlainText, kListOfTexts}, 0},
};

void ReleaseReader::begin(const char* hardware_id) {
  keys_size_ = 0;
  hardware_id_ = hardware_id;
  counter_ = 0;
  minimum_counter_ = 0;
  surrogate_ = 0;
  memset(seen_, 0, sizeof(seen_));
  state_ = State::kValue;
  expected_ = kManifest;
  depth_ = 0;
  lane_ = 0;
  is_manifest_ = false;
  invalid_ = false;
  overflow_ = false;
  claimed_ = false;
  lists_hardware_ = false;
  lists_this_hardware_ = false;
  memset(claims_, 0, sizeof(claims_));
  scopes_[0] = kAny;
}

void ReleaseReader::feed(Bytes piece) {
  for (size_t i = 0; i < piece.size; ++i) {
    search_claims(piece.data[i]);
    add(piece.data[i]);
  }
}

ReleaseKind ReleaseReader::finish() {
  // Ends a number, and changes nothing else.
  add(' ');
  if (state_ != State::kAfterValue || depth_ != 0) {
    return claimed_ ? ReleaseKind::kMalformed : ReleaseKind::kAnotherFile;
  }
  if (!is_manifest_) {
    return ReleaseKind::kAnotherFile;
  }
  if (invalid_) {
    return ReleaseKind::kMalformed;
  }
  return overflow_ ? ReleaseKind::kBeyond : ReleaseKind::kRelease;
}

// Searches the schemas' common beginning in UTF-8, UTF-16 and UTF-32: a lane for each place that a
// character may have in a group of 1, 2 or 4 bytes. All other bytes of the group are 0.
void ReleaseReader::search_claims(uint8_t byte) {
  for (uint8_t i = 1; i <= kClaimLanes; ++i) {
    // Lane 1 is that of UTF-8; 2 and 3 are those of UTF-16, in groups of 2; the others of UTF-32.
    const uint8_t place_bits = i < 2 ? 0 : i < 4 ? 1 : 3;
    uint8_t& matched = claims_[i - 1];
    if (((lane_ ^ i) & place_bits) != 0) {
      if (byte != 0) {
        matched = 0;
      }
    } else if (byte == static_cast<uint8_t>(kSchemaText[matched])) {
      ++matched;
      if (matched == kFamilyBytes) {
        claimed_ = true;
        matched = 0;
      }
    } else {
      // The text before the last two characters ends in "s", with which it also begins.
      const bool after_s = matched == kFamilyBytes - 2 && byte == 'o';
      matched = after_s ? 2 : byte == 's' ? 1 : 0;
    }
  }
  lane_ = (lane_ + 1) & 3;
}

void ReleaseReader::add(uint8_t byte) {
  if (state_ >= State::kMinus && add_number(byte)) {
    return;
  }
  switch (state_) {
    case State::kBroken:
      break;
    case State::kText:
      add_text(byte);
      break;
    case State::kEscape:
      add_escape(byte);
      break;
    case State::kHex:
      add_hex_digit(byte);
      break;
    case State::kLiteral:
      if (byte != static_cast<uint8_t>(*literal_rest_)) {
        state_ = State::kBroken;
        break;
      }
      ++literal_rest_;
      if (*literal_rest_ == '\0') {
        state_ = State::kAfterValue;
      }
      break;
    default:
      if (byte != ' ' && byte != '\t' && byte != '\n' && byte != '\r') {
        add_structure(byte);
      }
  }
}

// Takes a byte between values that is not white space.
void ReleaseReader::add_structure(uint8_t byte) {
  const State state = state_;
  state_ = State::kBroken;
  const bool may_end =
      state == State::kAfterValue || state == (is_object() ? State::kFirstKey : State::kFirstValue);
  const bool is_key = state == State::kKey || state == State::kFirstKey;
  const bool is_value = state == State::kValue || state == State::kFirstValue;
  if (may_end && depth_ != 0 && byte == (is_object() ? '}' : ']')) {
    reject_if(state == State::kFirstValue && scopes_[depth_] == kHardwareId);
    close(byte == '}');
  } else if (byte == '"' && (is_key || is_value)) {
    begin_text(is_key);
  } else if (is_value) {
    begin_value(byte);
  } else if (state == State::kColon && byte == ':') {
    state_ = State::kValue;
  } else if (state == State::kAfterValue && byte == ',' && depth_ != 0) {
    expected_ = static_cast<Expected>(scopes_[depth_]);
    state_ = is_object() ? State::kKey : State::kValue;
  }
}

void ReleaseReader::begin_value(uint8_t byte) {
  if (byte == '{' || byte == '[') {
    open(byte == '{');
  } else if (byte == '-' || is_digit(byte)) {
    number_ = 0;
    is_counter_ = byte != '-';
    state_ = State::kMinus;
    if (is_counter_) {
      add_number(byte);
    }
  } else if (byte == 't' || byte == 'f' || byte == 'n') {
    literal_rest_ = byte == 't' ? "rue" : byte == 'f' ? "alse" : "ull";
    state_ = State::kLiteral;
    expect(byte == 'n' ? kAny : kBoolean, byte == 'n' ? kAny : kBoolean);
  }
}

void ReleaseReader::reject_if(bool is_invalid) {
  if (is_invalid) {
    invalid_ = true;
  }
}

// Notes that the value is invalid unless the place takes any value, or one of a range of kinds.
void ReleaseReader::expect(Expected first, Expected last) {
  reject_if(expected_ != kAny && (expected_ < first || expected_ > last));
}

// Arrays and objects.

bool ReleaseReader::is_object() const { return (scopes_[depth_] & kObject) != 0; }

void ReleaseReader::open(bool is_object) {
  if (depth_ == kMaxJsonDepth) {
    return;
  }
  uint8_t scope = kAny;
  if (is_object) {
    expect(kManifest, kTexts);
    scope = expected_ >= kManifest ? expected_ : kAny;
    if (scope != kAny) {
      seen_[scope != kManifest] = 0;
    }
    scope |= kObject;
  } else {
    expect(kListOfTexts, kAdvisories);
    if (expected_ == kListOfTexts) {
      scope = kPlainText;
    } else if (expected_ == kHardwareIds) {
      scope = kHardwareId;
      lists_hardware_ = true;
    } else if (expected_ == kAdvisories) {
      scope = kAdvisory;
    }
  }
  ++depth_;
  scopes_[depth_] = scope;
  expected_ = static_cast<Expected>(scope);
  state_ = is_object ? State::kFirstKey : State::kFirstValue;
}

void ReleaseReader::close(bool is_object) {
  if (is_object) {
    const uint8_t scope = scopes_[depth_] & static_cast<uint8_t>(~kObject);
    if (scope >= kManifest && scope <= kLanguage) {
      const uint16_t required = kKnownKeys[scope - kManifest].required;
      reject_if((seen_[scope != kManifest] & required) != required);
    }
    while (keys_size_ != 0 && depth_of(keys_[keys_size_ - 1]) == depth_) {
      --keys_size_;
    }
  }
  --depth_;
  state_ = State::kAfterValue;
}

// Keys.

void ReleaseReader::end_key() {
  state_ = State::kColon;
  expected_ = kAny;
  const uint8_t scope = scopes_[depth_] & static_cast<uint8_t>(~kObject);
  if (scope == kTexts) {
    reject_if(!is_language());
    expected_ = kLanguage;
  } else if (scope >= kManifest) {
    const KnownKeys& known = kKnownKeys[scope - kManifest];
    const int index = find(known.names, text_, text_size_);
    if (index >= 0) {
      const uint16_t bit = static_cast<uint16_t>(1u << index);
      uint16_t& seen = seen_[scope != kManifest];
      reject_if((seen & bit) != 0);
      seen |= bit;
      expected_ = static_cast<Expected>(known.expected[index]);
      return;
    }
  }
  note_key();
}

// Remembers a key of the innermost object, to find the same key again.
void ReleaseReader::note_key() {
  const uint64_t key = (hash_ & ~kDepthBits) | depth_;
  for (size_t i = keys_size_; i != 0 && depth_of(keys_[i - 1]) == depth_; --i) {
    reject_if(keys_[i - 1] == key);
  }
  if (keys_size_ == capacity_) {
    overflow_ = true;
    return;
  }
  keys_[keys_size_] = key;
  ++keys_size_;
}

// Texts.

void ReleaseReader::begin_text(bool is_key) {
  state_ = State::kText;
  is_key_ = is_key;
  hash_ = kTextHashStart;
  hardware_rest_ = hardware_id_;
  text_size_ = 0;
  utf8_.begin();
}

void ReleaseReader::add_text(uint8_t byte) {
  if (byte == '\\' && utf8_.is_complete()) {
    state_ = State::kEscape;
    return;
  }
  take_lone_surrogate();
  if (!utf8_.add(byte) || byte < ' ') {
    state_ = State::kBroken;
  } else if (byte != '"') {
    take_byte(byte);
  } else if (is_key_) {
    end_key();
  } else {
    end_text();
  }
}

void ReleaseReader::add_escape(uint8_t byte) {
  // Each escape and its meaning.
  static constexpr char kEscapes[] = "\"\"\\\\//b\bf\fn\nr\rt\t";
  if (byte == 'u') {
    code_ = 0;
    code_digits_ = 0;
    state_ = State::kHex;
    return;
  }
  take_lone_surrogate();
  state_ = State::kBroken;
  for (size_t i = 0; i < sizeof(kEscapes) - 1; i += 2) {
    if (byte == static_cast<uint8_t>(kEscapes[i])) {
      take_byte(static_cast<uint8_t>(kEscapes[i + 1]));
      state_ = State::kText;
    }
  }
}

void ReleaseReader::add_hex_digit(uint8_t byte) {
  const uint8_t letter = lower(byte);
  if (!is_digit(byte) && (letter < 'a' || letter > 'f')) {
    state_ = State::kBroken;
    return;
  }
  code_ = static_cast<uint16_t>(code_ << 4 | (is_digit(byte) ? byte - '0' : letter - 'a' + 10));
  ++code_digits_;
  if (code_digits_ != 4) {
    return;
  }
  state_ = State::kText;
  if (surrogate_ != 0 && code_ >> 10 == 0xdc00 >> 10) {
    const uint32_t high = static_cast<uint32_t>(surrogate_ & 0x3ff) << 10;
    surrogate_ = 0;
    take_code(0x10000 + (high | (code_ & 0x3ffu)));
    return;
  }
  take_lone_surrogate();
  if (code_ >> 10 == 0xd800 >> 10) {
    surrogate_ = code_;
  } else {
    take_code(code_);
  }
}

// Takes a high surrogate that no low one follows. Python keeps it as a character of its own.
void ReleaseReader::take_lone_surrogate() {
  if (surrogate_ != 0) {
    take_code(surrogate_);
    surrogate_ = 0;
  }
}

// Takes a character as UTF-8, a lone surrogate as if UTF-8 had it.
void ReleaseReader::take_code(uint32_t code) {
  if (code < 0x80) {
    take_byte(static_cast<uint8_t>(code));
    return;
  }
  uint8_t shift = code < 0x800 ? 6 : code < 0x10000 ? 12 : 18;
  take_byte(static_cast<uint8_t>((shift == 6 ? 0xc0 : shift == 12 ? 0xe0 : 0xf0) | code >> shift));
  while (shift != 0) {
    shift = static_cast<uint8_t>(shift - 6);
    take_byte(static_cast<uint8_t>(0x80 | (code >> shift & 0x3f)));
  }
}

void ReleaseReader::take_byte(uint8_t byte) {
  // Languages are the same in both cases.
  const bool is_language = is_key_ && scopes_[depth_] == (kTexts | kObject);
  hash_ = text_hash(hash_, is_language ? lower(byte) : byte);
  if (hardware_rest_ != nullptr) {
    const bool is_same = byte != 0 && byte == static_cast<uint8_t>(*hardware_rest_);
    hardware_rest_ = is_same ? hardware_rest_ + 1 : nullptr;
  }
  if (text_size_ < kTextBytes) {
    text_[text_size_] = byte;
    ++text_size_;
  }
}

void ReleaseReader::end_text() {
  state_ = State::kAfterValue;
  expect(kPlainText, kHardwareId);
  bool is_good = text_size_ != 0;
  if (expected_ == kSchema) {
    is_manifest_ = is_manifest_ ||
                   (text_size_ >= kFamilyBytes && memcmp(text_, kSchemaText, kFamilyBytes) == 0);
    is_good = find(kSchemaText, text_, text_size_) >= 0;
  } else if (expected_ == kSeverity) {
    is_good = find(kSeverities, text_, text_size_) >= 0;
  } else if (expected_ == kKind) {
    is_good = find(kKinds, text_, text_size_) >= 0;
  } else if (expected_ == kDate) {
    is_good = is_date();
  } else if (expected_ == kHardwareId) {
    lists_this_hardware_ =
        lists_this_hardware_ || (hardware_rest_ != nullptr && *hardware_rest_ == '\0');
  }
  reject_if(expected_ != kAny && !is_good);
}

// A language tag (RFC 5646, 2.1) without its registry: a language and subtags, 35 characters at
// most.
bool ReleaseReader::is_language() const {
  uint8_t shortest = 2;
  uint8_t subtag = 0;
  for (uint8_t i = 0; i < text_size_; ++i) {
    const uint8_t byte = text_[i];
    if (byte == '-') {
      if (subtag < shortest) {
        return false;
      }
      shortest = 1;
      subtag = 0;
      continue;
    }
    ++subtag;
    // Only the first subtag has a shortest length other than 1, and has no digit.
    if (subtag > kMaxSubtagBytes || !(is_letter(byte) || (shortest == 1 && is_digit(byte)))) {
      return false;
    }
  }
  return text_size_ <= kMaxLanguageCharacters && subtag >= shortest;
}

// The number that two digits make.
uint32_t ReleaseReader::two_digits(uint8_t at) const {
  return text_[at] * 10u + text_[at + 1] - '0' * 11u;
}

// A time in UTC such as 2031-01-01T00:00:00Z, of a year from 1 to 9999.
bool ReleaseReader::is_date() const {
  static constexpr char kForm[] = "0000-00-00T00:00:00Z";
  static constexpr uint8_t kFormBytes = sizeof(kForm) - 1;
  for (uint8_t i = 0; i < kFormBytes; ++i) {
    if (kForm[i] == '0' ? !is_digit(text_[i]) : text_[i] != static_cast<uint8_t>(kForm[i])) {
      return false;
    }
  }
  const uint32_t century = two_digits(0);
  const uint32_t year = two_digits(2);
  const uint32_t month = two_digits(5);
  const uint32_t day = two_digits(8);
  const bool is_leap = ((year != 0 ? year : century) & 3) == 0;
  const uint32_t days = month == 2 ? 28 + (is_leap ? 1 : 0) : 30 + ((month ^ month >> 3) & 1);
  // Months and days begin with 1: a 0 becomes the largest number.
  return text_size_ == kFormBytes && (century | year) != 0 && month - 1 < 12 && day - 1 < days &&
         two_digits(11) < 24 && two_digits(14) < 60 && two_digits(17) < 60;
}

// Numbers.

// Returns whether the byte belongs to the number.
bool ReleaseReader::add_number(uint8_t byte) {
  using S = State;
  // The state after 0, another digit, a point, an e, a sign, and any other byte, by the one before.
  // kAfterValue: the number has ended.
  static constexpr State kNext[][6] = {
      {S::kZero, S::kInteger, S::kBroken, S::kBroken, S::kBroken, S::kBroken},
      {S::kBroken, S::kBroken, S::kPoint, S::kExponent, S::kAfterValue, S::kAfterValue},
      {S::kInteger, S::kInteger, S::kPoint, S::kExponent, S::kAfterValue, S::kAfterValue},
      {S::kFraction, S::kFraction, S::kBroken, S::kBroken, S::kBroken, S::kBroken},
      {S::kFraction, S::kFraction, S::kAfterValue, S::kExponent, S::kAfterValue, S::kAfterValue},
      {S::kExponentDigits, S::kExponentDigits, S::kBroken, S::kBroken, S::kExponentSign,
       S::kBroken},
      {S::kExponentDigits, S::kExponentDigits, S::kBroken, S::kBroken, S::kBroken, S::kBroken},
      {S::kExponentDigits, S::kExponentDigits, S::kAfterValue, S::kAfterValue, S::kAfterValue,
       S::kAfterValue},
  };
  const uint8_t column = is_digit(byte)               ? (byte == '0' ? 0 : 1)
                         : byte == '.'                ? 2
                         : lower(byte) == 'e'         ? 3
                         : byte == '+' || byte == '-' ? 4
                                                      : 5;
  const uint8_t row = static_cast<uint8_t>(state_) - static_cast<uint8_t>(State::kMinus);
  state_ = kNext[row][column];
  if (state_ == State::kAfterValue) {
    end_number();
    return false;
  }
  if (state_ > State::kInteger) {
    is_counter_ = false;
  }
  const uint64_t number = uint64_t{number_} * 10 + static_cast<uint8_t>(byte - '0');
  if (number > kMaxCounter) {
    is_counter_ = false;
  }
  number_ = static_cast<uint32_t>(number);
  return true;
}

void ReleaseReader::end_number() {
  expect(kCounter, kDuration);
  reject_if(expected_ != kAny && (!is_counter_ || number_ == 0));
  if (expected_ == kCounter) {
    counter_ = number_;
  } else if (expected_ == kMinimumCounter) {
    minimum_counter_ = number_;
  }
}

}  // namespace software_update

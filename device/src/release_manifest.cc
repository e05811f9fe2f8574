#include "software_update/release_manifest.h"

#include <string.h>

#include "text_hash.h"

namespace software_update {
namespace {

// The keys and texts that count, each after its length (in octal). `kWordsOf` has the place of
// each.
constexpr char kWords[] =
    "\32software_update.release.v1"
    "\2id"
    "\4text"
    "\6action"
    "\10severity"
    "\6schema"
    "\7product"
    "\7version"
    "\17release_counter"
    "\27minimum_release_counter"
    "\14hardware_ids"
    "\15support_until"
    "\4kind"
    "\12advisories"
    "\10duration"
    "\12reversible"
    "\5texts"
    "\5notes"
    "\25unavailable_functions"
    "\3low"
    "\6medium"
    "\4high"
    "\10critical"
    "\10security"
    "\7feature"
    "\4both";
constexpr const char* kSchemaText = kWords + 1;
// The schemas' common beginning.
constexpr uint8_t kFamilyBytes = sizeof("software_update.release.") - 1;
// 1 << the number of zeros between two characters in UTF-8, UTF-16 and UTF-32.
constexpr uint8_t kZerosOfEncodings = 1 << 0 | 1 << 1 | 1 << 3;
constexpr uint8_t kMaxSubtagBytes = 8;
constexpr uint8_t kObject = 0x80;
constexpr uint64_t kDepthBits = 0x3f;

constexpr uint8_t depth_of(uint64_t key) { return static_cast<uint8_t>(key & kDepthBits); }

}  // namespace

enum class ReleaseReaderState::State : uint8_t {
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

// The values that the manifest may have in a place. Texts up to kKind have few values. Objects up
// to kLanguage have keys that count. The values in a list come as much later as the list.
enum ReleaseReaderState::Expected : uint8_t {
  kAny,
  kCounter,
  kMinimumCounter,
  kDuration,
  kBoolean,
  kListOfTexts,
  kHardwareIds,
  kAdvisories,
  kSchema,
  kSeverity,
  kKind,
  kDate,
  kPlainText,
  kHardwareId,
  kAdvisory,
  kManifest,
  kLanguage,
  kTexts,
};

// The words that a place takes: those with these numbers in `kWords`. The first one has 1.
struct ReleaseReader::Words {
  uint8_t before;
  uint8_t last;
};

// From kSchema on. Some keys belong to two kinds of objects.
const ReleaseReader::Words ReleaseReader::kWordsOf[] = {
    {0, 1}, {19, 23}, {23, 26}, {0, 0}, {0, 0}, {0, 0}, {1, 5}, {4, 19}, {17, 19},
};

// The values of keys, by their numbers. No key has 0 or 1.
const ReleaseReader::Expected ReleaseReader::kValueOf[] = {
    kAny,        kAny,       kPlainText, kPlainText,      kPlainText,   kSeverity,    kSchema,
    kPlainText,  kPlainText, kCounter,   kMinimumCounter, kHardwareIds, kDate,        kKind,
    kAdvisories, kDuration,  kBoolean,   kTexts,          kPlainText,   kListOfTexts,
};

// 1 << the number of each key that an object needs, from kAdvisory on: id, text and severity;
// schema, product, version and release_counter.
const uint32_t ReleaseReader::kRequired[] = {1 << 2 | 1 << 3 | 1 << 5, 0xf << 6, 0};

// The number of the text among the words that a place takes; 0 if it is not there.
uint32_t ReleaseReader::find(uint8_t place) const {
  const Words& words = kWordsOf[place - kSchema];
  const char* word = kWords;
  for (uint32_t number = 1; number <= words.last; ++number) {
    const size_t size = static_cast<uint8_t>(*word);
    ++word;
    if (number > words.before && size == text_size_ && memcmp(word, text_, size) == 0) {
      return number;
    }
    word += size;
  }
  return 0;
}

void ReleaseReader::begin(const char* hardware_id) {
  memset(static_cast<ReleaseReaderState*>(this), 0, sizeof(ReleaseReaderState));
  hardware_id_ = hardware_id;
  state_ = State::kValue;
  expected_ = kManifest;
}

void ReleaseReader::feed(Bytes piece) {
  for (; piece.size != 0; --piece.size, ++piece.data) {
    search_claims(*piece.data);
    add(*piece.data);
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

// Searches the schemas' common beginning in UTF-8, UTF-16 and UTF-32, in which 0, 1 or 3 zeros are
// between two characters.
void ReleaseReader::search_claims(uint8_t byte) {
  if (byte == 0) {
    zeros_ = static_cast<uint8_t>(zeros_ << 1);
    return;
  }
  // The text before the last two characters ends in "s", with which it also begins.
  if (claim_bytes_ == kFamilyBytes - 2 && byte == 'o') {
    claim_bytes_ = 1;
  }
  if (claim_bytes_ == 1) {
    encoding_ = zeros_ & kZerosOfEncodings;
  }
  const bool is_next =
      byte == static_cast<uint8_t>(kSchemaText[claim_bytes_]) && (zeros_ & encoding_) != 0;
  claim_bytes_ = is_next ? claim_bytes_ + 1 : byte == 's';
  if (claim_bytes_ == kFamilyBytes) {
    claimed_ = true;
    claim_bytes_ = 0;
  }
  zeros_ = 1;
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
      if (byte != static_cast<uint8_t>(*rest_)) {
        state_ = State::kBroken;
        break;
      }
      ++rest_;
      if (*rest_ == '\0') {
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
    static constexpr char kLiterals[] = "ull\0rue\0alse";
    rest_ = kLiterals + (byte == 't' ? 4 : byte == 'f' ? 8 : 0);
    state_ = State::kLiteral;
    expect(byte == 'n' ? kAny : kBoolean, byte == 'n' ? kAny : kBoolean);
  }
}

void ReleaseReader::reject_if(bool is_invalid) {
  if (is_invalid) {
    invalid_ = true;
  }
}

// Says whether the place takes a value out of a range of kinds. Other values are invalid, unless
// the place takes any.
bool ReleaseReader::expect(Expected first, Expected last) {
  const bool is_expected = expected_ >= first && expected_ <= last;
  reject_if(!is_expected && expected_ != kAny);
  return is_expected;
}

// Arrays and objects.

bool ReleaseReader::is_object() const { return (scopes_[depth_] & kObject) != 0; }

void ReleaseReader::open(bool is_object) {
  if (depth_ == kMaxJsonDepth) {
    return;
  }
  uint8_t scope = kAny;
  if (is_object) {
    if (expect(kAdvisory, kTexts)) {
      scope = expected_;
      if (scope != kTexts) {
        seen_[scope - kAdvisory] = 0;
      }
    }
    scope |= kObject;
  } else if (expect(kListOfTexts, kAdvisories)) {
    if (expected_ == kHardwareIds) {
      lists_hardware_ = true;
    }
    scope = static_cast<uint8_t>(expected_ + (kPlainText - kListOfTexts));
  }
  ++depth_;
  scopes_[depth_] = scope;
  expected_ = static_cast<Expected>(scope);
  state_ = is_object ? State::kFirstKey : State::kFirstValue;
}

void ReleaseReader::close(bool is_object) {
  if (is_object) {
    const uint8_t scope = scopes_[depth_] & static_cast<uint8_t>(~kObject);
    if (scope >= kAdvisory && scope <= kLanguage) {
      const uint32_t required = kRequired[scope - kAdvisory];
      reject_if((seen_[scope - kAdvisory] & required) != required);
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
  } else if (scope >= kAdvisory) {
    const uint32_t word = find(scope);
    if (word != 0) {
      const uint32_t bit = 1u << word;
      uint32_t& seen = seen_[scope - kAdvisory];
      reject_if((seen & bit) != 0);
      seen |= bit;
      expected_ = kValueOf[word];
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
  rest_ = hardware_id_;
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
  if (is_key_ && scopes_[depth_] == (kTexts | kObject)) {
    byte = lower(byte);
  }
  hash_ = text_hash(hash_, byte);
  if (rest_ != nullptr) {
    const bool is_same = byte != 0 && byte == static_cast<uint8_t>(*rest_);
    rest_ = is_same ? rest_ + 1 : nullptr;
  }
  if (text_size_ < kTextBytes) {
    text_[text_size_] = byte;
    ++text_size_;
  }
}

void ReleaseReader::end_text() {
  state_ = State::kAfterValue;
  if (!expect(kSchema, kHardwareId)) {
    return;
  }
  bool is_good = text_size_ != 0;
  if (expected_ == kSchema && text_size_ >= kFamilyBytes &&
      memcmp(text_, kSchemaText, kFamilyBytes) == 0) {
    is_manifest_ = true;
  }
  if (expected_ <= kKind) {
    is_good = find(expected_) != 0;
  } else if (expected_ == kDate) {
    is_good = is_date();
  } else if (expected_ == kHardwareId) {
    if (rest_ != nullptr && *rest_ == '\0') {
      lists_this_hardware_ = true;
    }
  }
  reject_if(!is_good);
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
    if (subtag > kMaxSubtagBytes || !(is_lower(byte) || (shortest == 1 && is_digit(byte)))) {
      return false;
    }
  }
  return text_size_ <= kMaxLanguageCharacters && subtag >= shortest;
}

// A time in UTC such as 2031-01-01T00:00:00Z, of a year from 1 to 9999.
bool ReleaseReader::is_date() const {
  static constexpr char kForm[] = "0000-00-00T00:00:00Z";
  static constexpr uint8_t kFormBytes = sizeof(kForm) - 1;
  // Of two digits each: century, year, month, day, hour, minute, second.
  uint32_t numbers[7] = {};
  uint32_t digits = 0;
  for (uint32_t i = 0; i < kFormBytes; ++i) {
    const uint8_t byte = text_[i];
    if (kForm[i] == '0' ? !is_digit(byte) : byte != static_cast<uint8_t>(kForm[i])) {
      return false;
    }
    if (is_digit(byte)) {
      uint32_t& number = numbers[digits / 2];
      number = number * 10 + byte - '0';
      ++digits;
    }
  }
  const auto [century, year, month, day, hour, minute, second] = numbers;
  const bool is_leap = ((year != 0 ? year : century) & 3) == 0;
  const uint32_t days = month == 2 ? 28 + (is_leap ? 1 : 0) : 30 + ((month ^ month >> 3) & 1);
  // Months and days begin with 1: a 0 becomes the largest number.
  return text_size_ == kFormBytes && (century | year) != 0 && month - 1 < 12 && day - 1 < days &&
         hour < 24 && minute < 60 && second < 60;
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
  if (expect(kCounter, kDuration)) {
    reject_if(!is_counter_ || number_ == 0);
    numbers_[expected_ - kCounter] = number_;
  }
}

}  // namespace software_update

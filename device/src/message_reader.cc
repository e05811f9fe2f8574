#include "software_update/message_reader.h"

#include "field.h"
#include "field_table.h"
#include "software_update/format_limits.h"

namespace software_update {
namespace {

constexpr uint8_t kVarint = 0;
constexpr uint8_t kFixed64 = 1;
constexpr uint8_t kLengthDelimited = 2;
constexpr uint8_t kFixed32 = 5;
constexpr uint8_t kMaxVarintBytes = 10;
constexpr uint8_t kNotFound = 0xff;

// The envelope's fields are all length-delimited, and nothing signs others.
bool is_envelope(MessageId message) { return message <= MessageId::kPayloadEntry; }

// How many fields that it does not know a reader skips, at any depth: only in bytes that are
// signed.
uint32_t unknown_limit(MessageId message) {
  switch (message) {
    case MessageId::kRootMetadata:
      return kMaxUnknownRootFields;
    case MessageId::kTargetsMetadata:
    case MessageId::kManifest:
      return kMaxUnknownTargetsFields;
    default:
      return 0;
  }
}

Kind kind_of(FieldId field) { return kFields[static_cast<uint8_t>(field)].kind; }

// Whether a field must be UTF-8. The end of an entry decides on its name.
bool has_text(FieldId field) {
  return kind_of(field) == Kind::kText || field == FieldId::kTargetsEntryKey ||
         field == FieldId::kPayloadEntryKey;
}

// Says whether a number, or a length, is larger than a limit of `Field`: of 1 to 32 bits, or none.
bool is_over(uint64_t value, uint8_t limit) {
  // For 32 bits, this is 0, and one less is the largest number.
  const uint32_t power = uint32_t{2} << ((limit - 1u) & 0x1fu);
  const uint32_t most = (limit & kPowerOfTwo) != 0 ? power : power - 1;
  return limit != kNoLimit && value > most;
}

uint8_t first_field(MessageId message) { return kFirstField[static_cast<uint8_t>(message)]; }
uint8_t end_of_fields(MessageId message) { return kFirstField[static_cast<uint8_t>(message) + 1]; }

uint8_t find(MessageId message, uint32_t number) {
  for (uint8_t i = first_field(message); i < end_of_fields(message); ++i) {
    if (kFields[i].number == number) {
      return i;
    }
  }
  return kNotFound;
}

}  // namespace

void MessageReader::begin(MessageHandler& handler, MessageId message, FieldId field, size_t size) {
  static_assert(kRepeatedFields <= kMaxRepeatedFields, "counts_ needs more elements");
  handler_ = &handler;
  position_ = 0;
  paused_ = false;
  stopped_ = false;
  is_unknown_ = false;
  frame_ = nullptr;
  push(field, size);
  enter(message, true);
}

size_t MessageReader::feed(Bytes bytes) {
  size_t used = 0;
  for (;;) {
    while (!paused_ && !stopped_ && frame_ != nullptr && position_ == frame_->end) {
      close();
    }
    if (paused_ || stopped_ || frame_ == nullptr || used == bytes.size) {
      return used;
    }
    used += take({bytes.data + used, bytes.size - used});
  }
}

// Takes at least one byte: of content as many as there are, otherwise one.
size_t MessageReader::take(Bytes bytes) {
  const bool is_content = phase_ == Phase::kContent || phase_ == Phase::kSkip;
  const size_t left = is_content ? frame_->end - position_ : 1;
  const Bytes piece = {bytes.data, left < bytes.size ? left : bytes.size};
  handler_->raw(piece);
  position_ += piece.size;
  if (phase_ == Phase::kContent) {
    take_content(piece);
  } else if (!is_content) {
    take_byte(bytes.data[0]);
  }
  return piece.size;
}

void MessageReader::take_content(Bytes piece) {
  const FieldId id = frame_->field;
  if (has_text(id)) {
    for (size_t i = 0; i < piece.size && is_text_good_; ++i) {
      is_text_good_ = utf8_.add(piece.data[i]);
    }
  }
  handler_->content(id, piece);
}

// Takes a byte of a tag, a length or a number: at most 64 bits, in the shortest form.
void MessageReader::take_byte(uint8_t byte) {
  const bool is_last = byte < 0x80;
  const bool is_too_long = value_bytes_ == kMaxVarintBytes - 1 && byte > 1;
  if (is_too_long || (byte == 0 && value_bytes_ != 0)) {
    return fail(Verdict::kMalformed);
  }
  value_ |= uint64_t{byte & 0x7fu} << (7 * value_bytes_);
  ++value_bytes_;
  if (!is_last) {
    // A number must end inside its message.
    return position_ == frame_->end ? fail(Verdict::kMalformed) : void();
  }
  const uint64_t value = value_;
  value_bytes_ = 0;
  if (phase_ == Phase::kTag) {
    return tag_done();
  }
  value_ = 0;
  phase_ = Phase::kTag;
  begin_field(value);
}

void MessageReader::tag_done() {
  const uint32_t tag = static_cast<uint32_t>(value_);
  const uint8_t wire = tag & 7;
  const bool is_known =
      wire == kVarint || wire == kFixed64 || wire == kLengthDelimited || wire == kFixed32;
  // Field numbers are 1 to 2^29 - 1.
  if (tag >> 3 == 0 || value_ > UINT32_MAX || !is_known) {
    return fail(Verdict::kMalformed);
  }
  tag_ = tag;
  value_ = 0;
  if (is_envelope(frame_->message) && wire != kLengthDelimited) {
    return fail(Verdict::kUnexpectedField);
  }
  if (wire == kFixed64 || wire == kFixed32) {
    return begin_field(wire == kFixed64 ? 8 : 4);
  }
  if (position_ == frame_->end) {
    return fail(Verdict::kMalformed);
  }
  phase_ = wire == kVarint ? Phase::kNumber : Phase::kLength;
}

// Begins a field whose header has arrived, or takes a number. The order of the checks is that of
// wire.py: it decides on the verdict on a field with several faults.
void MessageReader::begin_field(uint64_t value) {
  Frame& frame = *frame_;
  const uint8_t wire = tag_ & 7;
  if (wire != kVarint && value > frame.end - position_) {
    return fail(Verdict::kMalformed);
  }
  const uint8_t index = find(frame.message, tag_ >> 3);
  if (index == kNotFound) {
    return begin_unknown(wire == kVarint ? 0 : static_cast<size_t>(value));
  }
  const Field& field = kFields[index];
  const uint16_t bit = static_cast<uint16_t>(1u << (index - first_field(frame.message)));
  if (field.repeated == 0) {
    if ((frame.seen & bit) != 0) {
      return fail(Verdict::kDuplicateField);
    }
    frame.seen = static_cast<uint16_t>(frame.seen | bit);
  } else {
    uint32_t& count = counts_[field.repeated - 1];
    ++count;
    if (is_over(count, kMostRepeated[field.repeated - 1])) {
      return fail(Verdict::kTooLarge);
    }
  }
  const bool is_number = field.kind == Kind::kNumber;
  if (wire != (is_number ? kVarint : kLengthDelimited)) {
    return fail(Verdict::kMalformed);
  }
  if (is_over(value, field.limit)) {
    return fail(is_number ? Verdict::kMalformed : Verdict::kTooLarge);
  }
  const FieldId id = static_cast<FieldId>(index);
  if (is_number) {
    return check(handler_->number(id, value));
  }
  begin_content(id, field, static_cast<size_t>(value));
}

void MessageReader::begin_unknown(size_t size) {
  const uint32_t limit = unknown_limit(domain()->message);
  ++unknown_;
  if (unknown_ > limit) {
    return fail(limit == 0 ? Verdict::kUnexpectedField : Verdict::kTooLarge);
  }
  if (size != 0) {
    push(frame_->field, size);
    is_unknown_ = true;
    phase_ = Phase::kSkip;
  }
}

void MessageReader::begin_content(FieldId id, const Field& field, size_t size) {
  push(id, size);
  const bool is_contained = field.kind == Kind::kContained;
  if (is_contained || field.kind == Kind::kMessage) {
    enter(static_cast<MessageId>(field.inner), is_contained);
  } else {
    is_text_good_ = true;
    utf8_.begin();
  }
  const Verdict verdict = handler_->begin(id, size);
  if (verdict != Verdict::kAccept) {
    --frame_;
    fail(verdict);
  }
}

void MessageReader::push(FieldId id, size_t size) {
  frame_ = frame_ == nullptr ? frames_ : frame_ + 1;
  frame_->end = position_ + size;
  frame_->field = id;
  frame_->has_message = false;
  frame_->contains_faults = false;
  phase_ = Phase::kContent;
}

void MessageReader::pop() { frame_ = frame_ == frames_ ? nullptr : frame_ - 1; }

// Makes a message of the innermost frame.
void MessageReader::enter(MessageId message, bool contains_faults) {
  Frame& frame = *frame_;
  frame.message = message;
  frame.has_message = true;
  frame.contains_faults = contains_faults;
  frame.seen = 0;
  for (uint8_t i = first_field(message); i < end_of_fields(message); ++i) {
    if (kFields[i].repeated != 0) {
      counts_[kFields[i].repeated - 1] = 0;
    }
  }
  if (contains_faults) {
    unknown_ = 0;
  }
  phase_ = Phase::kTag;
  value_ = 0;
  value_bytes_ = 0;
}

// Ends the innermost frame, whose last byte has been read.
void MessageReader::close() {
  const Frame& frame = *frame_;
  const bool was_unknown = is_unknown_;
  is_unknown_ = false;
  phase_ = Phase::kTag;
  pop();
  if (was_unknown) {
    return;
  }
  if (!frame.has_message && kind_of(frame.field) == Kind::kText && !is_text()) {
    return fail(Verdict::kMalformed);
  }
  check(handler_->end(frame.field));
}

void MessageReader::check(Verdict verdict) {
  if (verdict != Verdict::kAccept) {
    fail(verdict);
  }
}

// The innermost message that contains its faults.
const MessageReader::Frame* MessageReader::domain() const {
  const Frame* frame = frame_;
  while (!frame->contains_faults) {
    --frame;
  }
  return frame;
}

// Reports a fault in the innermost message that contains its faults, and skips the rest of that.
void MessageReader::fail(Verdict verdict) {
  if (frame_ == nullptr) {
    return;
  }
  frame_ -= frame_ - domain();
  handler_->fault(frame_->field, verdict);
  value_ = 0;
  value_bytes_ = 0;
  is_unknown_ = false;
  phase_ = Phase::kSkip;
}

}  // namespace software_update

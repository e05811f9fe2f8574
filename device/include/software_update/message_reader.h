// Reads a protobuf message as its bytes arrive, strictly: it rejects what protobuf would merge,
// truncate or skip. The same rules as in tools/software_update/format/wire.py and bundle/reader.py.
// The parts of the library use it; a product does not.

#ifndef SOFTWARE_UPDATE_MESSAGE_READER_H_
#define SOFTWARE_UPDATE_MESSAGE_READER_H_

#include <stddef.h>
#include <stdint.h>

#include "software_update/bytes.h"
#include "software_update/utf8.h"
#include "software_update/verdict.h"

namespace software_update {

// Both are in src/field_table.h.
enum class MessageId : uint8_t;
enum class FieldId : uint8_t;
struct Field;

// Takes the fields of a message. A function that returns another verdict than kAccept reports a
// fault in the message that the field is in.
class MessageHandler {
 public:
  virtual Verdict number(FieldId field, uint64_t value) = 0;
  // The header of a field of `size` bytes, bytes or a message. `content` and `end` follow.
  virtual Verdict begin(FieldId field, size_t size) = 0;
  // A piece of bytes or text.
  virtual void content(FieldId field, Bytes piece) = 0;
  // The end of a field that `begin` had announced, also if the message in it has a fault.
  virtual Verdict end(FieldId field) = 0;
  // The first fault in the message of that field, which contains its faults. The reader skips its
  // rest.
  virtual void fault(FieldId field, Verdict verdict) = 0;
  // Every byte, before the functions above get what is in it.
  virtual void raw(Bytes piece) = 0;

 protected:
  ~MessageHandler() = default;
};

class MessageReader {
 public:
  // Expects a message of `size` bytes, as if it were the content of `field`.
  void begin(MessageHandler& handler, MessageId message, FieldId field, size_t size);
  // Takes bytes, and returns how many: all, or fewer after `pause` or `stop`.
  size_t feed(Bytes bytes);
  // For the handler: `feed` returns, and takes no bytes before `resume`.
  void pause() { paused_ = true; }
  void resume() { paused_ = false; }
  // For the handler: nothing more is read.
  void stop() { stopped_ = true; }
  // For the handler, in `begin`: skips the content of the field. `end` follows.
  void skip() { phase_ = Phase::kSkip; }
  // For the handler, in `end` of a text or of a name in the envelope: whether it is UTF-8.
  bool is_text() const { return is_text_good_ && utf8_.is_complete(); }
  // Whether the whole message has been read.
  bool is_done() const { return frame_ == nullptr; }

 private:
  // `inline` if only one source file uses it: the compiler keeps no copy for others then.
  enum class Phase : uint8_t { kTag, kNumber, kLength, kContent, kSkip };
  static constexpr uint8_t kMaxDepth = 7;
  static constexpr uint8_t kMaxRepeatedFields = 11;

  // A message or a field's bytes, as far as they are open.
  struct Frame {
    size_t end;
    FieldId field;
    MessageId message;
    bool has_message;
    bool contains_faults;
    uint16_t seen;  // a bit for each field of the message
  };

  inline size_t take(Bytes bytes);
  inline void take_content(Bytes piece);
  inline void take_byte(uint8_t byte);
  inline void tag_done();
  inline void begin_field(uint64_t value);
  inline void begin_unknown(size_t size);
  inline void begin_content(FieldId id, const Field& field, size_t size);
  inline void push(FieldId id, size_t size);
  inline void pop();
  inline void enter(MessageId message, bool contains_faults);
  inline void close();
  inline void check(Verdict verdict);
  const Frame* domain() const;
  inline void fail(Verdict verdict);

  // Small members come first: instructions of Thumb reach these with fewer bytes.
  Phase phase_;
  uint8_t value_bytes_;  // bytes of the varint that have arrived
  bool is_text_good_;
  bool paused_;
  bool stopped_;
  bool is_unknown_;  // the content is that of an unknown field
  Utf8Checker utf8_;
  MessageHandler* handler_;
  Frame* frame_;  // the innermost one; null: none
  size_t position_;
  uint32_t tag_;
  uint32_t unknown_;  // unknown fields in the signed bytes up to here
  uint64_t value_;    // of a varint, as far as it has arrived
  uint32_t counts_[kMaxRepeatedFields];
  Frame frames_[kMaxDepth];
};

}  // namespace software_update

#endif  // SOFTWARE_UPDATE_MESSAGE_READER_H_

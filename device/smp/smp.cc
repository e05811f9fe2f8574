#include "software_update/smp.h"

#include <string.h>

#include "cbor.h"

namespace software_update {
namespace {

constexpr size_t kHeaderBytes = 8;
constexpr uint8_t kOperationMask = 7;
constexpr uint8_t kRead = 0;
constexpr uint8_t kWrite = 2;
// An answer has the version of the request in these bits.
constexpr uint8_t kVersionMask = 3 << 3;

constexpr uint16_t kSystemGroup = 0;
constexpr uint8_t kEcho = 0;
constexpr uint8_t kReset = 5;
constexpr uint8_t kParameters = 6;
constexpr uint16_t kImageGroup = 1;
constexpr uint8_t kImageState = 0;
constexpr uint8_t kUpload = 1;
constexpr uint8_t kErase = 5;
constexpr uint8_t kUpdateState = 0;
constexpr uint8_t kApprove = 1;

constexpr size_t kMaxNumberDigits = 10;

uint32_t word_at(const uint8_t* at) { return static_cast<uint32_t>(at[0] << 8 | at[1]); }

void put_word(uint8_t* at, size_t word) {
  at[0] = static_cast<uint8_t>(word >> 8);
  at[1] = static_cast<uint8_t>(word);
}

Bytes text_of(const char* text) { return {reinterpret_cast<const uint8_t*>(text), strlen(text)}; }

bool is_digest(const CborValue& value) {
  return value.kind == CborValue::Kind::kBytes && value.bytes.size == kSha256Bytes;
}

bool is_digest_of(const CborValue& value, const uint8_t digest[kSha256Bytes]) {
  return is_digest(value) && memcmp(value.bytes.data, digest, kSha256Bytes) == 0;
}

SmpError error_of(Status status) {
  switch (status) {
    case Status::kOk:
      return SmpError::kOk;
    case Status::kBadState:
    case Status::kCancelled:
    case Status::kRejected:
    case Status::kTrialFailed:
      return SmpError::kBadState;
    case Status::kNeedsConsent:
    case Status::kOtherQuestion:
      return SmpError::kAccessDenied;
    case Status::kRefused:
    case Status::kUnknownTarget:
    case Status::kMissingTarget:
      return SmpError::kCorrupt;
    case Status::kSlotTooSmall:
    case Status::kTooManyRoots:
      return SmpError::kTooLarge;
    case Status::kStorageFailed:
      return SmpError::kUnknown;
  }
  return SmpError::kUnknown;
}

// The reason for an error, in words that a person can search for.
const char* reason_of(Status status, const Result& result) {
  switch (status) {
    case Status::kNeedsConsent:
      return "waits for consent";
    case Status::kOtherQuestion:
      return "asks another question";
    case Status::kRefused:
      return result.outcome == Outcome::kBeyondDevice ? "beyond this device"
                                                      : verdict_name(result.verdict);
    case Status::kUnknownTarget:
      return "lists a target without a slot";
    case Status::kMissingTarget:
      return "lacks a target that has a slot";
    case Status::kSlotTooSmall:
      return "target is longer than its slot";
    case Status::kTooManyRoots:
      return "too many roots for this device";
    case Status::kStorageFailed:
      return "flash failed";
    default:
      return nullptr;
  }
}

bool is_given_up(State state) { return state == State::kFailed || state == State::kUpdated; }

}  // namespace

struct SmpServer::Request {
  bool write;
  uint16_t group;
  uint8_t command;
  CborMap values;
};

// The answer to a request: a header and a map.
class SmpServer::Answer {
 public:
  explicit Answer(const uint8_t request[kHeaderBytes])
      : writer(bytes_ + kHeaderBytes, kSmpAnswerBytes - kHeaderBytes) {
    memcpy(bytes_, request, kHeaderBytes);
    bytes_[0] =
        static_cast<uint8_t>((request[0] & kVersionMask) | ((request[0] & kOperationMask) + 1));
    bytes_[1] = 0;
  }

  void error(SmpError error, const char* reason) {
    start_again();
    writer.map(reason == nullptr ? 1 : 2);
    writer.key("rc");
    writer.uint(static_cast<uint8_t>(error));
    if (reason != nullptr) {
      writer.key("rsn");
      writer.text(text_of(reason));
    }
  }

  Bytes packet() {
    if (writer.written().size == 0) {
      error(SmpError::kTooLarge, nullptr);
    }
    const size_t size = writer.written().size;
    put_word(bytes_ + 2, size);
    return {bytes_, kHeaderBytes + size};
  }

 private:
  void start_again() { writer = CborWriter(bytes_ + kHeaderBytes, kSmpAnswerBytes - kHeaderBytes); }

  uint8_t bytes_[kSmpAnswerBytes];

 public:
  CborWriter writer;
};

SmpServer::SmpServer(Client* client, const SmpSettings& settings, SmpLine* line, uint8_t* buffer,
                     size_t capacity)
    : client_(client),
      settings_(settings),
      line_(line),
      reader_(buffer, capacity),
      capacity_(capacity),
      size_(0),
      offset_(0),
      has_sha_(false),
      sha_{},
      wants_reset_(false) {}

void SmpServer::receive(Bytes bytes) {
  for (size_t at = 0; at < bytes.size; ++at) {
    if (reader_.take(bytes.data[at])) {
      handle(reader_.packet());
    }
  }
}

void SmpServer::handle(Bytes packet) {
  if (packet.size < kHeaderBytes || word_at(packet.data + 2) != packet.size - kHeaderBytes) {
    return;
  }
  const uint8_t operation = packet.data[0] & kOperationMask;
  if (operation != kRead && operation != kWrite) {
    return;  // an answer, perhaps an echo of ours
  }
  Answer answer(packet.data);
  const Request request{operation == kWrite, static_cast<uint16_t>(word_at(packet.data + 4)),
                        packet.data[7],
                        CborMap({packet.data + kHeaderBytes, packet.size - kHeaderBytes})};
  if (request.values.valid()) {
    perform(request, &answer);
  } else {
    answer.error(SmpError::kInvalid, nullptr);
  }
  send_smp_packet(answer.packet(), line_);
}

void SmpServer::perform(const Request& request, Answer* answer) {
  switch (request.group) {
    case kSystemGroup:
      return system(request, answer);
    case kImageGroup:
      return images(request, answer);
    case kSmpUpdateGroup:
      return updates(request, answer);
    default:
      return answer->error(SmpError::kNotSupported, nullptr);
  }
}

void SmpServer::system(const Request& request, Answer* answer) {
  if (request.command == kEcho) {
    const CborValue text = request.values.find("d");
    if (text.kind != CborValue::Kind::kText) {
      return answer->error(SmpError::kInvalid, nullptr);
    }
    answer->writer.map(1);
    answer->writer.key("r");
    answer->writer.text(text.bytes);
  } else if (request.command == kReset && request.write) {
    // MCUboot goes back if an image is not confirmed before a reset, and its clients count on it.
    if (client_->query().state == State::kTrial) {
      const SmpError error = error_of(client_->reject());
      if (error != SmpError::kOk) {
        return answer->error(error, nullptr);
      }
    }
    wants_reset_ = true;
    answer->writer.map(0);
  } else if (request.command == kParameters && !request.write) {
    answer->writer.map(2);
    answer->writer.key("buf_size");
    answer->writer.uint(capacity_);
    answer->writer.key("buf_count");
    answer->writer.uint(1);
  } else {
    answer->error(SmpError::kNotSupported, nullptr);
  }
}

void SmpServer::images(const Request& request, Answer* answer) {
  SmpError error = SmpError::kNotSupported;
  if (request.command == kImageState) {
    error = request.write ? change_state(request) : SmpError::kOk;
    if (error == SmpError::kOk) {
      return write_images(answer);
    }
  } else if (request.command == kUpload && request.write) {
    error = upload(request);
    if (error == SmpError::kOk) {
      answer->writer.map(1);
      answer->writer.key("off");
      return answer->writer.uint(offset_);
    }
  } else if (request.command == kErase && request.write) {
    error = erase();
    if (error == SmpError::kOk) {
      return answer->writer.map(0);
    }
  }
  write_error(error, answer);
}

void SmpServer::updates(const Request& request, Answer* answer) {
  if (request.command == kUpdateState && !request.write) {
    return write_update(answer);
  }
  if (request.command == kApprove && request.write) {
    const SmpError error = approve(request);
    if (error == SmpError::kOk) {
      return answer->writer.map(0);
    }
    return answer->error(error, nullptr);
  }
  answer->error(SmpError::kNotSupported, nullptr);
}

SmpError SmpServer::upload(const Request& request) {
  const CborValue offset = request.values.find("off");
  const CborValue data = request.values.find("data");
  const CborValue image = request.values.find("image");
  if (offset.kind != CborValue::Kind::kUint || data.kind != CborValue::Kind::kBytes) {
    return SmpError::kInvalid;
  }
  if (image.kind != CborValue::Kind::kMissing &&
      (image.kind != CborValue::Kind::kUint || image.number != 0)) {
    return SmpError::kNoEntry;
  }
  if (offset.number == 0 && !is_same_upload(request)) {
    const SmpError error = begin_upload(request);
    if (error != SmpError::kOk) {
      return error;
    }
  }
  const State state = client_->query().state;
  if (state != State::kWriting) {
    // A request that is repeated because its answer was lost.
    return state == State::kCandidate && offset_ == size_ ? SmpError::kOk : SmpError::kBadState;
  }
  if (offset.number == offset_) {
    const SmpError error = take_chunk(data.bytes);
    if (error != SmpError::kOk) {
      return error;
    }
  }
  return offset_ == size_ ? finish_upload() : SmpError::kOk;
}

// Whether a request with offset 0 continues the upload that has begun.
bool SmpServer::is_same_upload(const Request& request) const {
  const State state = client_->query().state;
  const CborValue length = request.values.find("len");
  return (state == State::kWriting || state == State::kCandidate) && has_sha_ &&
         is_digest_of(request.values.find("sha"), sha_) && length.kind == CborValue::Kind::kUint &&
         length.number == size_;
}

SmpError SmpServer::begin_upload(const Request& request) {
  const CborValue length = request.values.find("len");
  const CborValue sha = request.values.find("sha");
  if (length.kind != CborValue::Kind::kUint || length.number == 0) {
    return SmpError::kInvalid;
  }
  const SmpError ready = make_ready();
  if (ready != SmpError::kOk) {
    return ready;
  }
  int64_t now = 0;
  const bool knows_time = settings_.now != nullptr && settings_.now(&now);
  const SmpError error = error_of(client_->start(length.number, knows_time, now));
  size_ = length.number;
  offset_ = 0;
  has_sha_ = is_digest(sha);
  if (has_sha_) {
    memcpy(sha_, sha.bytes.data, kSha256Bytes);
  }
  return error;
}

SmpError SmpServer::take_chunk(Bytes data) {
  if (data.size > size_ - offset_) {
    return SmpError::kInvalid;
  }
  size_t consumed = 0;
  const Status status = client_->write(data, &consumed);
  offset_ += consumed;
  // Bytes before the question have been taken; the next request gets the error.
  return status == Status::kNeedsConsent && consumed > 0 ? SmpError::kOk : error_of(status);
}

SmpError SmpServer::finish_upload() { return error_of(client_->finish()); }

// Gives up what was uploaded before. A release that is staged or tried stays.
SmpError SmpServer::make_ready() {
  State state = client_->query().state;
  if (state == State::kWriting || state == State::kCandidate) {
    const Status status = client_->cancel();
    if (status != Status::kOk) {
      return error_of(status);
    }
    state = client_->query().state;
  }
  return is_given_up(state) ? error_of(client_->clean()) : SmpError::kOk;
}

SmpError SmpServer::change_state(const Request& request) {
  const CborValue hash = request.values.find("hash");
  const CborValue confirm = request.values.find("confirm");
  const Info info = client_->query();
  if (hash.kind != CborValue::Kind::kMissing && !is_digest(hash)) {
    return SmpError::kInvalid;
  }
  const Release next = client_->next();
  const Release confirmed = client_->confirmed();
  const bool names_next = next.known && is_digest_of(hash, next.digest);
  if (confirm.kind == CborValue::Kind::kBool && confirm.number == 1) {
    if (info.state == State::kTrial) {
      const bool names_running = names_next || hash.kind == CborValue::Kind::kMissing;
      return names_running ? error_of(client_->accept()) : SmpError::kNoEntry;
    }
    const bool is_confirmed = hash.kind == CborValue::Kind::kMissing ||
                              (confirmed.known && is_digest_of(hash, confirmed.digest));
    return is_confirmed ? SmpError::kOk : SmpError::kBadState;
  }
  if (!names_next) {
    return SmpError::kNoEntry;
  }
  return info.state == State::kStaged ? SmpError::kOk : error_of(client_->install());
}

SmpError SmpServer::erase() {
  const State state = client_->query().state;
  if (state == State::kTrial || state == State::kRejected) {
    return SmpError::kBadState;
  }
  if (state == State::kStaged) {
    const Status status = client_->reject();
    if (status != Status::kOk) {
      return error_of(status);
    }
  }
  return make_ready();
}

SmpError SmpServer::approve(const Request& request) {
  Question question = client_->question();
  const CborValue phase = request.values.find("phase");
  if (!is_digest(request.values.find("release")) || !is_digest(request.values.find("root")) ||
      phase.kind != CborValue::Kind::kUint) {
    return SmpError::kInvalid;
  }
  if (!settings_.takes_consent) {
    return SmpError::kAccessDenied;
  }
  if (!question.asked || phase.number != static_cast<uint8_t>(question.phase) ||
      !is_digest_of(request.values.find("release"), question.release) ||
      !is_digest_of(request.values.find("root"), question.root)) {
    return SmpError::kBadState;
  }
  return error_of(client_->approve(question));
}

namespace {

void write_version(uint32_t version, CborWriter* writer) {
  uint8_t digits[kMaxNumberDigits];
  size_t at = kMaxNumberDigits;
  do {
    digits[--at] = static_cast<uint8_t>('0' + version % 10);
    version /= 10;
  } while (version > 0);
  writer->text({digits + at, kMaxNumberDigits - at});
}

struct Image {
  uint8_t slot;
  Release release;
  bool active;
  bool pending;
  bool confirmed;
};

void write_image(const Image& image, CborWriter* writer) {
  writer->map(7);
  writer->key("slot");
  writer->uint(image.slot);
  writer->key("version");
  write_version(image.release.version, writer);
  writer->key("hash");
  writer->bytes({image.release.digest, kSha256Bytes});
  writer->key("bootable");
  writer->boolean(true);
  writer->key("active");
  writer->boolean(image.active);
  writer->key("pending");
  writer->boolean(image.pending);
  writer->key("confirmed");
  writer->boolean(image.confirmed);
}

}  // namespace

// A release takes the place of an image, and its release digest that of the image's hash. Slot 0
// runs.
void SmpServer::write_images(Answer* answer) {
  const State state = client_->query().state;
  const bool trial = state == State::kTrial || state == State::kRejected;
  const bool has_next = trial || state == State::kStaged || state == State::kCandidate;
  const Release confirmed = client_->confirmed();
  const Release next = has_next ? client_->next() : Release{};
  const Image running{0, trial ? next : confirmed, true, false, !trial};
  const Image other{1, trial ? confirmed : next, false, state == State::kStaged, trial};
  const bool has_other = trial || other.release.known;
  answer->writer.map(1);
  answer->writer.key("images");
  answer->writer.array(has_other ? 2 : 1);
  write_image(running, &answer->writer);
  if (has_other) {
    write_image(other, &answer->writer);
  }
}

void SmpServer::write_update(Answer* answer) {
  const Info info = client_->query();
  const Question question = client_->question();
  const char* reason = reason_of(info.status, info.result);
  answer->writer.map(2 + (reason != nullptr ? 1U : 0U) + (question.asked ? 4U : 0U));
  answer->writer.key("state");
  answer->writer.uint(static_cast<uint8_t>(info.state));
  answer->writer.key("off");
  answer->writer.uint(offset_);
  if (reason != nullptr) {
    answer->writer.key("rsn");
    answer->writer.text(text_of(reason));
  }
  if (question.asked) {
    answer->writer.key("phase");
    answer->writer.uint(static_cast<uint8_t>(question.phase));
    answer->writer.key("release");
    answer->writer.bytes({question.release, kSha256Bytes});
    answer->writer.key("root");
    answer->writer.bytes({question.root, kSha256Bytes});
    answer->writer.key("version");
    answer->writer.uint(question.version);
  }
}

void SmpServer::write_error(SmpError error, Answer* answer) {
  const Info info = client_->query();
  if (error == SmpError::kCorrupt && info.result.outcome == Outcome::kBeyondDevice) {
    error = SmpError::kTooLarge;
  }
  const bool waits = error == SmpError::kAccessDenied && client_->question().asked;
  const bool failed =
      info.state == State::kFailed &&
      (error == SmpError::kCorrupt || error == SmpError::kTooLarge || error == SmpError::kUnknown);
  const Status status = waits ? Status::kNeedsConsent : info.status;
  answer->error(error, waits || failed ? reason_of(status, info.result) : nullptr);
}

}  // namespace software_update

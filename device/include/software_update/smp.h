// Takes bundles over a serial line, in the Simple Management Protocol (SMP) of MCUmgr.
//
// Existing clients of SMP can upload a bundle as image 0, test, reset and confirm it.
// docs/reference/device_smp.md lists the commands and what each answer means here.

#ifndef SOFTWARE_UPDATE_SMP_H_
#define SOFTWARE_UPDATE_SMP_H_

#include <stddef.h>
#include <stdint.h>

#include "software_update/bytes.h"
#include "software_update/client.h"
#include "software_update/smp_frame.h"

namespace software_update {

// Errors of MCUmgr that the server answers with.
enum class SmpError : uint8_t {
  kOk = 0,
  kUnknown = 1,
  kInvalid = 3,        // a request that is not valid
  kNoEntry = 5,        // no such image
  kBadState = 6,       // the command is not allowed in this state
  kTooLarge = 7,       // the answer does not fit, or the bundle is beyond this device
  kNotSupported = 8,   // no such command
  kCorrupt = 9,        // the device refuses the bundle
  kAccessDenied = 11,  // the device waits for consent
};

// The group with the commands that MCUmgr lacks: 0 reads the state and the question, 1 approves.
constexpr uint16_t kSmpUpdateGroup = 65;
constexpr size_t kSmpAnswerBytes = 384;

struct SmpSettings {
  // Whether a `yes` that comes over the line counts as consent. If not, the product's own
  // `Client::approve` is the only way.
  bool takes_consent;
  // Tells the time in seconds since 1970; false if it is not known. Null: there is no clock.
  bool (*now)(int64_t* seconds);
};

// Answers requests on a serial line. Call it from the loop that also owns the client, never from an
// interrupt. A write of a chunk can take as long as the verification of a signature.
//
//   SmpServerFor<512> server(&client, settings, &line);
//   while (uart_has(&byte)) server.receive({&byte, 1});
//   if (server.wants_reset()) restart();
class SmpServer {
 public:
  // Takes bytes of the line, and sends an answer for each complete request.
  void receive(Bytes bytes);
  // Whether the device must be restarted now. The answer has been sent.
  bool wants_reset() const { return wants_reset_; }

 protected:
  SmpServer(Client* client, const SmpSettings& settings, SmpLine* line, uint8_t* buffer,
            size_t capacity);
  ~SmpServer() = default;

 private:
  struct Request;
  class Answer;

  void handle(Bytes packet);
  void perform(const Request& request, Answer* answer);
  void system(const Request& request, Answer* answer);
  void images(const Request& request, Answer* answer);
  void updates(const Request& request, Answer* answer);

  SmpError upload(const Request& request);
  SmpError begin_upload(const Request& request);
  SmpError take_chunk(Bytes data);
  SmpError finish_upload();
  SmpError change_state(const Request& request);
  SmpError erase();
  SmpError approve(const Request& request);
  bool is_same_upload(const Request& request) const;
  SmpError make_ready();
  void write_images(Answer* answer);
  void write_update(Answer* answer);
  void write_error(SmpError error, Answer* answer);

  Client* client_;
  SmpSettings settings_;
  SmpLine* line_;
  SmpFrameReader reader_;
  size_t capacity_;
  uint64_t size_;    // of the bundle that is uploaded
  uint64_t offset_;  // of the next byte of it
  bool has_sha_;
  uint8_t sha_[kSha256Bytes];  // of the whole bundle, as the uploader names it
  bool wants_reset_;
};

// A server and its memory. `kBytes` is the size of the longest request, with its length and CRC:
// 512 or more is good, and 128 the least that existing clients need.
template <size_t kBytes>
class SmpServerFor : public SmpServer {
 public:
  SmpServerFor(Client* client, const SmpSettings& settings, SmpLine* line)
      : SmpServer(client, settings, line, buffer_, kBytes) {}

 private:
  static_assert(kBytes >= 128 && kBytes <= 4096, "128 to 4,096 bytes");
  uint8_t buffer_[kBytes];
};

}  // namespace software_update

#endif  // SOFTWARE_UPDATE_SMP_H_

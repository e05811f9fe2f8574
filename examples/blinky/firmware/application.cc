// Says its version, updates the device if a release is offered, then blinks.

#include <string.h>

#include "board.h"
#include "crypto/p256m.h"
#include "device_limits.h"
#include "image.h"
#include "memory_map.h"
#include "nor_flash.h"
#include "semihosting.h"
#include "software_update/client.h"
#include "software_update/smp.h"

namespace su = software_update;

// From image.ld.
extern "C" char image_size[], vector_table[];

namespace {

extern "C" __attribute__((section(".image_header"), used)) const image_header header = {
    IMAGE_MAGIC,
    VERSION,
    reinterpret_cast<uint32_t>(image_size),
    reinterpret_cast<uint32_t>(vector_table),
};

// A power cut in a trial costs one of these.
constexpr uint8_t kTrialBoots = 2;

class NorFlash : public su::Flash {
 public:
  bool read(uint32_t address, void* bytes, size_t size) override {
    return flash_read(address, bytes, size);
  }
  bool program(uint32_t address, const void* bytes, size_t size) override {
    return flash_program(address, bytes, size);
  }
  bool erase(uint32_t address) override { return flash_erase(address); }
  size_t program_unit() const override { return FLASH_UNIT_BYTES; }
  size_t erase_unit() const override { return FLASH_SECTOR_BYTES; }
};

void print_line(const char* text) {
  print("blinky: ");
  print(text);
  print("\n");
}

void print_line(const char* text, uint32_t number) {
  print("blinky: ");
  print(text);
  print_number(number);
  print("\n");
}

// Whether the person at the serial port presses y.
bool says_yes() {
  for (;;) {
    const int key = uart_read();
    if (key == 'y' || key == 'n') return key == 'y';
    wait();
  }
}

// Asks for consent to the client's next step. The factory agrees to everything.
bool consents(su::Client& client) {
  const su::Question question = client.question();
  if (!handoff.in_factory) {
    const bool restarts = question.phase == su::Phase::kRestart;
    print_line(restarts ? "restart? (y, n) version " : "install? (y, n) version ",
               question.version);
    if (!says_yes()) return false;
  }
  return client.approve(question) == su::Status::kOk;
}

// Whether the client asks about the release that is already confirmed.
bool is_confirmed(const su::Client& client) {
  const su::Release confirmed = client.confirmed();
  const su::Question question = client.question();
  return confirmed.known &&
         memcmp(confirmed.digest, question.release, sizeof question.release) == 0;
}

// Passes a file to the client. `again` says whether it contains the confirmed release.
su::Status pass(su::Client& client, int file, bool* again) {
  uint8_t buffer[256];
  for (size_t size; (size = file_read(file, buffer, sizeof buffer)) != 0;) {
    for (size_t done = 0; done < size;) {
      size_t consumed = 0;
      const su::Status status = client.write({buffer + done, size - done}, &consumed);
      done += consumed;
      if (status == su::Status::kNeedsConsent) {
        *again = is_confirmed(client);
        if (*again || !consents(client)) return su::Status::kCancelled;
      } else if (status != su::Status::kOk) {
        return status;
      }
    }
  }
  return su::Status::kOk;
}

// Calls a verb until it needs no more consent.
template <class Verb>
su::Status with_consent(su::Client& client, Verb verb) {
  for (;;) {
    const su::Status status = verb();
    if (status != su::Status::kNeedsConsent) return status;
    if (!consents(client)) return su::Status::kCancelled;
  }
}

// Says why a release was not installed.
void report(su::Status status, const su::Result& result) {
  if (status == su::Status::kCancelled) {
    print_line("not installed: there is no consent");
  } else if (status == su::Status::kRefused && result.outcome == su::Outcome::kVerdict) {
    print("blinky: rejected: ");
    print(su::verdict_name(result.verdict));
    print("\n");
  } else if (status == su::Status::kRefused) {
    print_line("rejected: beyond this device, limit ", static_cast<uint32_t>(result.beyond));
  } else {
    print_line("not installed: status ", static_cast<uint32_t>(status));
  }
}

// Installs the release in a file. Returns only if that was not possible.
void update(su::Client& client, const char* name) {
  const int file = file_open(name);
  if (file < 0) return print_line("the offered file does not exist");
  su::Status status = client.start(file_size(file), false, 0);
  bool again = false;
  if (status == su::Status::kOk) status = pass(client, file, &again);
  file_close(file);
  if (status == su::Status::kOk) status = with_consent(client, [&] { return client.finish(); });
  if (status == su::Status::kOk) status = with_consent(client, [&] { return client.install(); });
  if (status == su::Status::kOk) restart();
  if (!again) report(status, client.query().result);
  client.cancel();
  client.clean();
}

// Whether this version works: it finds the messages that belong to it. A product would look for its
// server, its sensors and whatever else a bad release could break.
bool passes_self_test(const su::Info& info) {
#ifdef CRASHES
  __asm__ volatile("udf #0");
#endif
  char ready[5];
  const uint32_t messages = memory_map.slot[MESSAGES_SLOT].address[info.running];
  return flash_read(messages, ready, sizeof ready) && memcmp(ready, "ready", sizeof ready) == 0;
}

// Goes on after a start. Returns whether a release may be offered.
bool resume(su::Client& client) {
  const su::Info info = client.query();
  switch (info.state) {
    case su::State::kTrial:
      if (!passes_self_test(info)) {
        client.reject();
        restart();
      }
      client.accept();
      client.clean();
      print_line("confirmed version ", VERSION);
      return true;
    case su::State::kFailed:
      client.clean();
      if (info.status != su::Status::kTrialFailed && info.status != su::Status::kRejected)
        return true;
      print_line("the release in trial did not work: this one is back");
      return false;
    case su::State::kUpdated:
      client.clean();
      return true;
    case su::State::kStaged:
    case su::State::kRejected:
      restart();
    default:
      return true;
  }
}

// The serial port, for a gateway that updates the device over it.
class SerialPort : public su::SmpLine {
 public:
  void send(su::Bytes bytes) override { uart_write(bytes.data, bytes.size); }
};

// Blinks, and answers a gateway.
[[noreturn]] void blink(su::Client& client) {
  // The gateway has asked its own person.
  constexpr su::SmpSettings kSettings = {true, nullptr};
  SerialPort port;
  su::SmpServerFor<512> server(&client, kSettings, &port);
  const bool ends = option("blinks") != nullptr;
  const uint32_t last = option_number("blinks");
  uint32_t blinks = 0;
  for (const uint32_t began = ticks();; wait()) {
    for (int byte; (byte = uart_read()) >= 0;) {
      const auto received = static_cast<uint8_t>(byte);
      server.receive({&received, 1});
      if (server.wants_reset()) restart();
    }
    const uint32_t now = ticks() - began;
    led_set(now % 2);
    if (now / 2 > blinks) print_line("blink ", ++blinks);
    if (ends && blinks >= last) {
      print_line("flash operations: ", flash_operations());
      power_off(EXIT_DONE);
    }
  }
}

}  // namespace

extern "C" void on_fault() { restart(); }

extern "C" int main() {
  uart_init();
  tick_init();
  print_line("version ", VERSION);

  NorFlash flash;
  const su::Product product = {
      &flash,       &flash,  &memory_map, &su::kP256m, {handoff.anchor, handoff.anchor_bytes},
      "mps2-an385", nullptr, kTrialBoots,
  };
  su::ClientFor<su::DeviceLimits, su::DeviceLimits::kRootBytes> client(&product);
  if (client.load(handoff.slot) != su::Status::kOk) print_line("cannot read the state in flash");
  const bool may_update = resume(client);
  const char* offered = option("bundle");
  if (offered && may_update) update(client, offered);
  blink(client);
}

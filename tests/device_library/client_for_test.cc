// The client and the boot decision as functions that Python can call, on flash
// that Python supplies. client_library.py calls them.

#include <string.h>

#include <new>

#include "software_update/boot.h"
#include "software_update/client.h"
#include "software_update/sha256.h"

namespace {

using software_update::Bytes;
using software_update::Client;
using software_update::Crypto;
using software_update::Flash;
using software_update::Info;
using software_update::Places;
using software_update::Product;
using software_update::Question;

struct Limits {
  static constexpr uint32_t kKeys = 4;
  static constexpr uint32_t kSignatures = 2;
  static constexpr uint32_t kTargets = 4;
  static constexpr uint32_t kLoosePayloads = 4;
  static constexpr uint32_t kRoots = 4;
  static constexpr uint32_t kAllowedTargets = 0;
  static constexpr uint32_t kNameBytes = 16;
  static constexpr uint32_t kVerifications = 16;
  static constexpr bool kReleaseManifest = true;
  static constexpr bool kCompression = false;
  static constexpr bool kAnyOrder = false;
};
using TestClient = software_update::ClientFor<Limits, 1024>;

bool takes_all(const uint8_t*, const uint8_t*, const uint8_t*) { return true; }
bool takes_point(const uint8_t*) { return true; }
const Crypto kCrypto = {takes_all, takes_point, software_update::sha256_blocks};

class PythonFlash final : public Flash {
 public:
  explicit PythonFlash(const software_update_flash* flash) : flash_(*flash) {}
  bool read(uint32_t address, void* bytes, size_t size) override {
    return flash_.read(flash_.context, address, bytes, size);
  }
  bool program(uint32_t address, const void* bytes, size_t size) override {
    return flash_.program(flash_.context, address, bytes, size);
  }
  bool erase(uint32_t address) override { return flash_.erase(flash_.context, address); }
  size_t program_unit() const override { return flash_.program_unit; }
  size_t erase_unit() const override { return flash_.erase_unit; }

 private:
  software_update_flash flash_;
};

// A device from a start to the next one.
struct Life {
  Life(const software_update_flash* state, const software_update_flash* slots,
       const Places* known, Bytes anchor)
      : state_flash(state),
        slot_flash(slots),
        product{&state_flash, &slot_flash, known, &kCrypto, anchor, "board", nullptr, 2},
        client(&product) {}

  PythonFlash state_flash;
  PythonFlash slot_flash;
  Product product;
  TestClient client;
};

// Not cleared before a life begins.
alignas(Life) uint8_t memory[sizeof(Life)];
Life* life;

// As _Question in client_library.py.
struct TestQuestion {
  uint32_t asked;
  uint32_t phase;
  uint32_t version;
  uint32_t counter;
  uint8_t release[software_update::kSha256Bytes];
  uint8_t root[software_update::kSha256Bytes];
};

}  // namespace

extern "C" {

// Begins a life, and returns the Status of `load`.
int client_load(const software_update_flash* state, const software_update_flash* slots,
                const Places* places, const uint8_t* anchor, size_t size, int running) {
  memset(memory, 0xa5, sizeof memory);
  // The compiler must not leave the bytes out because nothing may read them.
  __asm__ volatile("" : : "r"(memory) : "memory");
  life = new (memory) Life(state, slots, places, {anchor, size});
  return static_cast<int>(life->client.load(static_cast<uint8_t>(running)));
}

// The decision of the boot loader, which compares the slots or not.
software_update_decision client_boot(const software_update_flash* flash, const Places* places,
                                     bool compares) {
  const software_update_boot boot = {flash, flash, places,
                                     compares ? software_update_sha256_blocks : nullptr};
  return software_update_boot_decision(&boot);
}

int client_start(uint64_t size) { return static_cast<int>(life->client.start(size, false, 0)); }

int client_write(const uint8_t* bytes, size_t size, size_t* used) {
  return static_cast<int>(life->client.write(Bytes{bytes, size}, used));
}

// A verb without arguments, by its number in client_library.py.
int client_verb(int verb) {
  Client& client = life->client;
  software_update::Status (Client::*const verbs[])() = {
      &Client::finish, &Client::install, &Client::accept,
      &Client::reject, &Client::cancel,  &Client::clean};
  return static_cast<int>((client.*verbs[verb])());
}

void client_question(TestQuestion* out) {
  const Question question = life->client.question();
  *out = {question.asked, static_cast<uint32_t>(question.phase), question.version,
          question.counter, {}, {}};
  memcpy(out->release, question.release, sizeof out->release);
  memcpy(out->root, question.root, sizeof out->root);
}

int client_approve(const TestQuestion* given) {
  Question question = {};
  question.asked = given->asked != 0;
  question.phase = static_cast<software_update::Phase>(given->phase);
  memcpy(question.release, given->release, sizeof question.release);
  memcpy(question.root, given->root, sizeof question.root);
  return static_cast<int>(life->client.approve(question));
}

// Writes the members of Info, and the versions of the confirmed and the next
// release, 0 if there is none.
void client_query(uint32_t out[13]) {
  const Info info = life->client.query();
  const software_update::Release confirmed = life->client.confirmed();
  const software_update::Release next = life->client.next();
  const uint32_t found[] = {
      static_cast<uint32_t>(info.state),
      info.slot,
      info.running,
      info.boots,
      info.floor.version,
      info.floor.counter,
      info.floor.has_counter,
      static_cast<uint32_t>(info.status),
      static_cast<uint32_t>(info.result.outcome),
      static_cast<uint32_t>(info.result.verdict),
      static_cast<uint32_t>(info.result.beyond),
      confirmed.known ? confirmed.version : 0,
      next.known ? next.version : 0,
  };
  memcpy(out, found, sizeof found);
}

}  // extern "C"

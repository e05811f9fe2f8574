// A device in memory behind a pseudo-terminal: client, boot loader and SMP server, as in a
// firmware.
//
//   smp_device ROOT HARDWARE_ID TARGET (forward|device)
//
// It prints the path of the terminal. Lines on its input are the user's buttons: `yes` approves the
// question, `cut` cuts the power and starts again. It ends with its input.

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include <new>

#include "crypto/p256m.h"
#include "software_update/boot.h"
#include "software_update/client.h"
#include "software_update/smp.h"
#include "testing/flash_model.h"

namespace {

using namespace software_update;

struct Limits {
  static constexpr uint32_t kKeys = 4;
  static constexpr uint32_t kSignatures = 4;
  static constexpr uint32_t kTargets = 4;
  static constexpr uint32_t kLoosePayloads = 0;
  static constexpr uint32_t kRoots = 4;
  static constexpr uint32_t kAllowedTargets = 0;
  static constexpr uint32_t kNameBytes = 64;
  static constexpr uint32_t kVerifications = 16;
  static constexpr bool kReleaseManifest = true;
  static constexpr bool kCompression = false;
  static constexpr bool kAnyOrder = false;
};

constexpr uint32_t kSector = 4096;
constexpr uint32_t kSlot = 128 * 1024;
constexpr size_t kMaxRoot = 4096;

using DeviceClient = ClientFor<Limits, 1024>;
using Server = SmpServerFor<512>;

class Terminal : public SmpLine {
 public:
  bool open() {
    main_ = posix_openpt(O_RDWR | O_NOCTTY);
    if (main_ < 0 || grantpt(main_) != 0 || unlockpt(main_) != 0) return false;
    // One end stays open, so that a peer may close its own and come back.
    peer_ = ::open(ptsname(main_), O_RDWR | O_NOCTTY);
    termios settings = {};
    if (peer_ < 0 || tcgetattr(peer_, &settings) != 0) return false;
    cfmakeraw(&settings);
    return tcsetattr(peer_, TCSANOW, &settings) == 0;
  }
  int file() const { return main_; }
  const char* path() const { return ptsname(main_); }

  void send(Bytes bytes) override {
    while (bytes.size > 0) {
      const ssize_t sent = ::write(main_, bytes.data, bytes.size);
      if (sent <= 0) return;
      bytes = {bytes.data + sent, bytes.size - static_cast<size_t>(sent)};
    }
  }

 private:
  int main_ = -1;
  int peer_ = -1;
};

FlashModelOf<3 * kSlot, 8, kSector, false> flash;
alignas(DeviceClient) uint8_t client_memory[sizeof(DeviceClient)];
alignas(Server) uint8_t server_memory[sizeof(Server)];

struct Board {
  Product product;
  SmpSettings settings;
  Terminal* terminal;
  DeviceClient* client;
  Server* server;

  // Starts the device: the boot loader, then the application with an empty memory.
  bool start() {
    const Decision decision = boot_decision(&flash, &flash, *product.places, product.crypto);
    client = new (client_memory) DeviceClient(&product);
    server = new (server_memory) Server(client, settings, terminal);
    return client->load(decision.slot) == Status::kOk;
  }
};

// Handles a line of the user. Returns false if the device does not start.
bool press(const char* button, Board* board) {
  if (strncmp(button, "yes", 3) == 0) {
    board->client->approve(board->client->question());
    return true;
  }
  return strncmp(button, "cut", 3) != 0 || board->start();
}

int run(Board* board) {
  pollfd files[2] = {{0, POLLIN, 0}, {board->terminal->file(), POLLIN, 0}};
  while (poll(files, 2, -1) > 0) {
    uint8_t bytes[256];
    if ((files[0].revents & (POLLIN | POLLHUP)) != 0) {
      char button[16];
      if (fgets(button, sizeof(button), stdin) == nullptr) return 0;
      if (!press(button, board)) return 3;
      printf("ok\n");
      fflush(stdout);
    }
    if ((files[1].revents & POLLIN) != 0) {
      const ssize_t size = read(board->terminal->file(), bytes, sizeof(bytes));
      if (size > 0) board->server->receive({bytes, static_cast<size_t>(size)});
      if (board->server->wants_reset() && !board->start()) return 3;
    }
  }
  return 3;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 5) {
    fprintf(stderr, "smp_device: needs ROOT HARDWARE_ID TARGET (forward|device)\n");
    return 2;
  }
  static uint8_t root[kMaxRoot];
  FILE* file = fopen(arguments[1], "rb");
  const size_t root_size = file == nullptr ? 0 : fread(root, 1, sizeof(root), file);
  const Slot slot = {arguments[3], {0, kSlot}, kSlot};
  const uint32_t kept = 2 * kSlot;
  const Places places = {
      {kept, kept + kSector}, kSector, {kept + 2 * kSector, kept + 3 * kSector}, kSector, &slot, 1};
  Terminal terminal;
  Board board = {};
  board.product = {&flash, &flash, &places, &kP256m, {root, root_size}, arguments[2], nullptr, 3};
  board.settings = {strcmp(arguments[4], "forward") == 0, nullptr};
  board.terminal = &terminal;
  if (!terminal.open() || !board.start()) {
    fprintf(stderr, "smp_device: cannot start\n");
    return 3;
  }
  printf("%s\n", terminal.path());
  fflush(stdout);
  return run(&board);
}

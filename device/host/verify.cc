// Verifies a bundle with the device library, on a host: the command line of `software-update bundle
// verify`, as far as a device can do what it asks.

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "crypto/p256m.h"
#include "device/host/full_limits.h"
#include "software_update/format_limits.h"
#include "software_update/installed_manifest.h"
#include "software_update/verdict.h"
#include "software_update/verifier.h"

namespace software_update {
namespace {

constexpr int kAccepted = 0;
constexpr int kRejected = 1;
constexpr int kWrongUsage = 2;
constexpr int kWrongInput = 3;
constexpr int kBeyondThisDevice = 4;

constexpr char kHelp[] =
    "usage: verify --trusted-root FILE [options] BUNDLE\n"
    "\n"
    "Verifies a bundle with the device library in C++. The options are those of\n"
    "`software-update bundle verify` with the same names.\n"
    "\n"
    "  --trusted-root FILE      the signed root metadata that the device trusts\n"
    "  --installed FILE         the installed manifest of the release that the device runs\n"
    "  --installed-root FILE    the root under which that release was accepted, if it is older\n"
    "                           than --trusted-root\n"
    "  --ignore-installed-root  for tests: treat that release as accepted under --trusted-root\n"
    "  --hardware-id ID         the device's hardware id\n"
    "  --at TIME                the time at which to check expiry: a date such as\n"
    "                           2031-01-01T00:00:00Z, now, or none; default: now\n"
    "  --expect VERDICT         for tests: exit with 0 if this is the verdict, and with 1 "
    "otherwise\n"
    "  --json                   print the verdict and the versions as JSON\n"
    "  --read-bytes COUNT       read so many bytes of the bundle at once, 1 to 65536;\n"
    "                           default: 65536\n"
    "  --help                   print this text\n"
    "\n"
    "Exit code 0: accepted; 1: rejected; 2: wrong arguments; 3: a file is not what it should be;\n"
    "4: beyond this device, so there is no verdict. A compressed payload is beyond this device.\n";

constexpr size_t kMostReadBytes = 65536;

// The arguments, null or false where there is none.
struct Arguments {
  const char* bundle;
  const char* trusted_root;
  const char* installed;
  const char* installed_root;
  const char* hardware_id;
  const char* at;
  const char* expect;
  const char* read_bytes;
  bool ignore_installed_root;
  bool json;
};

// The memory of the program: it has no heap.
struct Memory {
  VerifierFor<FullLimits> verifier;
  ReleaseReaderFor<kMostReleaseKeys> release;
  // A target may have two SHA-256.
  InstalledTarget targets[kMaxHashes * kMaxTargets];
  uint8_t trusted_root[kMaxRootMetadataBytes];
  uint8_t installed_root[kMaxRootMetadataBytes];
  uint8_t identities[FullLimits::kKeys][kSha256Bytes];
  uint8_t read[kMostReadBytes];
};

Memory memory;

int fail(int exit_code, const char* place, const char* what) {
  fprintf(stderr, "verify: %s: %s\n", place, what);
  return exit_code;
}

// Arguments

struct TextOption {
  const char* name;
  const char* Arguments::* place;
};

constexpr TextOption kTextOptions[] = {
    {"--trusted-root", &Arguments::trusted_root},
    {"--installed", &Arguments::installed},
    {"--installed-root", &Arguments::installed_root},
    {"--hardware-id", &Arguments::hardware_id},
    {"--at", &Arguments::at},
    {"--expect", &Arguments::expect},
    {"--read-bytes", &Arguments::read_bytes},
};

// Those of `software-update bundle verify` that this program does not have.
constexpr const char* kUnsupported[] = {
    "--report",         "--extract",     "--write-root",     "--write-installed",
    "--device-limits",  "--attachments", "--attachment-key", "--auditor",
    "--require-audits", "--log-policy",  "--proof",          "--experimental-schemes"};

bool names(const char* argument, size_t size, const char* option) {
  return strlen(option) == size && memcmp(argument, option, size) == 0;
}

int take_option(Arguments& arguments, const char* argument, const char* next, bool& takes_next) {
  const char* equals = strchr(argument, '=');
  const size_t size = equals != nullptr ? static_cast<size_t>(equals - argument) : strlen(argument);
  for (const TextOption& option : kTextOptions) {
    if (names(argument, size, option.name)) {
      takes_next = equals == nullptr;
      arguments.*option.place = takes_next ? next : equals + 1;
      return arguments.*option.place != nullptr
                 ? kAccepted
                 : fail(kWrongUsage, option.name, "needs a value; add it");
    }
  }
  if (strcmp(argument, "--json") == 0) {
    arguments.json = true;
    return kAccepted;
  }
  if (strcmp(argument, "--ignore-installed-root") == 0) {
    arguments.ignore_installed_root = true;
    return kAccepted;
  }
  for (const char* option : kUnsupported) {
    if (names(argument, size, option)) {
      return fail(kWrongUsage, option,
                  "not an option of this program; use software-update bundle verify");
    }
  }
  return fail(kWrongUsage, argument, "not an option; see --help");
}

int check_arguments(const Arguments& arguments) {
  if (arguments.bundle == nullptr) {
    return fail(kWrongUsage, "BUNDLE", "is missing; see --help");
  }
  if (arguments.trusted_root == nullptr) {
    return fail(kWrongUsage, "--trusted-root", "is missing; see --help");
  }
  if (arguments.installed == nullptr && arguments.installed_root != nullptr) {
    return fail(kWrongUsage, "--installed-root",
                "only valid with --installed; add that or remove it");
  }
  if (arguments.installed == nullptr && arguments.ignore_installed_root) {
    return fail(kWrongUsage, "--ignore-installed-root",
                "only valid with --installed; add that or remove it");
  }
  if (arguments.installed_root != nullptr && arguments.ignore_installed_root) {
    return fail(kWrongUsage, "--ignore-installed-root",
                "not valid with --installed-root; remove one");
  }
  return kAccepted;
}

int parse_arguments(int count, char** values, Arguments& arguments) {
  for (int i = 1; i < count; ++i) {
    const char* argument = values[i];
    if (argument[0] == '-' && argument[1] != '\0') {
      bool takes_next = false;
      const char* next = i + 1 < count ? values[i + 1] : nullptr;
      const int failed = take_option(arguments, argument, next, takes_next);
      if (failed != kAccepted) {
        return failed;
      }
      i += takes_next ? 1 : 0;
    } else if (arguments.bundle == nullptr) {
      arguments.bundle = argument;
    } else {
      return fail(kWrongUsage, argument, "a second bundle; name one");
    }
  }
  return check_arguments(arguments);
}

// Returns whether `text` is the name of a verdict.
bool is_verdict(const char* text) {
  bool found = false;
  for (uint8_t i = 0; i < kVerdicts; ++i) {
    found = found || strcmp(text, verdict_name(static_cast<Verdict>(i))) == 0;
  }
  return found;
}

// The number in `size` digits; -1 if they are not digits.
int number_of(const char* text, size_t size) {
  int number = 0;
  for (size_t i = 0; i < size; ++i) {
    if (text[i] < '0' || text[i] > '9') {
      return -1;
    }
    number = number * 10 + (text[i] - '0');
  }
  return number;
}

bool parse_read_bytes(const char* text, size_t& count) {
  const size_t size = strlen(text);
  const int number = size >= 1 && size <= 5 ? number_of(text, size) : -1;
  count = number < 1 ? 0 : static_cast<size_t>(number);
  return count >= 1 && count <= kMostReadBytes;
}

bool is_leap(int year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

int days_of(int month, int year) {
  if (month == 2) {
    return is_leap(year) ? 29 : 28;
  }
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

// Seconds since 1970 of a time such as 2031-01-01T00:00:00Z.
bool parse_date(const char* text, int64_t& seconds) {
  if (strlen(text) != 20 || text[4] != '-' || text[7] != '-' || text[10] != 'T' ||
      text[13] != ':' || text[16] != ':' || text[19] != 'Z') {
    return false;
  }
  const int year = number_of(text, 4);
  const int month = number_of(text + 5, 2);
  const int day = number_of(text + 8, 2);
  const int hour = number_of(text + 11, 2);
  const int minute = number_of(text + 14, 2);
  const int second = number_of(text + 17, 2);
  if (year < 1 || month < 1 || month > 12 || day < 1 || day > days_of(month, year) || hour < 0 ||
      hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) {
    return false;
  }
  // Days of whole years since the year 1, of which 1970 was the 1970th.
  const int years = year - 1;
  int64_t days = years * 365LL + years / 4 - years / 100 + years / 400 + day - 1 - 719162;
  for (int i = 1; i < month; ++i) {
    days += days_of(i, year);
  }
  seconds = ((days * 24 + hour) * 60 + minute) * 60 + second;
  return true;
}

int parse_at(const char* text, Device& device) {
  if (text == nullptr || strcmp(text, "now") == 0) {
    device.knows_time = true;
    device.now = static_cast<int64_t>(time(nullptr));
  } else if (strcmp(text, "none") != 0) {
    device.knows_time = parse_date(text, device.now);
    if (!device.knows_time) {
      return fail(kWrongUsage, "--at", "not a date; write it as 2031-01-01T00:00:00Z (UTC)");
    }
  }
  return kAccepted;
}

bool is_text(const char* text) {
  Utf8Checker checker;
  checker.begin();
  for (; *text != '\0'; ++text) {
    if (!checker.add(static_cast<uint8_t>(*text))) {
      return false;
    }
  }
  return checker.is_complete();
}

// Files

// A file that is closed at the end of its scope.
class InputFile {
 public:
  explicit InputFile(const char* path) : path_(path), file_(fopen(path, "rb")), size_(0) {
    struct stat facts;
    if (file_ != nullptr && fstat(fileno(file_), &facts) == 0 && S_ISREG(facts.st_mode)) {
      size_ = static_cast<uint64_t>(facts.st_size);
      is_regular_ = true;
    }
  }
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;
  ~InputFile() {
    if (file_ != nullptr) {
      fclose(file_);
    }
  }

  int check() const {
    if (file_ == nullptr) {
      return fail(kWrongInput, path_, strerror(errno));
    }
    return is_regular_ ? kAccepted : fail(kWrongInput, path_, "not a file; name a file");
  }
  uint64_t size() const { return size_; }
  size_t read(uint8_t* bytes, size_t size) { return fread(bytes, 1, size, file_); }
  int became_shorter() const {
    return fail(kWrongInput, path_, "became shorter while it was read; try again");
  }

 private:
  const char* path_;
  FILE* file_;
  uint64_t size_;
  bool is_regular_ = false;
};

int read_root(const char* path, uint8_t* content, Bytes& root) {
  InputFile file(path);
  const int failed = file.check();
  if (failed != kAccepted) {
    return failed;
  }
  if (file.size() > kMaxRootMetadataBytes) {
    return fail(kWrongInput, path, "larger than root metadata may be; name the device's root");
  }
  root = {content, static_cast<size_t>(file.size())};
  return file.read(content, root.size) == root.size ? kAccepted : file.became_shorter();
}

int read_installed(const Arguments& arguments, Installed& installed) {
  InputFile file(arguments.installed);
  const int failed = file.check();
  if (failed != kAccepted) {
    return failed;
  }
  InstalledManifestReader reader;
  reader.begin(kP256m, arguments.hardware_id,
               {memory.targets, kMaxHashes * kMaxTargets, &memory.release}, file.size());
  for (uint64_t left = file.size(); left != 0;) {
    const size_t size = file.read(memory.read, kMostReadBytes);
    if (size == 0) {
      return file.became_shorter();
    }
    reader.feed({memory.read, size});
    left -= size < left ? size : left;
  }
  if (!reader.finish(installed)) {
    return fail(kWrongInput, arguments.installed,
                "not an installed manifest; write one with: software-update bundle verify "
                "--write-installed");
  }
  if (arguments.ignore_installed_root) {
    installed.former = {};
  }
  return kAccepted;
}

// Takes the targets role of --installed-root into `former`.
int read_installed_root(const Arguments& arguments, FormerRoot& former, const Device& device) {
  Device older = {};
  older.crypto = device.crypto;
  const int failed = read_root(arguments.installed_root, memory.installed_root, older.anchor);
  if (failed != kAccepted) {
    return failed;
  }
  const Verifier& verifier = memory.verifier;
  if (!memory.verifier.begin(older, 0)) {
    return fail(kWrongInput, arguments.installed_root,
                "not a root to trust; name the signed root metadata of that release");
  }
  const bool is_named = former.version == verifier.root_version() &&
                        memcmp(former.sha256, verifier.root_sha256(), kSha256Bytes) == 0;
  if (former.stated && !is_named) {
    return fail(kWrongInput, arguments.installed_root,
                "not the root that the installed manifest names; name that root");
  }
  former.version = verifier.root_version();
  memcpy(former.sha256, verifier.root_sha256(), kSha256Bytes);
  former.threshold = verifier.root_threshold();
  former.keys = verifier.root_keys();
  former.identities = memory.identities;
  for (uint32_t i = 0; i < former.keys; ++i) {
    memcpy(memory.identities[i], verifier.root_key_identity(i), kSha256Bytes);
  }
  return kAccepted;
}

// Checks that the trusted root is not older than the root of the installed release, or another one
// of that version.
int check_trusted_root(const Arguments& arguments, const FormerRoot& former) {
  const Verifier& verifier = memory.verifier;
  if (!former.stated && former.keys == 0) {
    return kAccepted;
  }
  if (verifier.root_version() < former.version) {
    return fail(kWrongInput, arguments.trusted_root,
                "older than the root of the installed release; name the root that the device has "
                "now");
  }
  if (verifier.root_version() == former.version &&
      memcmp(verifier.root_sha256(), former.sha256, kSha256Bytes) != 0) {
    return fail(kWrongInput, arguments.trusted_root,
                "differs from the root of that version under which the installed release was "
                "accepted; name that root");
  }
  return kAccepted;
}

// Verifying

const char* text_of(Beyond beyond) {
  switch (beyond) {
    case Beyond::kCompression:
      return "a compressed payload, and this program has no decompressor";
    case Beyond::kReleaseManifest:
      return "a release manifest with too many unknown keys";
    case Beyond::kOrder:
      return "the order of its parts";
    default:
      return "larger than the memory of this program";
  }
}

void print_json(const Result& result) {
  const Verifier& verifier = memory.verifier;
  if (result.outcome != Outcome::kVerdict) {
    printf("{\n \"verdict\": null,\n \"beyond_device\": \"%s\"\n}\n", text_of(result.beyond));
  } else if (result.verdict != Verdict::kAccept) {
    printf("{\n \"verdict\": \"%s\"\n}\n", verdict_name(result.verdict));
  } else {
    printf("{\n \"verdict\": \"ACCEPT\",\n \"root_version\": %lu,\n \"targets_version\": %lu,\n",
           static_cast<unsigned long>(verifier.root_version()),
           static_cast<unsigned long>(verifier.targets_version()));
    printf(" \"targets\": %lu,\n \"release_counter\": ",
           static_cast<unsigned long>(verifier.targets()));
    if (verifier.has_counter()) {
      printf("%lu\n}\n", static_cast<unsigned long>(verifier.counter()));
    } else {
      printf("null\n}\n");
    }
  }
}

void print_accepted(const Arguments& arguments, const Device& device) {
  const Verifier& verifier = memory.verifier;
  printf("%s: ACCEPT\n  root %lu, targets %lu, %lu targets\n", arguments.bundle,
         static_cast<unsigned long>(verifier.root_version()),
         static_cast<unsigned long>(verifier.targets_version()),
         static_cast<unsigned long>(verifier.targets()));
  if (verifier.has_counter()) {
    printf("  release counter %lu\n", static_cast<unsigned long>(verifier.counter()));
  }
  if (!device.knows_time) {
    printf("  not checked: expiry: no time was given\n");
  }
  if (device.installed == nullptr) {
    printf("  not checked: rollback: no installed manifest was given\n");
  }
  if (device.hardware_id == nullptr) {
    printf("  not checked: hardware: no hardware id was given\n");
  }
}

// Prints the result. Returns the exit code.
int show(const Arguments& arguments, const Device& device, const Result& result) {
  if (arguments.json) {
    print_json(result);
  }
  if (result.outcome != Outcome::kVerdict) {
    fprintf(stderr, "verify: %s: beyond this device: %s\n", arguments.bundle,
            text_of(result.beyond));
    return kBeyondThisDevice;
  }
  const char* verdict = verdict_name(result.verdict);
  const bool is_accepted = result.verdict == Verdict::kAccept;
  if (arguments.expect != nullptr) {
    const bool is_expected = strcmp(arguments.expect, verdict) == 0;
    if (!is_expected) {
      fprintf(stderr, "verify: %s: expected %s, got %s\n", arguments.bundle, arguments.expect,
              verdict);
    } else if (!arguments.json && is_accepted) {
      print_accepted(arguments, device);
    } else if (!arguments.json) {
      printf("%s: %s, as expected\n", arguments.bundle, verdict);
    }
    return is_expected ? kAccepted : kRejected;
  }
  if (!arguments.json && is_accepted) {
    print_accepted(arguments, device);
  } else if (!arguments.json) {
    fprintf(stderr, "verify: %s: %s; do not install it\n", arguments.bundle, verdict);
  }
  return is_accepted ? kAccepted : kRejected;
}

int verify(const Arguments& arguments, const Device& device, size_t read_bytes) {
  InputFile file(arguments.bundle);
  const int failed = file.check();
  if (failed != kAccepted) {
    return failed;
  }
  if (!memory.verifier.begin(device, file.size())) {
    return fail(kWrongInput, arguments.trusted_root,
                "not a root to trust; name the signed root metadata that the device has");
  }
  const int untrusted = device.installed != nullptr
                            ? check_trusted_root(arguments, device.installed->former)
                            : kAccepted;
  if (untrusted != kAccepted) {
    return untrusted;
  }
  for (uint64_t left = file.size(); left != 0;) {
    const size_t size =
        file.read(memory.read, read_bytes < left ? read_bytes : static_cast<size_t>(left));
    if (size == 0) {
      return file.became_shorter();
    }
    memory.verifier.feed({memory.read, size});
    left -= size;
  }
  return show(arguments, device, memory.verifier.finish());
}

int run(const Arguments& arguments) {
  Device device = {};
  device.crypto = &kP256m;
  device.hardware_id = arguments.hardware_id;
  size_t read_bytes = kMostReadBytes;
  if (arguments.expect != nullptr && !is_verdict(arguments.expect)) {
    return fail(kWrongUsage, "--expect", "not a verdict; see: software-update explain");
  }
  if (arguments.read_bytes != nullptr && !parse_read_bytes(arguments.read_bytes, read_bytes)) {
    return fail(kWrongUsage, "--read-bytes", "not a number from 1 to 65536");
  }
  if (arguments.hardware_id != nullptr && !is_text(arguments.hardware_id)) {
    return fail(kWrongUsage, "--hardware-id", "is not UTF-8; write it in UTF-8");
  }
  int failed = parse_at(arguments.at, device);
  if (failed == kAccepted) {
    failed = read_root(arguments.trusted_root, memory.trusted_root, device.anchor);
  }
  Installed installed = {};
  if (failed == kAccepted && arguments.installed != nullptr) {
    device.installed = &installed;
    failed = read_installed(arguments, installed);
  }
  if (failed == kAccepted && arguments.installed_root != nullptr) {
    failed = read_installed_root(arguments, installed.former, device);
  }
  return failed == kAccepted ? verify(arguments, device, read_bytes) : failed;
}

}  // namespace
}  // namespace software_update

int main(int count, char** values) {
  for (int i = 1; i < count; ++i) {
    if (strcmp(values[i], "--help") == 0) {
      fputs(software_update::kHelp, stdout);
      return software_update::kAccepted;
    }
  }
  software_update::Arguments arguments = {};
  const int failed = software_update::parse_arguments(count, values, arguments);
  return failed == software_update::kAccepted ? software_update::run(arguments) : failed;
}

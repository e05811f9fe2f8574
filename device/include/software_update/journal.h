// The state that a device keeps over power cuts, in two sectors of flash.

#ifndef SOFTWARE_UPDATE_JOURNAL_H_
#define SOFTWARE_UPDATE_JOURNAL_H_

#include <stddef.h>
#include <stdint.h>

#include "software_update/crypto.h"
#include "software_update/flash.h"
#include "software_update/slots.h"

namespace software_update {

// States of an update, with the names and numbers of Arm's PSA Firmware Update API 1.0 (IHI 0093).
// kWriting and kCandidate are never in the journal: after a restart, the state is kReady.
enum class State : uint8_t {
  kReady = 0,
  kWriting = 1,
  kCandidate = 2,
  kStaged = 3,
  kFailed = 4,
  kTrial = 5,
  kRejected = 6,
  kUpdated = 7,
};

// Results of the client's verbs. After an error before kRefused, nothing has changed.
enum class Status : uint8_t {
  kOk,
  kBadState,       // the verb is not allowed in this state
  kNeedsConsent,   // `question` tells what to ask; continue after `approve`
  kOtherQuestion,  // the approved question is not the present one
  kRefused,        // `Info::result` has the verdict, or the limit of this device
  kUnknownTarget,  // the release lists a target that has no slot
  kMissingTarget,  // the release lacks a target that has a slot
  kSlotTooSmall,   // a target is longer than its slot
  kTooManyRoots,   // moved roots and installed manifest do not fit into a data sector
  kStorageFailed,  // the flash failed, or its content changed
  kCancelled,      // by `cancel`
  kRejected,       // by `reject`
  kTrialFailed,    // the trial's starts were used up
};

// Phases that need consent, as in the client for larger devices. This client writes slots while it
// downloads, so consent to kDownload covers kInstall.
enum class Phase : uint8_t { kDownload, kInstall, kRestart };

// The smallest version and release counter that the device still accepts.
struct Floor {
  uint32_t version;  // of the targets metadata; 0 if no release was confirmed yet
  uint32_t counter;
  uint32_t has_counter;  // 1 or 0
};

// The kept state. All fields lie at fixed offsets, numbers in the byte order of the device.
struct Record {
  uint32_t layout;    // kLayout
  uint32_t sequence;  // of the record; the journal sets it
  uint8_t state;      // a State
  uint8_t slot;       // in force: 0 is A, 1 is B; a trial runs in the other one
  uint8_t boots;      // starts that the trial has left
  uint8_t data;       // the data sector in force, 0 or 1
  uint8_t has_data;   // 0: there is neither a moved root nor an installed manifest
  uint8_t consent;    // phases with consent: 1 << Phase
  uint8_t status;     // of the last update: a Status
  uint8_t outcome;    // of its verification: an Outcome
  uint8_t verdict;    // a Verdict
  uint8_t beyond;     // a Beyond
  uint8_t unused[2];
  Floor floor;                        // of the confirmed release
  Floor next;                         // of the release in trial, which becomes the floor
  uint8_t data_sha256[kSha256Bytes];  // of the data sector in force
  uint8_t next_sha256[kSha256Bytes];  // of the other data sector while a release is staged or tried
  uint8_t release[kSha256Bytes];      // release digest for which consent holds
  uint8_t root[kSha256Bytes];         // SHA-256 of the root's signed bytes for which consent holds

  static constexpr uint32_t kLayout = 0x31555253;  // "SRU1"
};
static_assert(sizeof(Record) == 172, "the layout of records is fixed");

// Appends records to one of two sectors, and erases the other one when it is full.
//
// A record takes one or more program units; the last one has its CRC-32 and is programmed last. One
// unit more seals it: a record without a seal may have been cut, and may read differently the next
// time, so `load` writes it again before anyone acts on it. No unit is programmed twice. An erase
// concerns only the sector that does not have the newest sealed record.
class Journal {
 public:
  Journal(Flash* flash, const Places* places) : flash_(flash), places_(places) {}

  // Reads the newest record. A device without one gets the initial state: slot A, kReady. Returns
  // false if it could not be made safe against weak bits, because the flash failed.
  bool load(Record* record);
  // Appends a record. After false, the former one is still the newest, or this one already is.
  bool store(Record* record);

 private:
  enum class Content : uint8_t { kBlank, kGarbage, kUnsealed, kSealed };
  struct Position {
    uint32_t sector;
    uint32_t index;
  };

  uint32_t address(Position position) const;
  Content read(Position position, Record* record);
  bool program(Position position, const Record& record);
  bool erase(uint32_t sector);

  Flash* flash_;
  const Places* places_;
  // `load` asks the flash for these.
  uint32_t unit_ = 0;      // bytes of a program unit
  uint32_t image_ = 0;     // bytes of a record and its CRC-32, in whole units
  uint32_t capacity_ = 0;  // records that fit into a sector: at least 2 are necessary
  Position next_ = {
      0, 0};           // where the next record goes; an index of `capacity` means the other sector
  uint32_t home_ = 1;  // the sector with the newest sealed record
  uint32_t sequence_ = 0;
};

}  // namespace software_update

#endif  // SOFTWARE_UPDATE_JOURNAL_H_

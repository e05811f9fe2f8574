#include "software_update/boot.h"

#include <string.h>

#include "data.h"
#include "software_update/journal.h"
#include "software_update/sha256.h"

namespace software_update {
namespace {

// Compares the slots of one side with an installed manifest.
bool slots_match(Flash* state, Flash* slots, const Places& places, const Crypto& crypto,
                 uint32_t sector, const uint8_t sha256[kSha256Bytes], uint32_t side) {
  DataHeader header;
  if (!read_data({state, &crypto, &places}, sector, sha256, &header)) return false;
  for (uint32_t i = 0; i < header.installed.targets; ++i) {
    InstalledTarget target;
    const uint32_t offset = static_cast<uint32_t>(sizeof(header) + i * sizeof(target));
    if (!state->read(places.data[sector] + offset, &target, sizeof(target))) return false;
    for (uint32_t j = 0; j < places.slots; ++j) {
      const Slot& slot = places.slot[j];
      uint8_t name[kSha256Bytes];
      hash_name(crypto, slot.name, name);
      if (memcmp(name, target.name, sizeof(name)) != 0) continue;
      if (target.length > slot.size) return false;
      const uint32_t length = static_cast<uint32_t>(target.length);
      if (!has_sha256(slots, crypto, slot.address[side], length, target.sha256)) return false;
    }
  }
  return true;
}

// Whether a trial may start once more. The record then has one start less.
bool spend_start(Record* record) {
  const State state = static_cast<State>(record->state);
  if (state != State::kStaged && state != State::kTrial) return false;
  if (record->boots == 0) return false;
  --record->boots;
  record->state = static_cast<uint8_t>(State::kTrial);
  return true;
}

bool is_trying(const Record& record) {
  const State state = static_cast<State>(record.state);
  return state == State::kStaged || state == State::kTrial || state == State::kRejected;
}

void end_trial(Record* record, Status status) {
  record->state = static_cast<uint8_t>(State::kFailed);
  record->status = static_cast<uint8_t>(status);
  record->consent = 0;
}

}  // namespace

Decision boot_decision(Flash* state, Flash* slots, const Places& places, const Crypto* crypto) {
  Journal journal(state, &places);
  Record record;
  const bool loaded = journal.load(&record);
  if (is_trying(record)) {
    const uint8_t side = record.slot ^ 1u;
    Record tried = record;
    // The journal comes first: without it, a trial would have no end.
    if (loaded && spend_start(&tried) &&
        (crypto == nullptr ||
         slots_match(state, slots, places, *crypto, record.data ^ 1u, record.next_sha256, side)) &&
        journal.store(&tried)) {
      return {true, side, true, tried.boots, tried.next.version};
    }
    const bool rejected = record.state == static_cast<uint8_t>(State::kRejected);
    end_trial(&record, rejected ? Status::kRejected : Status::kTrialFailed);
    journal.store(&record);
  }
  const bool good =
      crypto == nullptr || record.has_data == 0 ||
      slots_match(state, slots, places, *crypto, record.data, record.data_sha256, record.slot);
  return {good, record.slot, false, 0, record.floor.version};
}

}  // namespace software_update

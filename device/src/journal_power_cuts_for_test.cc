// Cuts the power at every flash operation of the journal, once and twice.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "software_update/journal.h"
#include "testing/flash_model.h"

namespace software_update {
namespace {

uint64_t cuts = 0;

[[noreturn]] void fail(const char* what, uint64_t first, uint64_t second, uint64_t seed) {
  printf("%s: cuts at operations %llu and %llu, seed %llu\n", what,
         static_cast<unsigned long long>(first), static_cast<unsigned long long>(second),
         static_cast<unsigned long long>(seed));
  exit(1);
}

void check(bool good, const char* what, uint64_t first, uint64_t second, uint64_t seed) {
  if (!good) fail(what, first, second, seed);
}

// Stores the numbers 1 to `kStores` and restarts after a cut. A load may give the number that was
// being stored, or the one before; from then on, every load gives this number until the next store.
template <uint32_t kUnit, uint32_t kSector, bool kEcc>
class JournalCuts {
 public:
  static constexpr uint32_t kStores = 7;

  explicit JournalCuts(bool garbage) : garbage_(garbage) {
    places_.journal[0] = 0;
    places_.journal[1] = kBytes;
    places_.journal_bytes = kBytes;
  }

  void run(uint64_t seeds, uint64_t step) {
    const uint64_t all = play(0, Cut::kBefore, 0, Cut::kBefore, 0);
    for (uint64_t seed = 0; seed < seeds; ++seed) {
      for (uint64_t first = 1; first <= all; ++first) {
        for (uint8_t cut = 0; cut < 3; ++cut) {
          const uint64_t rest = play(first, static_cast<Cut>(cut), 0, Cut::kBefore, seed);
          for (uint64_t second = 1 + (first + seed) % step; second <= rest; second += step) {
            for (uint8_t again = 0; again < 3; ++again) {
              play(first, static_cast<Cut>(cut), second, static_cast<Cut>(again), seed);
            }
          }
        }
      }
    }
  }

 private:
  static constexpr uint32_t kBytes = kSector < 512 ? 512 : kSector;

  // Loads until the flash has power all the time. Returns the number.
  uint32_t load(Journal* journal, Record* record, uint64_t second, Cut again) {
    for (;;) {
      *journal = Journal(&flash_, &places_);
      const bool good = journal->load(record);
      if (!flash_.is_off()) {
        check(good, "the journal cannot be used", first_, second_, seed_);
        check(record->floor.version >= least_, "a state is lost", first_, second_, seed_);
        check(record->floor.version <= most_, "a state is invented", first_, second_, seed_);
        least_ = most_ = record->floor.version;
        return least_;
      }
      restart(second, again);
    }
  }

  void restart(uint64_t second, Cut again) {
    ++cuts;
    flash_.restart();
    if (second != 0 && !second_done_) {
      flash_.cut_at(second, again, seed_ + 7 * second);
      second_done_ = true;
    } else {
      flash_.cut_at(0, Cut::kBefore, seed_ + 3);
    }
  }

  // Returns the number of operations after the last cut.
  uint64_t play(uint64_t first, Cut cut, uint64_t second, Cut again, uint64_t seed) {
    flash_.reset();
    if (garbage_) flash_.fill(0, 2 * kBytes, 99);
    flash_.cut_at(first, cut, seed + 11 * first);
    first_ = first;
    second_ = second;
    seed_ = seed;
    second_done_ = false;
    least_ = most_ = 0;
    Journal journal(&flash_, &places_);
    Record record;
    load(&journal, &record, second, again);
    for (uint32_t number = 1; number <= kStores; ++number) {
      while (least_ < number) {
        record.floor.version = number;
        memset(record.root, static_cast<int>(number), sizeof(record.root));
        most_ = number;
        if (journal.store(&record)) {
          least_ = number;
        } else {
          check(flash_.is_off(), "a store fails", first, second, seed);
          restart(second, again);
          for (int i = 0; i < 3; ++i) load(&journal, &record, second, again);
        }
      }
      // What reads well once must read well always.
      for (int i = 0; i < 2; ++i) load(&journal, &record, second, again);
    }
    check(flash_.broken_rule() == nullptr, flash_.broken_rule(), first, second, seed);
    return flash_.operations();
  }

  FlashModelOf<2 * kBytes, kUnit, kSector, kEcc> flash_;
  Places places_ = {};
  bool garbage_;
  bool second_done_ = false;
  uint32_t least_ = 0;
  uint32_t most_ = 0;
  uint64_t first_ = 0;
  uint64_t second_ = 0;
  uint64_t seed_ = 0;
};

// A journal that cannot keep its newest record while it erases must not begin.
void check_too_small() {
  static FlashModelOf<1024, 32, 256, true> flash;
  Places places = {};
  places.journal[1] = 256;
  places.journal_bytes = 256;
  Journal journal(&flash, &places);
  Record record;
  check(!journal.load(&record), "a journal with room for one record begins", 0, 0, 0);
  check(record.slot == 0 && record.state == 0, "a journal that does not begin has a state", 0, 0,
        0);
}

}  // namespace
}  // namespace software_update

int main() {
  software_update::check_too_small();
  using software_update::JournalCuts;
  JournalCuts<4, 512, false>(true).run(1, 3999);
  JournalCuts<32, 512, true>(false).run(1, 23);  // 2 records in a sector
  JournalCuts<32, 1024, true>(true).run(1, 71);
  JournalCuts<16, 256, true>(false).run(1, 397);  // a journal sector of two flash sectors
  JournalCuts<8, 2048, true>(false).run(1, 3999);
  printf("%llu cuts, 0 lost states\n", static_cast<unsigned long long>(software_update::cuts));
  return 0;
}

/* The choice of the slot to start: for boot loaders, in C and C++. It needs no verifier.

   A boot loader calls it once at each start, before it runs anything from a slot. It reads the
   journal, spends one start of a trial's budget, and falls back if the budget is used up. */

#ifndef SOFTWARE_UPDATE_BOOT_H_
#define SOFTWARE_UPDATE_BOOT_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "software_update/slots.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Flash memory as plain functions; flash.h says the same for C++. */
struct software_update_flash {
  void* context;
  bool (*read)(void* context, uint32_t address, void* bytes, size_t size);
  bool (*program)(void* context, uint32_t address, const void* bytes, size_t size);
  bool (*erase)(void* context, uint32_t address);
  uint32_t program_unit;
  uint32_t erase_unit;
};

/* Takes `count` blocks of 64 bytes into the SHA-256 state. `software_update_sha256_blocks` is one.
 */
typedef void (*software_update_sha256)(uint32_t state[8], const uint8_t* blocks, size_t count);
void software_update_sha256_blocks(uint32_t state[8], const uint8_t* blocks, size_t count);

struct software_update_boot {
  const struct software_update_flash* state; /* with the journal and the data sectors */
  const struct software_update_flash* slots; /* with the slots; may be the same */
  const struct software_update_places* places;
  /* If it is not null, the content of a slot is compared with the installed manifest before it
   * starts. */
  software_update_sha256 sha256;
};

struct software_update_decision {
  bool start;       /* false: no slot may be started */
  uint8_t slot;     /* 0: A, 1: B */
  bool trial;       /* the slot is tried, and the application must accept it */
  uint8_t boots;    /* starts that the trial has left after this one */
  uint32_t version; /* of the release in the slot (its targets metadata); 0 if it is not known */
};

/* Decides which slot to start, and writes the decision to the journal first. */
struct software_update_decision software_update_boot_decision(
    const struct software_update_boot* boot);

#ifdef __cplusplus
} /* extern "C" */

#include "software_update/crypto.h"
#include "software_update/flash.h"

namespace software_update {

using Decision = ::software_update_decision;

/* The same for boot loaders in C++. `crypto` may be null: slots are not compared then. */
Decision boot_decision(Flash* state, Flash* slots, const Places& places, const Crypto* crypto);

}  // namespace software_update
#endif

#endif /* SOFTWARE_UPDATE_BOOT_H_ */

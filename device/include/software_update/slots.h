/* The places in a device's flash. Plain C, because boot loaders read it too. */

#ifndef SOFTWARE_UPDATE_SLOTS_H_
#define SOFTWARE_UPDATE_SLOTS_H_

#include <stdint.h>

/* A target of the product and its two slots, A and B. A release goes into the ones that do not run.
 */
struct software_update_slot {
  const char* name;    /* of the target */
  uint32_t address[2]; /* of A and B, each at the beginning of a sector */
  uint32_t size;       /* bytes of each, a multiple of the sector size */
};

/* The memory map: two sectors of the journal, two of data (moved roots and installed manifest), and
   the slots of all targets. `journal_bytes` and `data_bytes` are those of one of the two, a
   multiple of the flash's sector size. */
struct software_update_places {
  uint32_t journal[2];
  uint32_t journal_bytes;
  uint32_t data[2];
  uint32_t data_bytes;
  const struct software_update_slot* slot;
  uint32_t slots; /* at most 32 */
};

#ifdef __cplusplus
namespace software_update {
using Slot = ::software_update_slot;
using Places = ::software_update_places;
}  // namespace software_update
#endif

#endif /* SOFTWARE_UPDATE_SLOTS_H_ */

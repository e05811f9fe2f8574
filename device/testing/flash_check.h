// Checks a flash driver against the rules of `Flash`, on the board itself.

#ifndef SOFTWARE_UPDATE_TESTING_FLASH_CHECK_H_
#define SOFTWARE_UPDATE_TESTING_FLASH_CHECK_H_

#include "software_update/flash.h"

namespace software_update {

// Returns the first rule that a driver breaks, in words; null if it keeps all of them. It
// overwrites the two sectors from `address` on, and erases each of them about five times.
const char* flash_check(Flash* flash, uint32_t address);

}  // namespace software_update

#endif  // SOFTWARE_UPDATE_TESTING_FLASH_CHECK_H_

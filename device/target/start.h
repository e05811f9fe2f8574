// The deepest stack of a test program.

#ifndef SOFTWARE_UPDATE_TARGET_START_H_
#define SOFTWARE_UPDATE_TARGET_START_H_

#include <stddef.h>

namespace software_update {
namespace target {

// Returns the most bytes of stack that the program has used since it started. The start-up code
// fills the stack with a pattern, and this function counts the bytes that have lost it.
size_t deepest_stack();

}  // namespace target
}  // namespace software_update

#endif  // SOFTWARE_UPDATE_TARGET_START_H_

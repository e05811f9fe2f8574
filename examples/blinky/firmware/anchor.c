// The anchor: the root metadata with which every verification on this device starts. It is part of
// the bootloader, in ROM, where no update and no factory reset changes it.
#include "anchor.h"

__asm__(
    ".section .rodata.anchor, \"a\"\n"
    ".global anchor, anchor_end\n"
    "anchor:\n"
    ".incbin \"" ANCHOR_FILE
    "\"\n"
    "anchor_end:\n"
    ".balign 4\n"
    ".previous\n");

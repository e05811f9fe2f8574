// The anchor's bytes, from anchor.c.
#pragma once

#include <stdint.h>

extern const uint8_t anchor[], anchor_end[];

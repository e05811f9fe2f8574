"""The clocks of a real machine, and its randomness: the Clock of `system`."""

import os
import time

_BOOT_ID = "/proc/sys/kernel/random/boot_id"
_RANDOM_BITS = 53


class MachineClock:
    """See `system.Clock`."""

    def now(self) -> int:
        """See `system.Clock.now`."""
        return int(time.time())

    def local_minute(self) -> int:
        """See `system.Clock.local_minute`."""
        local = time.localtime()
        return local.tm_hour * 60 + local.tm_min

    def since_boot(self) -> float:
        """See `system.Clock.since_boot`."""
        return time.clock_gettime(time.CLOCK_BOOTTIME)

    def boot_id(self) -> str:
        """See `system.Clock.boot_id`."""
        with open(_BOOT_ID, encoding="ascii") as file:
            return file.read().strip()

    def random(self) -> float:
        """See `system.Clock.random`."""
        number: int = int.from_bytes(os.urandom(7), "big") >> (56 - _RANDOM_BITS)
        return number / (1 << _RANDOM_BITS)

    def random_bytes(self, length: int) -> bytes:
        """See `system.Clock.random_bytes`."""
        return os.urandom(length)

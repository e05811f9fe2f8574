"""`unshare --net python3 without_network.py COMMAND...`: runs COMMAND where only the loopback is."""

from __future__ import annotations

import fcntl
import os
import socket
import struct
import sys

SIOCGIFFLAGS = 0x8913
SIOCSIFFLAGS = 0x8914
IFF_UP = 1


def raise_loopback() -> None:
    """A new network namespace has its loopback down, and Bazel's client and server talk over it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        request = struct.pack("16sH22x", b"lo", 0)
        (flags,) = struct.unpack_from("16xH", fcntl.ioctl(control, SIOCGIFFLAGS, request))
        fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sH22x", b"lo", flags | IFF_UP))


def main(command: list[str]) -> None:
    """Becomes `command`, or ends if there is a network after all."""
    interfaces = [name for _, name in socket.if_nameindex()]
    if interfaces != ["lo"]:
        sys.exit(f"without_network: there are network interfaces here: {' '.join(interfaces)}")
    raise_loopback()
    os.execvp(command[0], command)


if __name__ == "__main__":
    main(sys.argv[1:])

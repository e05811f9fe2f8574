"""The scenarios: devices that differ, and what a person and the world do."""

from software_update.client.simulator.changes import SECTOR
from software_update.client.state import Reply, Staging

from tests.crashes.device import FOLDER, OFFERED, OLD, OTHER, Device
from tests.crashes.repository import Publication


def _decline(release: str) -> Reply:
    del release
    return Reply.NO


def _only_the_first(release: str) -> Reply:
    return Reply.YES if release == OFFERED.digest else Reply.NO


_ALTERED = bytearray(OFFERED.bundle)
_ALTERED[-SECTOR] ^= 1


def published(version: int, *, halted: bool = False) -> Publication:
    """Returns a repository with the offered release."""
    return Publication(version, OFFERED.number, OFFERED.digest, OFFERED.bundle, halted)


# Too long for the default tests: `million_test` has them.
RECOVERIES = ("golden bundle below the floor", "golden bundle for damaged slots")

# Each device, and the numbers of the releases that may run in the end.
SCENARIOS = {
    "stream into a raw slot": (Device(), {3}),
    "stream into a folder": (Device(folders=True), {3}),
    "store first": (Device(staging=Staging.STORE), {3}),
    "download into a raw slot": (Device(downloads=True), {3}),
    "download into a folder": (Device(downloads=True, folders=True), {3}),
    "one copy of environment": (Device(copies=1), {3}),
    "not provisioned": (Device(provisioned=False, other_slot=False), {3}),
    "new device with a repository": (
        Device(published=(published(1),), provisioned=False, other_slot=False),
        {3},
    ),
    "halted later": (Device(published=(published(1), published(2, halted=True))), {2, 3}),
    # A server that withholds the halt finds that the device has seen it, whatever is left of the cache.
    "halt withheld later": (Device(published=(published(2, halted=True), published(1))), {2, 3}),
    "declined": (Device(reply=_decline), {2}),
    "another release later": (
        Device(later=OTHER.bundle, checks_first=True, reply=_only_the_first),
        {2, 3},
    ),
    "another download later": (
        Device(downloads=True, folders=True, later=OTHER.bundle),
        {3, 4},
    ),
    "altered download": (Device(bundle=bytes(_ALTERED), altered=True, downloads=True), {2}),
    "altered payload": (Device(bundle=bytes(_ALTERED), altered=True), {2}),
    "golden bundle below the floor": (Device(golden=OLD, other_slot=False), {1}),
    "golden bundle for damaged slots": (Device(golden=OFFERED, damaged=True), {3}),
    "full": (Device(room=0), {2, 3}),
    "nearly full, with folders": (Device(room=700, folders=True), {2, 3}),
    "nearly full, store first": (Device(room=700, staging=Staging.STORE), {2, 3}),
    "read-only state": (Device(read_only=(FOLDER,)), {3}),
    "read-only slot": (Device(read_only=("/dev/b",)), {2, 3}),
    "bad sector": (Device(bad_sectors=(("/dev/b", 2),)), {2, 3}),
}

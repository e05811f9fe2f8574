"""The releases of a channel as devices have them, read from the first parts of their bundles.

So the publisher knows, without the bundles, what devices do with a new one, and it can verify a personalized
bundle as its devices will.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from software_update.base.errors import InputError
from software_update.bundle.envelope import Payload
from software_update.bundle.head import read_head
from software_update.format import metadata
from software_update.format.catalog import CatalogEntry, parse_entry
from software_update.format.metadata import Installed
from software_update.format.release_manifest import parse_release
from software_update.format.verdicts import Refused
from software_update.keys.schemes import DEFAULT_SCHEMES, Schemes
from software_update.repository.current import Readable
from software_update.repository.first_part import FirstPart
from software_update.repository.names import target_name
from software_update.verify.fleet import KeptRelease, Prediction, predict
from software_update.verify.roots import trust_root


def read_kept(
    storage: Readable, path: str, target: Any, schemes: Schemes = DEFAULT_SCHEMES
) -> KeptRelease:
    """Returns the release of a full bundle in the storage. It reads its first part only.

    `target` is its target file in TUF's metadata. Raises InputError if it is not the bundle that the
    repository lists.
    """
    entry = parse_entry(target.custom, path)
    name = target_name(path, target.hashes["sha256"])
    where = f"{storage.describe()}: {name}"
    try:
        with storage.open(name) as stream:
            first = stream.read(entry.first_part)
        head = read_head(FirstPart(first, target.length), entry.first_part)
        _, targets = metadata.parse_signed_targets(head.envelope.targets or b"")
        user_manifest = head.user_manifest
        release = parse_release(user_manifest or b"")
        root = trust_root(head.envelope.root or b"", schemes)
    except FileNotFoundError:
        raise InputError(f"{where}: is missing; restore it, or withdraw the release") from None
    except Refused as refused:
        raise InputError(f"{where}: is not a bundle that devices accept ({refused})") from None
    if hashlib.sha256(targets.serialized).hexdigest() != entry.release:
        raise InputError(f"{where}: is another release than the repository lists; restore it")
    return KeptRelease(Installed(targets, user_manifest, release, root.id), root)


def fleet_of(
    storage: Readable, targets: Mapping[str, Any], schemes: Schemes = DEFAULT_SCHEMES
) -> list[KeptRelease]:
    """Returns the releases of a channel's full bundles, the oldest first."""
    entries = {path: parse_entry(each.custom, path) for path, each in targets.items()}
    full = [path for path, entry in entries.items() if not entry.base]
    full.sort(key=lambda path: (entries[path].counter, path))
    return [read_kept(storage, path, targets[path], schemes) for path in full]


def hardware_ids_of(kept: Iterable[KeptRelease], new: CatalogEntry) -> list[str]:
    """Returns the hardware ids that these releases name, sorted."""
    found = set(new.hardware_ids)
    for each in kept:
        found.update(each.release.release.hardware_ids if each.release.release else ())
    return sorted(found)


def predictions(
    fd: int, new: CatalogEntry, kept: Sequence[KeptRelease], payloads: list[Payload], at: int
) -> list[Prediction]:
    """Returns what devices do with the bundle file `fd`: with each kept release, on each hardware.

    `payloads` are the payloads of the file with their digests. `at` is the time in seconds since 1970.
    """
    return list(predict(fd, kept, hardware_ids_of(kept, new), at, payloads))

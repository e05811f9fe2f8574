"""Makes the disk image of a device that has never started, and the report about it.

report = create_image("factory.img", request)

The image appears whole or not at all. Its bytes depend only on the content of the inputs and on the versions
of the programs that make file systems. Memory does not grow with the payloads.
"""

import hashlib
import os
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from software_update.base import files
from software_update.base.errors import InputError, UsageError, printable, shown
from software_update.base.trees import scratch_folder
from software_update.bundle.reader import read_envelope
from software_update.client.config import Config, DomainConfig, parse_config
from software_update.client.config_safety import checked_files, unsafe_files
from software_update.client.shell.files import MachineFile, MachineStorage
from software_update.client.state import Installed
from software_update.client.stored_bundle import StoredBundle
from software_update.client.system import File, Storage
from software_update.format.verdicts import Refused
from software_update.provisioning.filesystems import make_filesystem
from software_update.provisioning.gpt import Placed, place, tables
from software_update.provisioning.layout import parse_layout
from software_update.provisioning.programs import Programs, find_programs, versions
from software_update.provisioning.state import Provisioned, Shipped, provision
from software_update.provisioning.storage import ImageStorage
from software_update.signing.dev_keys import check_no_dev_keys
from software_update.verify.roots import trust_root
from software_update.verify.trust_files import parse_trusted_root, read_root_file

SCHEMA = "software_update.device_image.v1"

_MAX_CONFIG_BYTES = 1 << 20
# FAT has no earlier time.
_EARLIEST = 315_532_800
_CHUNK_BYTES = 1 << 20
# A file that begins so becomes executable. Modes of inputs differ between build systems.
_PROGRAM = (b"#!", b"\x7fELF")


@dataclass(frozen=True, slots=True)
class Request:
    """The inputs of an image; all are paths.

    `domain` is the trust domain of the release, None for the only one; `slot` gets its targets, None for the
    first. `other_roots` are roots by domain. `places` are by target, and `files` are by path: PARTITION or
    PARTITION:/PATH. `dev_keys` are identities of development keys that no root may list, None if there is no
    such rule. `programs` are paths by name, None for those on the PATH.
    """

    bundle: str
    trusted_root: str
    layout: str
    configuration: str
    domain: str | None = None
    slot: str | None = None
    other_roots: Mapping[str, str] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    dev_keys: Mapping[bytes, str] | None = None
    programs: Mapping[str, str] | None = None

    def inputs(self) -> list[str]:
        """Returns the paths of all files."""
        named = [self.bundle, self.trusted_root, self.layout, self.configuration]
        return [*named, *self.other_roots.values(), *self.files.values()]


def create_image(output: str, request: Request) -> dict[str, Any]:
    """Writes the image, and returns the report (`software_update.device_image.v1`).

    Raises state.Rejected for a release that the device refuses, InputError and UsageError.
    """
    config = _read_config(request.configuration)
    domain = _domain_of(config, request.domain)
    slot = request.slot or domain.slots[0]
    content = files.read_input(request.layout, _MAX_CONFIG_BYTES)
    layout = parse_layout(request.layout, content)
    anchors = _read_anchors(request, config, domain)
    found = find_programs((each.filesystem for each in layout.partitions), request.programs)
    with ExitStack() as stack:
        image = stack.enter_context(files.new_output(output, inputs=request.inputs()))
        scratch = stack.enter_context(scratch_folder(output))
        staging, spool = (os.path.join(scratch, each) for each in ("filesystems", "spool"))
        os.mkdir(staging)
        os.mkdir(spool)
        disk = place(layout, _seed(config, content))
        os.ftruncate(image, disk.size)
        storage = ImageStorage(disk, image, staging, output)
        copied = _copy_files(storage, request.files)
        _copy_anchors(storage, config, anchors)
        copied = [*copied, *_copy_golden(storage, domain, request)]
        _check_config(storage, config, request)
        bundle = stack.enter_context(files.open_input(request.bundle))
        if request.dev_keys is not None:
            _check_no_dev_keys(request, anchors, bundle)
        shipped = Shipped(
            domain.name,
            slot,
            StoredBundle(MachineFile(bundle, request.bundle)),
            request.bundle,
            {target: storage.path_of(each) for target, each in request.places.items()},
            domain.golden,
        )
        provisioned = provision(storage, config, anchors, shipped, MachineStorage(), spool)
        programs = Programs(found, image, staging, max(config.built, _EARLIEST))
        for each in disk.partitions:
            if each.partition.filesystem != "none":
                make_filesystem(each, programs)
        for offset, table in tables(disk):
            os.pwrite(image, table, offset)
        return {
            "schema": SCHEMA,
            "size": disk.size,
            "sha256": _sha256(image, 0, disk.size),
            "guid": disk.guid,
            "partitions": [_partition(each, image) for each in disk.partitions],
            "vendor": config.vendor,
            "hardware_id": config.hardware_id,
            "domains": [
                _domain_document(each, anchors[each.name], provisioned) for each in config.domains
            ],
            "targets": _targets(shipped, provisioned),
            "files": sorted(copied, key=lambda each: each["place"]),
            "not_in_image": [
                each
                for each in checked_files(config, request.configuration)
                if each != request.configuration and storage.place(each) is None
            ],
            "programs": versions(programs),
        }


def _read_config(path: str) -> Config:
    content = files.read_input(path, _MAX_CONFIG_BYTES)
    try:
        return parse_config(content.decode(), path)
    except UnicodeDecodeError:
        raise InputError(f"{path}: is not UTF-8; convert it") from None


def _domain_of(config: Config, name: str | None) -> DomainConfig:
    names = [each.name for each in config.domains]
    if name is None and len(names) > 1:
        raise UsageError(f"--domain: name one of the domains {', '.join(names)}")
    for each in config.domains:
        if name in (None, each.name):
            return each
    raise UsageError(f"--domain: the configuration has no domain '{shown(str(name))}'")


def _read_anchors(request: Request, config: Config, domain: DomainConfig) -> dict[str, bytes]:
    """Returns the root of each domain. Raises UsageError if one is missing or has no domain."""
    names = {each.name for each in config.domains}
    for name in request.other_roots:
        if name not in names - {domain.name}:
            raise UsageError(
                f"--other-root: the configuration has no other domain '{shown(name)}'; remove it"
            )
    anchors = {}
    for name in sorted(names):
        path = request.trusted_root if name == domain.name else request.other_roots.get(name)
        if path is None:
            raise UsageError(f"--other-root: write {name}=FILE, the root of this domain")
        anchors[name] = read_root_file(path)
        parse_trusted_root(path, anchors[name])
    return anchors


def _seed(config: Config, layout: bytes) -> bytes:
    """Returns the bytes that decide GUIDs: those of the device and its layout, and not of the release."""
    known = f"{config.vendor}\0{config.hardware_id or ''}\0".encode()
    return hashlib.sha256(known + layout).digest()


def _copy_files(storage: ImageStorage, named: Mapping[str, str]) -> list[dict[str, Any]]:
    """Copies files to their places. Returns the list for the report."""
    copied = []
    for target, source in sorted(named.items()):
        path = storage.path_of(target)
        file = _new_file(storage, path, target)
        with files.open_input(source) as fd:
            length = os.fstat(fd).st_size
            if length > file.size() and ":" not in target:
                raise InputError(
                    f"{source}: has {length} bytes, and partition {target} has {file.size()}; enlarge it"
                )
            digest, offset = hashlib.sha256(), 0
            if os.pread(fd, len(_PROGRAM[1]), 0).startswith(_PROGRAM):
                storage.make_executable(path)
            for chunk in files.read_range(fd, 0, length, _CHUNK_BYTES):
                digest.update(chunk)
                file.write(offset, chunk)
                offset += len(chunk)
        file.close()
        copied.append({"place": target, "length": length, "sha256": digest.hexdigest()})
    return copied


def _new_file(storage: Storage, path: str, shown_path: str) -> File:
    """Opens a place that nothing has. Raises InputError if a file or a folder has it."""
    try:
        if path.count("/") and not storage.exists(path):
            storage.make_folder(os.path.dirname(path))
        return storage.open_to_write(path)
    except (FileExistsError, IsADirectoryError, NotADirectoryError):
        raise InputError(
            f"{printable(shown_path)}: is a folder and a file in one image; correct the places"
        ) from None


def _copy_anchors(storage: ImageStorage, config: Config, anchors: Mapping[str, bytes]) -> None:
    """Writes each root to its path in the configuration, if a partition of the image has it."""
    for each in config.domains:
        if storage.place(each.root) is None:
            continue
        if not storage.exists(each.root):
            storage.make_folder(os.path.dirname(each.root))
            file = storage.open_to_write(each.root)
            file.write(0, anchors[each.name])
            file.close()
            continue
        file = storage.open(each.root)
        same = file.read(0, file.size()) == anchors[each.name]
        file.close()
        if not same:
            raise InputError(
                f"{each.root}: the file for this path is not the root of domain '{each.name}'; remove "
                "it from the files, and the image gets the root"
            )


def _copy_golden(
    storage: ImageStorage, domain: DomainConfig, request: Request
) -> list[dict[str, Any]]:
    """Copies the bundle to the path of the golden bundle, if a partition has it and no file is there."""
    place_ = storage.place(domain.golden) if domain.golden else None
    if domain.golden is None or place_ is None or storage.exists(domain.golden):
        return []
    return _copy_files(storage, {place_: request.bundle})


def _check_config(storage: ImageStorage, config: Config, request: Request) -> None:
    """Raises InputError for a configuration with which the client would not start on the device."""
    if storage.place(config.state) is None:
        raise InputError(
            f"{request.configuration}: state: {config.state} is on no partition of {request.layout}; "
            "set the mount of one"
        )
    problems = [
        each
        for each in unsafe_files(storage, config, request.configuration)
        if not each.startswith(f"{request.configuration}: ")
    ]
    if problems:
        raise InputError(problems[0])


def _check_no_dev_keys(request: Request, anchors: Mapping[str, bytes], bundle: int) -> None:
    """Raises InputError if anyone can sign under a root of the device or of the bundle."""
    assert request.dev_keys is not None
    paths = {**request.other_roots}
    for name, content in anchors.items():
        path = paths.get(name, request.trusted_root)
        check_no_dev_keys(path, trust_root(content), request.dev_keys)
    try:
        envelope = read_envelope(bundle)
        chain = [each for each in (*envelope.root_chain, envelope.root) if each is not None]
        roots = [trust_root(each) for each in chain]
    except Refused as refused:
        raise refused.about("", printable(request.bundle)) from None
    for root in roots:
        check_no_dev_keys(request.bundle, root, request.dev_keys)


# The report.


def _sha256(fd: int, offset: int, length: int) -> str:
    digest = hashlib.sha256()
    for chunk in files.read_range(fd, offset, length, _CHUNK_BYTES):
        digest.update(chunk)
    return digest.hexdigest()


def _partition(placed: Placed, image: int) -> dict[str, Any]:
    partition = placed.partition
    return {
        "name": partition.name,
        "type": partition.type,
        "guid": placed.guid,
        "offset": placed.offset,
        "size": partition.size,
        "filesystem": partition.filesystem,
        "mount": partition.mount,
        "sha256": _sha256(image, placed.offset, partition.size),
    }


def _domain_document(
    domain: DomainConfig, anchor: bytes, provisioned: Provisioned
) -> dict[str, Any]:
    state = provisioned.domains[domain.name]
    return {
        "name": domain.name,
        "slots": list(domain.slots),
        "running": state.running,
        "floor": _release(state.floor),
        "preset": state.preset,
        "root": {
            "path": domain.root,
            "sha256": hashlib.sha256(anchor).hexdigest(),
            "version": provisioned.root_versions[domain.name],
        },
        "powers": _listed(domain.grant.powers),
        "areas": _listed(domain.grant.areas),
        "log": domain.disclosure.log,
        "log_policy": domain.disclosure.log_policy,
    }


def _listed(names: Sequence[str] | None) -> list[str] | None:
    return None if names is None else list(names)


def _release(installed: Installed | None) -> dict[str, Any] | None:
    if installed is None:
        return None
    return {
        "release": installed.release,
        "version": installed.version,
        "counter": installed.counter,
        "targets_version": installed.targets_version,
    }


def _targets(shipped: Shipped, provisioned: Provisioned) -> list[dict[str, Any]]:
    return [
        {
            "domain": shipped.domain,
            "name": each.name,
            "slot": shipped.slot,
            "length": each.length,
            "sha256": each.sha256.hex(),
        }
        for each in provisioned.targets
    ]

"""The bundles that are mutated, made by the command line, and the devices that accept them."""

import dataclasses
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from software_update.format.release_manifest import ReleaseManifest, build_release
from software_update.testing import encode as e
from software_update.testing.command import done
from software_update.testing.signers import (
    ROOT_KEY,
    ROOT_KEY_2,
    ROOT_KEY_3,
    STRANGER,
    TARGETS_KEY,
    TARGETS_KEY_2,
    TARGETS_KEY_3,
    private_pem,
)

PAGE = 4096


@dataclasses.dataclass(frozen=True)
class Subject:
    """A good bundle, and what the device that accepts it knows. `installed` is a Manifest."""

    bundle: bytes
    trusted: bytes
    installed: bytes | None = None
    hardware_id: str | None = None
    at: int | None = None


def create(
    contents: Mapping[str, bytes], root: bytes, signers: Sequence[int], chain: Sequence[bytes] = ()
) -> bytes:
    """`bundle create`, version 7, expiring in 2036."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "root.pb").write_bytes(root)
        args = ["--version=7", "--expires=2036-01-01T00:00:00Z", f"--root={folder}/root.pb"]
        for index, link in enumerate(chain):
            (folder / f"{index}.root.pb").write_bytes(link)
            args.append(f"--root-chain={folder}/{index}.root.pb")
        for signer in signers:
            (folder / f"{signer}.pem").write_bytes(private_pem(signer))
            args.append(f"--dev-signing-key={folder}/{signer}.pem")
        for index, (target, content) in enumerate(contents.items()):
            (folder / f"{index}.bin").write_bytes(content)
            if target == "user_manifest":
                args.append(f"--user-manifest={folder}/{index}.bin")
            else:
                args += ["--target", f"{target}={folder}/{index}.bin"]
        done("bundle", "create", *args, f"--output={folder}/out.bundle")
        return (folder / "out.bundle").read_bytes()


def one_target() -> Subject:
    """The smallest, for a device that knows nothing but its root."""
    trusted = e.signed(e.root(), ROOT_KEY)
    return Subject(create({"app": content(2 * PAGE + 7)}, trusted, [TARGETS_KEY]), trusted)


def many_targets() -> Subject:
    """Nine targets: an empty one, and one of many pages."""
    trusted = e.signed(e.root(), ROOT_KEY)
    contents = {f"images/{number}": content(number) for number in range(8)}
    contents["app"] = content(3 * PAGE + 1)
    return Subject(create(contents, trusted, [TARGETS_KEY]), trusted, at=1_900_000_000)


def installed() -> Subject:
    """A personalized release with a release manifest, for a device that knows all of itself."""
    trusted = e.signed(e.root(), ROOT_KEY)
    old = build_release(ReleaseManifest("lamp", "1.0", counter=3))
    new = build_release(
        ReleaseManifest("lamp", "2.0", counter=4, hardware_ids=("lamp-1",), minimum_counter=2)
    )
    contents = {"app": content(PAGE), "boot": content(50), "user_manifest": new}
    manifest = e.manifest(e.targets(contents | {"app": b"old", "user_manifest": old}, 6), old)
    whole = create(contents, trusted, [TARGETS_KEY])
    bundle = whole.replace(e.payload("boot", contents["boot"]), b"")
    assert len(bundle) < len(whole)
    return Subject(bundle, trusted, manifest, "lamp-1", 1_900_000_000)


def roots() -> list[bytes]:
    """Roots 1 to 4: new root keys twice, and once new targets keys."""
    return [
        e.signed(e.root(1, [ROOT_KEY], [TARGETS_KEY]), ROOT_KEY),
        e.signed(e.root(2, [ROOT_KEY_2], [TARGETS_KEY]), ROOT_KEY, ROOT_KEY_2),
        e.signed(e.root(3, [ROOT_KEY_3], [TARGETS_KEY]), ROOT_KEY_2, ROOT_KEY_3),
        e.signed(e.root(4, [ROOT_KEY_3], [TARGETS_KEY_2]), ROOT_KEY_3),
    ]


def with_chain(device_has: int) -> Subject:
    """A bundle with roots 2 and 3 in its chain and root 4, for a device that has one of them."""
    *older, newest = roots()
    bundle = create({"app": content(PAGE)}, newest, [TARGETS_KEY_2], older[1:])
    return Subject(bundle, older[device_has - 1])


def two_of_three() -> Subject:
    """Two of three keys are needed in each role; the new root has two signatures, its targets three.

    The new root allows the target and no other.
    """
    root_keys = [ROOT_KEY, ROOT_KEY_2, ROOT_KEY_3]
    targets_keys = [TARGETS_KEY, TARGETS_KEY_2, TARGETS_KEY_3]
    trusted = e.signed(e.root(1, root_keys, targets_keys, 2, 2), *root_keys)
    moved = e.root(2, [ROOT_KEY, ROOT_KEY_3, STRANGER], targets_keys, 2, 2)
    moved += e.text(254, "app")
    root = e.signed(moved, ROOT_KEY, ROOT_KEY_3)
    return Subject(create({"app": content(PAGE)}, root, targets_keys), trusted)


def content(length: int) -> bytes:
    """Bytes that look like no others."""
    return bytes(index * 37 % 251 for index in range(length))


ALL: dict[str, Callable[[], Subject]] = {
    "one_target": one_target,
    "many_targets": many_targets,
    "installed": installed,
    "chain": lambda: with_chain(1),
    "late_in_the_chain": lambda: with_chain(3),
    "two_of_three": two_of_three,
}

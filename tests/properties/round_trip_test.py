"""Tests that verify accepts a created bundle and extract gives its payloads, if a device can trust it."""

import dataclasses
import json
import string
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from software_update.format.names import USER_MANIFEST, clash
from software_update.format.verdicts import Verdict
from software_update.testing import encode as e
from software_update.testing.command import call, done
from software_update.testing.signers import (
    ROOT_KEY,
    ROOT_KEY_2,
    ROOT_KEY_3,
    STRANGER,
    TARGETS_KEY,
    TARGETS_KEY_2,
    TARGETS_KEY_3,
    write_keys,
)

# Derandomized, and without a deadline: the same examples in every run, however slow the machine is.
EXAMPLES = settings(max_examples=60, deadline=None, derandomize=True)
ROOT_KEYS = (ROOT_KEY, ROOT_KEY_2, ROOT_KEY_3)
TARGETS_KEYS = (TARGETS_KEY, TARGETS_KEY_2, TARGETS_KEY_3)

part = st.text(string.ascii_letters + string.digits + "._+-", min_size=1, max_size=12)
name = (
    st.lists(part.filter(lambda each: each not in (".", "..")), min_size=1, max_size=3)
    .map("/".join)
    .filter(lambda each: each.lower() != USER_MANIFEST)
)
# Around the sizes at which lengths take a byte more, and beyond what is hashed at once.
content = st.binary(max_size=300) | st.sampled_from([16_383, 16_384, 600_000]).map(bytes)


@dataclasses.dataclass(frozen=True)
class Product:
    """Something to release: targets, the fields of its metadata, and the numbers of keys of its roles."""

    contents: dict[str, bytes]
    user_manifest: bytes | None
    version: int
    expires: bool
    root_keys: int
    root_threshold: int
    targets_keys: int
    targets_threshold: int
    older_roots: int


@st.composite
def products(draw: st.DrawFn) -> Product:
    contents = draw(st.dictionaries(name, content, min_size=1, max_size=6))
    # A folder cannot replace a file.
    parents = {parent for each in contents for parent in map(str, Path(each.lower()).parents)}
    kept = {each: contents[each] for each in contents if each.lower() not in parents}
    while twice := clash(kept):
        del kept[twice[1]]
    root_keys, targets_keys = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    return Product(
        kept,
        draw(st.none() | content),
        draw(st.integers(1, 2**32 - 1)),
        draw(st.booleans()),
        root_keys,
        draw(st.integers(1, root_keys)),
        targets_keys,
        draw(st.integers(1, targets_keys)),
        draw(st.integers(0, 3)),
    )


def make(product: Product, folder: Path) -> None:
    """Writes FOLDER/out.bundle, and the root that the device has as trusted.pb."""
    numbers = {f"key{each}": each for each in (*ROOT_KEYS, *TARGETS_KEYS)}
    write_keys(folder, **numbers)
    root_keys = ROOT_KEYS[: product.root_keys]
    targets_keys = TARGETS_KEYS[: product.targets_keys]
    roots = []
    for version in range(1, product.older_roots + 2):
        path = folder / f"{version}.root.pb"
        keys = [f"--root-key={folder}/key{each}.pem.pub" for each in root_keys]
        keys += [f"--targets-key={folder}/key{each}.pem.pub" for each in targets_keys]
        keys.append(f"--root-threshold={product.root_threshold}")
        keys.append(f"--targets-threshold={product.targets_threshold}")
        done("root", "create", f"--version={version}", *keys, f"--output={path}")
        for each in root_keys[: product.root_threshold]:
            done("root", "sign", path, f"--dev-signing-key={folder}/key{each}.pem")
        roots.append(path)
    (folder / "trusted.pb").write_bytes(roots[0].read_bytes())
    args = [f"--version={product.version}", f"--root={roots[-1]}"]
    args += [f"--root-chain={path}" for path in roots[1:-1]]
    args += ["--expires=2036-01-01T00:00:00Z"] * product.expires
    signers = targets_keys[: product.targets_threshold]
    args += [f"--dev-signing-key={folder}/key{each}.pem" for each in signers]
    for index, (target, data) in enumerate(product.contents.items()):
        (folder / f"{index}.bin").write_bytes(data)
        args.append(f"--target={target}={folder}/{index}.bin")
    if product.user_manifest is not None:
        (folder / "user.bin").write_bytes(product.user_manifest)
        args.append(f"--user-manifest={folder}/user.bin")
    done("bundle", "create", *args, f"--output={folder}/out.bundle")


@EXAMPLES
@given(products())
def test_create_verify_extract_round_trip(product: Product) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make(product, folder)
        bundle, trusted = folder / "out.bundle", f"--trusted-root={folder}/trusted.pb"

        report = json.loads(done("bundle", "verify", bundle, trusted, "--json").out)
        expected = dict(product.contents)
        if product.user_manifest is not None:
            expected[USER_MANIFEST] = product.user_manifest
        assert report["verdict"] == Verdict.ACCEPT
        assert report["targets_version"] == product.version
        assert report["root_version"] == product.older_roots + 1
        assert report["targets"] == len(expected)
        assert len(report["signers"]) == product.targets_threshold

        done("bundle", "extract", bundle, f"--output={folder}/extracted")
        extracted = folder / "extracted"
        files = [path for path in extracted.rglob("*") if path.is_file()]
        assert {
            path.relative_to(extracted).as_posix(): path.read_bytes() for path in files
        } == expected


@settings(EXAMPLES, max_examples=20)
@given(products())
def test_a_device_with_other_roots_refuses(product: Product) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make(product, folder)
        others = e.signed(e.root(1, [STRANGER], [STRANGER + 1]), STRANGER)
        (folder / "other.pb").write_bytes(others)
        trusted = f"--trusted-root={folder}/other.pb"
        verdict = call("bundle", "verify", folder / "out.bundle", trusted, "--json")
        assert verdict.status == 1
        assert json.loads(verdict.out)["verdict"] == Verdict.THRESHOLD_NOT_MET


@settings(EXAMPLES, max_examples=20)
@given(products())
def test_the_same_bytes_each_time(product: Product) -> None:
    bundles = set()
    for _ in range(2):
        with tempfile.TemporaryDirectory() as name:
            make(product, Path(name))
            bundles.add((Path(name) / "out.bundle").read_bytes())
    assert len(bundles) == 1

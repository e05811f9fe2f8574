"""Pigweed's tools accept what our command line makes, and ours what theirs make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.interop.judges import ours, pigweed, pigweed_accepts, pigweed_makes, tampered


@dataclass(frozen=True)
class Product:
    """A folder with keys and two artifacts in it."""

    folder: Path

    def file(self, name: str) -> Path:
        return self.folder / name

    def key(self, name: str) -> Path:
        """A private key; its public one is next to it."""
        path = self.file(name)
        if not path.exists():
            assert ours("key", "generate", path) == 0
        return path

    def public(self, name: str) -> Path:
        return self.key(name).with_name(f"{name}.pub")

    def root(
        self,
        version: int,
        root_keys: Sequence[str] = ("root",),
        targets_keys: Sequence[str] = ("targets",),
        signed_by: Sequence[str] = ("root",),
        threshold: int = 1,
        *more: str,
    ) -> Path:
        path = self.file(f"root{version}.pb")
        arguments: list[str | Path] = ["root", "create", f"--version={version}", "-o", path]
        arguments += ["--root-key", *map(self.public, root_keys)]
        arguments += ["--targets-key", *map(self.public, targets_keys)]
        arguments += [f"--root-threshold={threshold}", f"--targets-threshold={threshold}"]
        assert ours(*arguments, *more) == 0
        assert ours("root", "sign", path, "--dev-signing-key", *map(self.key, signed_by)) == 0
        return path

    def bundle(
        self, root: Path, *more: str | Path, targets_keys: Sequence[str] = ("targets",)
    ) -> Path:
        path = self.file("our.bundle")
        arguments: list[str | Path] = [
            "bundle",
            "create",
            "--version=1",
            "--root",
            root,
            "-o",
            path,
        ]
        arguments += [f"--target=app={self.file('app.bin')}"]
        arguments += [f"--target=assets/logo.raw={self.file('logo.raw')}"]
        arguments += ["--dev-signing-key", *map(self.key, targets_keys)]
        assert ours(*arguments, *more) == 0
        return path

    def pigweed_root(self, version: int = 1) -> Path:
        path = self.file("pigweed_root.pb")
        keys = ("--root-key", self.public("root"), "--targets-key", self.public("targets"))
        pigweed_makes("root_metadata", "--version", str(version), *keys, "--out", path)
        pigweed_makes("dev_sign", "--root-metadata", path, "--key", self.key("root"))
        return path

    def pigweed_bundle(self, root: Path, version: int = 1) -> Path:
        path = self.file("pigweed.bundle")
        targets = [f"{self.file('app.bin')} > app", f"{self.file('logo.raw')} > assets/logo.raw"]
        arguments = ["--targets", *targets, "--targets-metadata-version", str(version)]
        arguments += ["--signed-root-metadata", str(root), "--out", str(path)]
        pigweed_makes("update_bundle", *arguments)
        pigweed_makes("dev_sign", "--bundle", path, "--key", self.key("targets"))
        return path


@pytest.fixture(name="product")
def product_fixture(tmp_path: Path) -> Product:
    (tmp_path / "app.bin").write_bytes(b"application\0" * 500)
    (tmp_path / "logo.raw").write_bytes(bytes(range(256)))
    return Product(tmp_path)


def we_accept(bundle: Path, root: Path) -> bool:
    return ours("bundle", "verify", bundle, "--trusted-root", root) == 0


# --- Pigweed judges ours ---


def test_our_bundle_is_accepted(product: Product) -> None:
    root = product.root(1)
    bundle = product.bundle(root)
    assert pigweed_accepts(bundle)
    assert pigweed_accepts(bundle, root)


def test_user_manifest_and_expiry_are_accepted(product: Product) -> None:
    root = product.root(1)
    manifest = product.file("release.json")
    manifest.write_text("{}\n")
    bundle = product.bundle(root, "--user-manifest", manifest, "--expires=2099-01-01T00:00:00Z")
    assert pigweed_accepts(bundle, root)
    assert "filename: user_manifest" in pigweed("cli", "inspect-bundle", bundle).stdout


def test_a_new_root_is_accepted(product: Product) -> None:
    old = product.root(1)
    new = product.root(2, ["root2"], ["targets2"], signed_by=["root", "root2"])
    bundle = product.bundle(new, targets_keys=["targets2"])
    assert pigweed_accepts(bundle, old)
    assert we_accept(bundle, old)


def test_pigweed_ignores_a_chain_of_roots(product: Product) -> None:
    first = product.root(1)
    second = product.root(2, ["root2"], signed_by=["root", "root2"])
    third = product.root(3, ["root3"], signed_by=["root2", "root3"])
    bundle = product.bundle(third, "--root-chain", second)
    assert pigweed_accepts(bundle, second)
    assert we_accept(bundle, second)
    # A device that slept through root 2: here the chain is what helps.
    assert we_accept(bundle, first)
    assert not we_accept(product.bundle(third), first)


def test_root_signed_by_older_keys_is_reached_in_one_jump(product: Product) -> None:
    """A request with --also-for asks root 1's key as well, and Pigweed goes from root 1 to root 3."""
    first = product.root(1)
    second = product.root(2, ["root2"], signed_by=["root", "root2"])
    third = product.root(3, ["root3"], signed_by=["root2", "root3"])
    assert not pigweed_accepts(product.bundle(third), first)
    earlier: list[str | Path] = ["--previous", second, "--also-for", first]
    request, signature = product.file("request"), product.file("signature.json")
    assert ours("root", "request", third, "-o", request, *earlier) == 0
    assert ours("sign", request, f"--key=file:{product.key('root')}", "-o", signature) == 0
    assert ours("root", "merge", third, "--signature", signature, *earlier) == 0
    bundle = product.bundle(third, "--root-chain", second)
    assert pigweed_accepts(bundle, first)
    assert pigweed_accepts(bundle, second)
    assert we_accept(bundle, first)
    assert we_accept(bundle, second)


def test_a_root_that_says_dev_keys_is_accepted(product: Product) -> None:
    """Pigweed skips what it does not know in signed bytes; from such a root to one without, too."""
    dev = product.root(1, ["root"], ["targets"], ["root"], 1, "--dev-keys")
    assert pigweed_accepts(product.bundle(dev), dev)
    bundle = product.bundle(product.root(2))
    assert pigweed_accepts(bundle, dev)
    assert we_accept(bundle, dev)


def test_a_root_with_allowed_targets_is_accepted(product: Product) -> None:
    """Pigweed skips the list; our verifier rejects a target that the list does not allow."""
    keys = (["root"], ["targets"], ["root"], 1)
    wide = product.root(1, *keys, "--allowed-target", "app", "assets/*")
    bundle = product.bundle(wide)
    assert pigweed_accepts(bundle, wide)
    assert we_accept(bundle, wide)
    assert ours("step", "persist", bundle, "-o", product.file("tree")) == 0
    narrow, signed = product.root(1, *keys, "--allowed-target", "app"), "tree/metadata/targets.pb"
    assemble: list[str | Path] = ["step", "assemble", "--root", narrow]
    assemble += ["--targets-metadata", product.file(signed)]
    assemble += [f"--target=app={product.file('app.bin')}"]
    assemble += [f"--target=assets/logo.raw={product.file('logo.raw')}"]
    assert ours(*assemble, "-o", bundle) == 0
    assert pigweed_accepts(bundle, narrow)
    assert not we_accept(bundle, narrow)


def test_manifest_without_the_fields_that_pigweed_skips(product: Product) -> None:
    """Fields 65 and 66 come last; Pigweed's part is the rest, and is an installed release for us too."""
    root = product.root(1)
    bundle = product.bundle(root)
    manifest, pigweeds = product.file("ours.installed.pb"), product.file("pigweeds.installed.pb")
    verify: list[str | Path] = ["bundle", "verify", bundle, f"--trusted-root={root}"]
    assert ours(*verify, f"--write-installed={manifest}") == 0
    pigweed_makes("manifest", manifest, pigweeds)
    version, sha256 = bytes([0x88, 4, 1]), bytes([0x92, 4, 32])
    end = manifest.read_bytes().removeprefix(pigweeds.read_bytes())
    assert (end[:6], len(end)) == (version + sha256, 6 + 32)
    for installed in (manifest, pigweeds):
        assert ours(*verify, f"--installed={installed}") == 0


def test_two_signatures_of_two_are_accepted(product: Product) -> None:
    root = product.root(1, ["r1", "r2"], ["t1", "t2"], signed_by=["r1", "r2"], threshold=2)
    assert pigweed_accepts(product.bundle(root, targets_keys=["t1", "t2"]), root)


def test_another_products_bundle_is_refused(product: Product, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    bundle = product.bundle(product.root(1))
    assert not pigweed_accepts(bundle, Product(tmp_path / "other").root(1))


def test_an_older_root_is_refused(product: Product) -> None:
    bundle = product.bundle(product.root(1))
    assert not pigweed_accepts(bundle, product.root(2))


def test_we_reject_every_bundle_that_pigweed_rejects(product: Product) -> None:
    root = product.root(1)
    bundle = product.bundle(root)
    refused = 0
    for offset, copy in tampered(bundle, product.folder, every=bundle.stat().st_size // 12):
        if not pigweed_accepts(copy, root):
            refused += 1
            assert not we_accept(copy, root), f"the byte at {offset}"
    assert refused >= 10


# --- we judge Pigweed's ---


def test_pigweeds_bundle_is_accepted(product: Product, tmp_path: Path) -> None:
    root = product.pigweed_root()
    bundle = product.pigweed_bundle(root)
    assert pigweed_accepts(bundle, root)
    assert we_accept(bundle, root)
    assert ours("bundle", "extract", bundle, "-o", tmp_path / "extracted") == 0
    for name, file in (("app", "app.bin"), ("assets/logo.raw", "logo.raw")):
        extracted = (tmp_path / "extracted" / name).read_bytes()
        assert extracted == product.file(file).read_bytes()


def test_pigweeds_changed_bundle_is_refused(product: Product) -> None:
    root = product.pigweed_root()
    bundle = product.pigweed_bundle(root)
    for offset, copy in tampered(bundle, product.folder, every=97):
        assert not we_accept(copy, root), f"the byte at {offset}"


def test_pigweeds_default_version_is_refused(
    product: Product, capfd: pytest.CaptureFixture[str]
) -> None:
    # 0, which its own C++ client takes for no version at all.
    root = product.pigweed_root()
    assert not we_accept(product.pigweed_bundle(root, version=0), root)
    assert "INVALID_VERSION" in capfd.readouterr().err


def test_a_key_from_either_serves_both(product: Product) -> None:
    for name in ("root", "targets"):
        pigweed_makes("keys", "--out", product.file(name))
    root = product.root(1)
    bundle = product.bundle(root)
    assert we_accept(bundle, root)
    assert pigweed_accepts(bundle, root)


def test_pigweed_signs_our_root(product: Product) -> None:
    root = product.root(1, ["r1", "r2"], signed_by=["r1"])
    pigweed_makes("dev_sign", "--root-metadata", root, "--key", product.key("r2"))
    bundle = product.bundle(root)
    assert we_accept(bundle, root)
    assert pigweed_accepts(bundle, root)


def test_we_sign_pigweeds_root(product: Product) -> None:
    root = product.file("root.pb")
    keys = ("--root-key", product.public("root"), "--targets-key", product.public("targets"))
    pigweed_makes("root_metadata", *keys, "--out", root)
    assert ours("root", "sign", root, "--dev-signing-key", product.key("root")) == 0
    bundle = product.bundle(root)
    assert pigweed_accepts(bundle, root)
    assert we_accept(bundle, root)


def test_pigweed_adds_a_signature_to_our_bundle(product: Product) -> None:
    root = product.root(1, targets_keys=["targets", "second"])
    bundle = product.bundle(root)
    pigweed_makes("dev_sign", "--bundle", bundle, "--key", product.key("second"))
    assert pigweed_accepts(bundle, root)
    assert we_accept(bundle, root)

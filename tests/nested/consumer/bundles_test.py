"""Tests of the bundles of a module that depends on this one."""

from __future__ import annotations

from pathlib import Path

from software_update.cli.main import main as software_update

from tests.nested.consumer.workspace import KEYS
from tests.nested.nested_bazel import Bazel

TESTS_FAILED = 3


def test_device_with_the_old_root_accepts_the_bundle(nested: Bazel) -> None:
    bundle = nested.output("product-update.bundle")
    root = nested.output("root_1.root.pb")
    verify = ["bundle", "verify", str(bundle), f"--trusted-root={root}"]
    assert software_update([*verify, "--at=2030-12-31T23:59:59Z"]) == 0
    assert software_update([*verify, "--at=2031-01-01T00:00:01Z"]) == 1


def test_bundle_tests_run(nested: Bazel) -> None:
    nested.succeeds("test", "//:device_test")
    done = nested.run("test", "//:wrong_test", "--test_output=errors")
    assert done.returncode == TESTS_FAILED, done.stderr
    said = "product-update.bundle: expected TARGETS_ROLLBACK, got ACCEPT"
    assert said in done.stdout + done.stderr


def test_three_spellings_give_the_same_bytes(nested: Bazel) -> None:
    names = ("product-update.bundle", "respelled.bundle", "version_in_file.bundle")
    assert len({nested.output(name).read_bytes() for name in names}) == 1


def test_the_command_line_gives_the_same_bytes(nested: Bazel, tmp_path: Path) -> None:
    sources, made = nested.workspace, tmp_path / "made.bundle"
    root = nested.output("root_2.root.pb")
    targets = {
        "app": sources / "app.txt",
        "assets/icons/on.raw": sources / "assets/icons/on.raw",
        "assets/logo.raw": sources / "assets/logo.raw",
        "bootloader": sources / "bootloader.txt",
        "texts/de/text": nested.output("texts/de/text"),
        "texts/text": nested.output("texts/text"),
    }
    create = ["bundle", "create", "--version=7", "--expires=2031-01-01T00:00:00Z"]
    create += [f"--target={name}={file}" for name, file in targets.items()]
    create += [f"--user-manifest={sources}/release.json", f"--root={root}", f"--output={made}"]
    create += [f"--dev-signing-key={sources}/{KEYS}_targets_key.pem"]
    assert software_update(create) == 0
    assert made.read_bytes() == nested.output("product-update.bundle").read_bytes()


def test_inspect_prints_the_content(nested: Bazel) -> None:
    printed = nested.succeeds("run", "//:product.inspect")
    for words in ("version 7", "2031-01-01T00:00:00Z", "assets/icons/on.raw", "texts/de/text"):
        assert words in printed

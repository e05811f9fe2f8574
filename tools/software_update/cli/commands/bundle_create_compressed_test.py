"""Tests of bundle create with compressed payloads."""

import json
from pathlib import Path

import pytest
import zstandard

from software_update.testing import workspace
from software_update.testing.command import done
from software_update.testing.workspace import APP, BOOT, check_fails, create_args, snapshot


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return workspace.make(tmp_path)


def inspected(bundle: Path) -> dict[str, dict[str, object]]:
    """Returns the targets of a bundle by name."""
    described = json.loads(done("bundle", "inspect", "--json", bundle).out)
    return {each["name"]: each for each in described["targets"]["targets"]}


def test_bundle_is_accepted_and_gives_the_originals(folder: Path) -> None:
    manifest = folder / "release.json"
    manifest.write_text("{}")
    done(*create_args(folder), "--compression=zstd", f"--user-manifest={manifest}")
    out = folder / "out.bundle"
    targets = inspected(out)
    assert targets["boot"]["compression"]["original_length"] == len(BOOT)  # type: ignore[index]
    assert "compression" not in targets["user_manifest"]
    root = f"--trusted-root={folder}/root.pb"
    done("bundle", "verify", root, out, f"--extract={folder}/verified")
    done("bundle", "extract", out, "-o", folder / "extracted")
    originals = {"app": APP, "boot": BOOT, "user_manifest": b"{}"}
    assert snapshot(folder / "verified") == snapshot(folder / "extracted") == originals


def test_sizes_are_shown(folder: Path) -> None:
    done(*create_args(folder), "--compression=zstd")
    lines = done("bundle", "inspect", folder / "out.bundle").out
    assert f"      zstd, original: {len(BOOT)} bytes\n      original sha256 " in lines


def test_one_target_differs_from_the_others(folder: Path) -> None:
    done(*create_args(folder), "--compression-of", "boot=zstd", "app=none")
    targets = inspected(folder / "out.bundle")
    assert [name for name, each in targets.items() if "compression" in each] == ["boot"]
    done(*create_args(folder), "--compression=zstd", "--compression-of=boot=none")
    targets = inspected(folder / "out.bundle")
    assert [name for name, each in targets.items() if "compression" in each] == ["app"]


def test_steps_make_the_same_bundle(folder: Path, tmp_path: Path) -> None:
    level = "--compression-level=3"
    done(*create_args(folder), "--compression=zstd", level)
    stored, records = [], []
    for name in ("app", "boot"):
        out, record = tmp_path / name, tmp_path / f"{name}.json"
        args = [f"--target={name}={folder}/{name}.bin", f"--output={record}", f"--payload={out}"]
        done("step", "compress", *args, level)
        stored.append(f"--target={name}={out}")
        records.append(f"--digests={record}")
    unsigned, signed = tmp_path / "unsigned.pb", tmp_path / "signed.pb"
    root, key = f"--root={folder}/root.pb", f"--dev-signing-key={folder}/targets.pem"
    done("step", "targets", *records, "--version=7", "-o", unsigned)
    done("step", "sign", f"--metadata={unsigned}", root, key, "-o", signed)
    steps = tmp_path / "steps.bundle"
    done("step", "assemble", root, f"--targets-metadata={signed}", *stored, "-o", steps)
    assert steps.read_bytes() == (folder / "out.bundle").read_bytes()


def test_pigweed_would_install_compressed_bytes(folder: Path) -> None:
    warned = done(*create_args(folder), "--compression=zstd").err
    assert "target 'app' and 1 more: compressed; Pigweed's client would install the" in warned
    args = [*create_args(folder), "--compression=zstd", "--strict-pigweed"]
    check_fails(folder, 2, "Pigweed's client would install the compressed bytes", *args)


@pytest.mark.parametrize(
    ("argument", "error"),
    [
        ("--compression=gzip", "invalid choice: 'gzip'"),
        ("--compression-of=app", "--compression-of 'app': write NAME=none or NAME=zstd"),
        ("--compression-of=App=zstd", "--compression-of 'App': not a target that can be compr"),
        ("--compression-of=user_manifest=zstd", "not a target that can be compressed"),
        ("--compression-level=20", "'20' is not a level"),
        (
            "--compression-level=3",
            "--compression-level: no target is compressed; add --compression",
        ),
    ],
)
def test_usage(folder: Path, argument: str, error: str) -> None:
    check_fails(folder, 2, error, *create_args(folder), argument)


def test_another_version_decompresses_and_does_not_compress(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done(*create_args(folder), "--compression=zstd")
    monkeypatch.setattr(zstandard, "__version__", "0.24.0")
    done("bundle", "verify", f"--trusted-root={folder}/root.pb", folder / "out.bundle")
    error = "zstandard 0.24.0 with zstd 1.5.7 compresses to other bytes than other builds; install"
    check_fails(folder, 3, error, *create_args(folder, "new.bundle"), "--compression=zstd")


def test_persisted_tree_has_the_stored_bytes(folder: Path) -> None:
    done(*create_args(folder), "--compression=zstd")
    done("step", "persist", folder / "out.bundle", "-o", folder / "tree")
    stored = (folder / "tree/targets/boot").stat().st_size
    assert stored == inspected(folder / "out.bundle")["boot"]["length"]

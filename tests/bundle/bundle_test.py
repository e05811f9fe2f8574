"""Bundles that Bazel has built: what is in them, and that the command line makes the same bytes."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from software_update.cli.main import main
from software_update.format import metadata

# Tests start in the folder of the main repository's runfiles.
HERE = Path("tests/bundle")
DEV_KEYS = Path("tools/dev_keys")
BUNDLE = HERE / "a product-7.bundle"

FILES = {
    "app": HERE / "app.bin",
    "assets/fonts/small.raw": HERE / "assets/fonts/small.raw",
    "assets/logo.raw": HERE / "assets/logo.raw",
    "more/assets/fonts/small.raw": HERE / "assets/fonts/small.raw",
    "more/assets/logo.raw": HERE / "assets/logo.raw",
    "tree/one.bin": HERE / "directory/one.bin",
    "tree/sub/two.bin": HERE / "directory/sub/two.bin",
}


def inspect(bundle: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    assert main(["bundle", "inspect", str(bundle), "--json"]) == 0
    described: dict[str, Any] = json.loads(capsys.readouterr().out)
    return described


def test_names_of_payloads(capsys: pytest.CaptureFixture[str]) -> None:
    payloads = inspect(BUNDLE, capsys)["payloads"]
    assert [each["name"] for each in payloads] == ["user_manifest", *sorted(FILES)]
    content = BUNDLE.read_bytes()
    for each in payloads:
        path = FILES.get(each["name"], HERE / "release.json")
        assert content[each["offset"] :][: each["length"]] == path.read_bytes()


def test_names_below_a_folder_and_at_the_top_level(capsys: pytest.CaptureFixture[str]) -> None:
    renamed = inspect(HERE / "renamed.bundle", capsys)["payloads"]
    names = ["fonts/small.raw", "images/small.raw", "logo.raw"]
    assert [each["name"] for each in renamed] == names
    at_the_top = inspect(HERE / "directory_at_the_top.bundle", capsys)["payloads"]
    assert [each["name"] for each in at_the_top] == ["one.bin", "sub/two.bin"]


def test_command_line_makes_the_same_bytes(tmp_path: Path) -> None:
    made = tmp_path / "made.bundle"
    arguments = ["bundle", "create", "--version=7", "--expires=2031-01-01T00:00:00Z"]
    arguments += [f"--target={name}={path}" for name, path in FILES.items()]
    arguments += [f"--user-manifest={HERE}/release.json"]
    arguments += [f"--root={DEV_KEYS}/dev_root.root.pb"]
    arguments += [f"--dev-signing-key={DEV_KEYS}/throwaway_dev_targets_key.pem"]
    assert main([*arguments, "-o", str(made)]) == 0
    assert made.read_bytes() == BUNDLE.read_bytes()


def test_command_line_makes_the_same_compressed_bytes(tmp_path: Path) -> None:
    made = tmp_path / "made.bundle"
    names = {name.replace("more/assets/", "plain/assets/"): path for name, path in FILES.items()}
    arguments = ["bundle", "create", "--version=7", "--compression=zstd", "--compression-level=3"]
    arguments += [f"--target={name}={path}" for name, path in names.items()]
    arguments += [f"--compression-of={name}=none" for name in names if name.startswith("plain/")]
    arguments += [f"--user-manifest={HERE}/release.json"]
    arguments += [f"--root={DEV_KEYS}/dev_root.root.pb"]
    arguments += [f"--dev-signing-key={DEV_KEYS}/throwaway_dev_targets_key.pem"]
    assert main([*arguments, "-o", str(made)]) == 0
    assert (HERE / "compressed.bundle").read_bytes() == made.read_bytes()


def test_another_spelling_makes_the_same_bytes() -> None:
    assert (HERE / "other_spelling.bundle").read_bytes() == BUNDLE.read_bytes()


def test_partial_bundle_has_the_bytes_of_the_command_line(tmp_path: Path) -> None:
    made = tmp_path / "made.bundle"
    arguments = ["bundle", "create", "--version=8", f"--target=app={HERE}/version.txt"]
    arguments += [f"--unchanged-from={BUNDLE}", "--removes=tree/one.bin"]
    arguments += [f"--user-manifest={HERE}/release.json"]
    arguments += [f"--root={DEV_KEYS}/dev_root.root.pb"]
    arguments += [f"--dev-signing-key={DEV_KEYS}/throwaway_dev_targets_key.pem"]
    assert main([*arguments, "-o", str(made)]) == 0
    assert (HERE / "partial.bundle").read_bytes() == made.read_bytes()
    assert (HERE / "partial_of_manifest.bundle").read_bytes() == made.read_bytes()


def test_partial_bundle_lists_unchanged_targets(capsys: pytest.CaptureFixture[str]) -> None:
    described = inspect(HERE / "partial.bundle", capsys)
    assert [each["name"] for each in described["payloads"]] == ["user_manifest", "app"]
    listed = [each["name"] for each in described["targets"]["targets"]]
    assert listed == sorted([*FILES.keys() - {"tree/one.bin"}, "user_manifest"])
    described = inspect(HERE / "partial_of_bundle.bundle", capsys)
    assert described["payloads"] == []
    assert [each["name"] for each in described["targets"]["targets"]] == ["app"]


def release_manifest(tmp_path: Path, *more: str) -> bytes:
    """Returns the release manifest that the command line makes."""
    made = tmp_path / "made.json"
    arguments = ["--product=product", "--release-version=1.7", "--release-counter=7", *more]
    assert main(["step", "release-manifest", *arguments, "-o", str(made)]) == 0
    return made.read_bytes()


def test_attachments_are_next_to_their_bundle(capsys: pytest.CaptureFixture[str]) -> None:
    bundle = HERE / "folder/attached.bundle"
    root = f"--trusted-root={DEV_KEYS}/dev_root.root.pb"
    attachments = f"--attachments={bundle}.attachments"
    assert main(["bundle", "verify", str(bundle), root, attachments, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["attachments"]
    assert [each["name"] for each in found] == ["notes.txt", "version.txt"]


def test_release_manifest_has_the_bytes_of_the_command_line(tmp_path: Path) -> None:
    more = ["--kind=both", "--severity=high", "--duration=90", f"--notes-file={HERE}/notes.txt"]
    more += [f"--advisories={HERE}/advisories.json", f"--advisories={HERE}/more_advisories.json"]
    more += ["--unavailable-function", "heating, 100 %", "remote 'control'", "--reversible=false"]
    more += [f"--texts=de={HERE}/texts_de.json", f"--texts=pt-BR={HERE}/texts_pt_br.json"]
    more += [f"--claims={HERE}/claims.json", f"--claims={HERE}/more_claims.json"]
    more += [f"--attachment={HERE}/notes.txt", f"--attachment={HERE}/version.txt"]
    made = (HERE / "described.json").read_bytes()
    assert made == release_manifest(tmp_path, *more)
    document = json.loads(made)
    assert [each["id"] for each in document["advisories"]] == ["CVE-2031-1", "CVE-2031-2"]
    assert document["targets"]["app"]["reach"] == ["network", "radio"]
    assert [each["name"] for each in document["attachments"]] == ["notes.txt", "version.txt"]
    assert document["texts"]["pt-BR"] == {"notes": "Mais rápido."}


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("true", ["--reversible=true"]),
        ("selected_true", ["--reversible=true"]),
        ("selected_false", ["--reversible=false"]),
        ("selected_none", []),
    ],
)
def test_reversible_is_true_false_or_not_stated(
    tmp_path: Path, name: str, options: list[str]
) -> None:
    made = (HERE / f"described_{name}.json").read_bytes()
    assert made == release_manifest(tmp_path, "--duration=90", *options)


def test_root_with_allowed_targets(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = inspect(HERE / "limited.bundle", capsys)["root"]
    assert root["allowed_targets"] == ["app", "tree/*"]
    made, keys = tmp_path / "made.pb", f"{DEV_KEYS}/throwaway_dev"
    arguments = ["root", "create", "--version=1", "--allowed-target", "app", "tree/*", "--dev-keys"]
    arguments += [f"--root-key={keys}_root_key.pem.pub"]
    arguments += [f"--targets-key={keys}_targets_key.pem.pub"]
    assert main([*arguments, "-o", str(made)]) == 0
    assert main(["root", "sign", str(made), f"--dev-signing-key={keys}_root_key.pem"]) == 0
    assert made.read_bytes() == (HERE / "limited_root.root.pb").read_bytes()


def test_version_comes_from_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    described = inspect(HERE / "folder/version_in_file.bundle", capsys)
    assert described["targets"]["version"] == 7


def test_signing_request_has_the_bytes_that_were_signed() -> None:
    signed_file = HERE / "bundle.targets_metadata.pb"
    signed = metadata.parse_signed(metadata.TARGETS, signed_file.read_bytes())
    assert signed.serialized == (HERE / "bundle.signing_request").read_bytes()
    assert len(signed.signatures) == 1


def test_signing_request_of_a_root_has_the_bytes_that_were_signed() -> None:
    signed = metadata.parse_signed(metadata.ROOT, (DEV_KEYS / "dev_root.root.pb").read_bytes())
    assert signed.serialized == (DEV_KEYS / "dev_root.signing_request").read_bytes()
    assert len(signed.signatures) == 1


def test_signing_request_describes_the_content_and_the_keys(
    capsys: pytest.CaptureFixture[str],
) -> None:
    request = json.loads((HERE / "bundle.signing_request.json").read_text())
    root = json.loads((DEV_KEYS / "dev_root.signing_request.json").read_text())
    described = inspect(BUNDLE, capsys)
    names = sorted(each["name"] for each in described["payloads"])
    assert [each["name"] for each in request["summary"]["targets"]] == names
    assert request["authorities"][0]["key_ids"] == root["summary"]["targets"]["key_ids"]
    for folder, name, said in ((HERE, "bundle", request), (DEV_KEYS, "dev_root", root)):
        content = (folder / f"{name}.signing_request").read_bytes()
        assert said["sha256"] == hashlib.sha256(content).hexdigest()


def test_metadata_groups_have_the_bytes_in_the_bundle() -> None:
    root = (DEV_KEYS / "dev_root.root.pb").read_bytes()
    targets = (HERE / "bundle.targets_metadata.pb").read_bytes()
    content = BUNDLE.read_bytes()
    assert root in content
    assert targets in content[content.index(root) + len(root) :]


def test_sha256_group() -> None:
    digest = hashlib.sha256(BUNDLE.read_bytes()).hexdigest()
    assert Path(f"{BUNDLE}.sha256").read_text() == f"{digest}  a product-7.bundle\n"


def test_index_describes_the_file() -> None:
    index = json.loads((HERE / "bundle.index.json").read_text())
    content = BUNDLE.read_bytes()
    assert (index["file"], index["version"]) == (BUNDLE.name, 7)
    assert (index["size"], index["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())


def test_tree_has_the_metadata_and_a_file_for_each_payload() -> None:
    tree = HERE / "bundle.tree"
    found = {path.relative_to(tree).as_posix() for path in tree.rglob("*") if path.is_file()}
    assert {"metadata/root.pb", "metadata/targets.pb", "targets/user_manifest"} <= found
    assert (tree / "targets/app").read_bytes() == (HERE / "app.bin").read_bytes()


def test_verdict_of_the_validation() -> None:
    verdict = json.loads((HERE / "bundle.verdict.json").read_text())
    assert verdict["verdict"] == "ACCEPT"
    assert verdict["targets_version"] == 7

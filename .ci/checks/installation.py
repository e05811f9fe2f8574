"""Installation of the command `software-update` with pip."""

from __future__ import annotations

import re
from pathlib import Path

from machine import make_venv
from run import TOP, CheckError, Run, report

PACKAGE = "tools/software_update"
# `sh -c RUN_READ_ONLY FOLDER COMMAND...` runs COMMAND where nothing can be written to FOLDER.
RUN_READ_ONLY = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$@"'


def pip_install(run: Run) -> None:
    """After `pip install .`, the command makes and verifies a bundle; with extras, it reaches a token."""
    source = run.scratch / "source"
    run.command("git", "clone", "--quiet", TOP, source)
    python = make_venv(run, "product")
    install = (python, "-m", "pip", "install", "--quiet")
    run.command("unshare", "--mount", "sh", "-c", RUN_READ_ONLY, source, *install, source)
    check_installed_files(run, python)
    tool = python.with_name("software-update")
    folder = run.scratch / "round_trip"
    folder.mkdir()

    def software_update(*args: str, status: int = 0) -> str:
        return run.command(tool, *args, cwd=folder, status=status)

    software_update("--help")
    software_update("key", "generate", "root")
    software_update("key", "generate", "targets")
    public = ("--root-key", "root.pub", "--targets-key", "targets.pub")
    software_update("root", "create", "--version", "1", *public, "-o", "root.pb")
    software_update("root", "sign", "root.pb", "--dev-signing-key", "root")
    (folder / "app").write_bytes(b"firmware" * 1000)
    content = ("--version", "1", "--target", "app=app")
    signed = ("--root", "root.pb", "--dev-signing-key", "targets")
    software_update("bundle", "create", *content, *signed, "-o", "bundle")
    software_update("bundle", "verify", "bundle", "--trusted-root", "root.pb")
    bundle = bytearray((folder / "bundle").read_bytes())
    bundle[-1] ^= 1
    (folder / "bundle").write_bytes(bundle)
    software_update("bundle", "verify", "bundle", "--trusted-root", "root.pb", status=1)
    software_update("root", "request", "root.pb", "-o", "request")
    on_token = ("--key", "hsm:1", "--public", "root.pub")
    software_update("sign", "request", *on_token, status=3)
    extras = ".[hsm,aws,gcp,azure]"
    run.command(*install, extras, cwd=source)
    left = run.command("git", "status", "--porcelain", "--ignored", cwd=source)
    if left:
        raise CheckError(f"pip install left files in the source tree:\n{left}")
    said = software_update("sign", "request", *on_token, status=2)
    if "needs the token's PKCS#11 module" not in said:
        raise CheckError(f"with {extras}, sign does not get as far as the token:\n{said}")


def install_by_hash(run: Run) -> None:
    """Runs the two installations of docs/guides/root_ceremony.md; only the first has a network."""
    page = (TOP / "docs/guides/root_ceremony.md").read_text()
    scripts = re.findall(r"^ *```sh\n(.*?)^ *```$", page, re.MULTILINE | re.DOTALL)
    download, install = (each for each in scripts if "--require-hashes" in each)
    online, offline = run.scratch / "online", run.scratch / "offline"
    for folder in (online, offline):
        folder.mkdir()
    run.command("git", "clone", "--quiet", TOP, run.scratch / "rules_software_update")
    run.command("sh", "-ec", download, cwd=online)
    for name in ("rules_software_update.tar", "wheels"):
        (online / name).rename(offline / name)
    run.command("sh", "-ec", install, cwd=offline)
    for name in ("software-update", "software-update-client"):
        run.command(offline / "tool/bin" / name, "--version")


def check_installed_files(run: Run, python: Path) -> None:
    """pip installed every module of the command and the protocol buffers, and no test."""
    script = (
        "from importlib.metadata import files; print(*files('rules_software_update'), sep='\\n')"
    )
    installed = run.command(python, "-c", script).splitlines()
    patterns = [f"{PACKAGE}/{each}" for each in ("*.py", "*.proto", "py.typed")]
    exclude = [
        f"*/{name}"
        for name in ("*_test.py", "conftest.py", "testing/*", "archived_main.py", "sbom_main.py")
    ]
    tracked = run.tracked(*patterns, *(f":(exclude){PACKAGE}{each}" for each in exclude))
    wanted = {name.removeprefix("tools/") for name in tracked}
    found = {name for name in installed if name.startswith("software_update/")}
    found = {name for name in found if "__pycache__" not in name}
    lacks = [f"{name}: pip does not install it" for name in sorted(wanted - found)]
    report(lacks + [f"{name}: pip installs it" for name in sorted(found - wanted)])

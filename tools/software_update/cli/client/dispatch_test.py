"""Tests of what a subcommand imports, and of questions at a terminal."""

import json
import subprocess
from pathlib import Path

from software_update.client.root_chain import fingerprint, readable
from software_update.testing import encode as e
from software_update.testing.client_folder import ClientFolder
from software_update.testing.command import environment, python
from software_update.testing.terminal import run
from software_update.verify.roots import trust_root

_CODE = (
    "import sys; from software_update.cli.client.dispatch import main; sys.exit(main(sys.argv[1:]))"
)
# Sources on the network need it, and nothing needs the others.
_HEAVY = ("urllib3", "asyncio", "unittest")


def test_status_imports_only_what_it_needs(tmp_path: Path) -> None:
    device = ClientFolder(tmp_path)
    code = (
        "import json, sys; from software_update.cli.client.dispatch import main; "
        "main(sys.argv[1:]); print(json.dumps(sorted(sys.modules)), file=sys.stderr)"
    )
    shown = subprocess.run(
        python("-c", code, "status", f"--config={device.config}"),
        env=environment(),
        check=True,
        capture_output=True,
        text=True,
    )
    assert not {*_HEAVY} & {*json.loads(shown.stderr)}


def test_trust_reads_the_fingerprint_on_a_terminal(tmp_path: Path) -> None:
    device = ClientFolder(tmp_path)
    subprocess.run(
        python("-c", _CODE, "policy", "never", f"--config={device.config}"),
        env=environment(),
        check=True,
        capture_output=True,
    )
    foreign = e.signed(e.root(1, [e.ROOT_KEY_2]), e.ROOT_KEY_2)
    (tmp_path / "root.pb").write_bytes(foreign)
    digits = fingerprint(trust_root(foreign))
    words = python("-c", _CODE, "trust", f"--config={device.config}")
    code, shown = run(
        words, "Fingerprint from the vendor: ", digits, cwd=tmp_path, env=environment()
    )
    assert code == 0
    assert f"fingerprint {readable(digits)}" in shown
    assert "ROOT_TRUSTED" in shown


def test_install_asks_on_a_terminal(tmp_path: Path) -> None:
    device = ClientFolder(tmp_path)
    device.offer(7)
    words = python("-c", _CODE, "install", str(device.bundle), f"--config={device.config}")
    code, shown = run(words, "[y]es, [n]o or [l]ater? ", "n", cwd=tmp_path, env=environment())
    assert code == 0
    assert "Vendor:               Example Lamps Ltd\r\n" in shown
    assert "DECLINED" in shown


def test_later_at_a_terminal_puts_the_release_off(tmp_path: Path) -> None:
    device = ClientFolder(tmp_path)
    device.offer(7)
    words = python("-c", _CODE, "install", str(device.bundle), f"--config={device.config}")
    code, shown = run(words, "[y]es, [n]o or [l]ater? ", "l", cwd=tmp_path, env=environment())
    assert code == 0
    assert "waits until " in shown

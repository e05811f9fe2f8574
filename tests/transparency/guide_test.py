"""Runs the guide about transparency, with a witness on loopback, and reads its log through its nginx."""

from __future__ import annotations

import os
import re
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from run_page import run
from software_update.testing.command import done
from software_update.testing.witness_server import serving

from tests.device.nginx import Nginx

_ROOT = Path.cwd()
PAGE = (_ROOT / "docs/guides/transparency.md").read_text(encoding="utf-8")
# The parts of the configuration that need other machines, and their replacements on loopback.
_LOCAL = (
    (r"listen 443 ssl;", "listen 127.0.0.1:{port};"),
    (r" *ssl_certificate.*\n", ""),
    (r"/srv/log\b", "{folder}/www"),
)
FOREVER = "public, max-age=31536000, immutable"


def configuration() -> str:
    found = re.search(r"^```nginx log.conf\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert found
    text = found[1].replace("{", "{{").replace("}", "}}")
    for pattern, local in _LOCAL:
        assert re.search(pattern, text)
        text = re.sub(pattern, local, text)
    return text


def header(nginx: Nginx, name: str, field: str) -> str | None:
    with urllib.request.urlopen(nginx.url(name)) as answer:
        value: str | None = answer.headers[field]
        return value


def test_the_guide(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "bin/software-update"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\nexec '{_ROOT / os.environ['SOFTWARE_UPDATE']}' \"$@\"\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/local/bin:/usr/bin:/bin")
    nginx = Nginx(tmp_path / "nginx", configuration())
    work = tmp_path / "nginx/www"
    monkeypatch.chdir(work)
    with serving((work / "firmware/key").read_text) as witness:
        (work / "witness.txt").write_text(f"witness w1 {witness.vkey} {witness.url}\n")
        problems = run(PAGE)
    assert not problems, "\n\n".join(problems)
    nginx.start()
    try:
        check_served(nginx, work)
    finally:
        nginx.stop()


def check_served(nginx: Nginx, work: Path) -> None:
    """Reads the log through nginx, as everyone does."""
    url = nginx.url("firmware")
    done("log", "prove", url, "secret.bundle", "--trusted-root=root.pb")
    check = ["--log-policy=log_policy", "--trusted-root=root.pb"]
    assert "record 1 of 2" in done("log", "verify", "secret.bundle", *check).out
    assert header(nginx, "firmware/tile/0/000.p/2", "Cache-Control") == FOREVER
    assert header(nginx, "firmware/checkpoint", "Cache-Control") == "no-cache"
    assert header(nginx, "firmware/checkpoint", "Content-Type") == "text/plain; charset=utf-8"
    hidden = work / "firmware/.publishing/lock"
    assert hidden.exists()
    with pytest.raises(urllib.error.HTTPError, match="404"):
        header(nginx, "firmware/.publishing/lock", "Cache-Control")

"""The configurations of nginx on the page about it, for servers on loopback."""

from __future__ import annotations

import re
from pathlib import Path

PAGE = Path("docs/guides/nginx.md").read_text(encoding="utf-8")
# The parts that need other machines, and their replacements on loopback.
_LOCAL = (
    (r"listen 443 ssl;", "listen 127.0.0.1:{port};"),
    (r" *ssl_certificate.*\n", ""),
    (r" *proxy_ssl_server_name.*\n", ""),
    (r"/srv/updates", "{folder}/www"),
    (r"/var/cache/nginx", "{folder}"),
)


def configuration(file: str, upstream: str = "", **changes: str) -> str:
    """Returns a configuration of the page, for a server on loopback."""
    found = re.search(rf"^```nginx {re.escape(file)}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert found
    text = found[1].replace("{", "{{").replace("}", "}}")
    for pattern, local in _LOCAL:
        text = re.sub(pattern, local, text)
    text = text.replace("https://updates.example", upstream)
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    return text
